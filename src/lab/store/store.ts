import type { ApiObject } from '../api-object.ts';

/** One stored state of one object. `value.metadata.resourceVersion` is always `String(revision)`. */
export interface Entry {
  readonly key: string;
  readonly value: ApiObject;
  /** Revision at which the object came into being. */
  readonly created: number;
  /** Revision at which this state was written. */
  readonly revision: number;
}

/** What happened at one revision; one revision is one change of one key. */
export type StoreEvent =
  | { readonly kind: 'put'; readonly revision: number; readonly entry: Entry; readonly previous: Entry | undefined }
  /** `last` is the final state, with the revision of the deletion as its resourceVersion. */
  | { readonly kind: 'delete'; readonly revision: number; readonly last: Entry; readonly previous: Entry };

/** What must hold for a write: the key is absent, or its state is still the one of that revision. */
export type Expected = 'absent' | number;

export interface Range {
  /** In the order of keys, by UTF-16 code units. */
  readonly entries: readonly Entry[];
  /** The revision all entries were read at. */
  readonly revision: number;
  /** How many entries follow the last one. */
  readonly remaining: number;
}

export interface RangeOptions {
  /** Reads the past, as pages of one list need it. Default: now. */
  readonly revision?: number;
  /** Only keys after this one. */
  readonly after?: string;
  readonly limit?: number;
}

export interface Watch {
  close(): void;
}

/**
 * What etcd is to kube-apiservers: one ordered history that all servers of a lab share. Everything is synchronous; a write
 * has happened (and is on disk, when the store has a file) when the call returns.
 */
export interface Store {
  /** Of the last write; starts at 1, as etcd does. */
  readonly revision: number;
  /** History up to and including this revision is gone. */
  readonly compacted: number;
  get(key: string): Entry | undefined;
  /** Throws StoreError `compacted` or `future` for a revision that cannot be read. */
  range(prefix: string, options?: RangeOptions): Range;
  /**
   * Writes `value`, with the new revision as its resourceVersion, and returns what is stored. Throws StoreError `conflict`
   * when `expected` does not hold.
   */
  put(key: string, value: ApiObject, expected: Expected): Entry;
  /** Removes the key; `last` is the final state that watchers see. Throws StoreError `conflict`. */
  delete(key: string, expected: number, last?: ApiObject): Entry;
  /**
   * Calls `listener` for every change under `prefix` after `since`: the past first, within this call, then as it happens,
   * in order and without gaps. Throws StoreError `compacted` when the past is gone, `future` when `since` lies ahead.
   */
  watch(prefix: string, since: number, listener: (event: StoreEvent) => void): Watch;
  /** Forgets history up to `revision`, which stays readable itself; current states always remain. */
  compact(revision: number): void;
  /** Further use throws. */
  close(): void;
}

/** Why the store refused. `current` is the state that contradicted `expected`. */
export class StoreError extends Error {
  readonly reason: 'conflict' | 'compacted' | 'future';
  readonly current: Entry | undefined;

  constructor(reason: StoreError['reason'], message: string, current?: Entry) {
    super(message);
    this.name = 'StoreError';
    this.reason = reason;
    this.current = current;
  }
}

/**
 * Where an object is kept. Types that Kubernetes stores as one (a resource in several versions of its group; Events of both
 * groups) share their keys. The namespace of cluster-wide objects is ''.
 */
export function storeKey(group: string, resource: string, namespace: string, name: string): string {
  return `${storePrefix(group, resource, namespace)}${name}`;
}

/** Prefix of all objects of a resource, or of those in one namespace; `namespace` '' is the part that holds cluster-wide objects. */
export function storePrefix(group: string, resource: string, namespace?: string): string {
  const type = resource === 'events' && group === 'events.k8s.io' ? '/events/' : `${group}/${resource}/`;
  return namespace === undefined ? type : `${type}${namespace}/`;
}
