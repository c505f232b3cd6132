import type { JsonObject } from '../../api-object.ts';

/** How the lists at one place of a type belong together: what kube-apiserver reads from `x-kubernetes-list-type`. */
export type ListShape =
  | { readonly kind: 'atomic' }
  /** Of scalars, each at most once. */
  | { readonly kind: 'set' }
  /** Of objects told apart by `keys`; an absent key has its default. */
  | { readonly kind: 'map'; readonly keys: readonly string[]; readonly defaults: JsonObject };

/** What a strategic merge patch does with a list: replaces it, or merges objects by `key` or scalars (no key). */
export type ListStrategy = { readonly kind: 'replace' } | { readonly kind: 'merge'; readonly key: string | undefined };

/** What the type says of one place in its objects, whatever value happens to be there. */
export interface Shape {
  /** Objects here have one owner as a whole. */
  readonly atomic: boolean;
  readonly list: ListShape;
  readonly listStrategy: ListStrategy;
  /** A strategic merge patch replaces objects here. */
  readonly replaced: boolean;
  /** `name` is a field of a struct, not a key of a map: only keys of maps are owned apart from what is in them. */
  declares(name: string): boolean;
  field(name: string): Shape;
  /** Of the items of lists here. */
  readonly items: Shape;
}

export const ATOMIC_LIST: ListShape = { kind: 'atomic' };
export const REPLACED_LIST: ListStrategy = { kind: 'replace' };
