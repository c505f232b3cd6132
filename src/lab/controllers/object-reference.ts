import type { OwnerReference } from '../api-object.ts';

/** Where an object is and which one it is. `namespace` is '' for cluster-wide objects. */
export interface ObjectReference {
  readonly apiVersion: string;
  readonly kind: string;
  readonly name: string;
  readonly uid: string;
  readonly namespace: string;
}

/** The owner that `reference` names, seen from a dependent in `namespace`. */
export function ownerOf({ apiVersion, kind, name, uid }: OwnerReference, namespace: string): ObjectReference {
  return { apiVersion, kind, name, uid, namespace };
}

/** For maps; orders as the collector prefers identities: kind and apiVersion count more than the namespace. */
export function referenceKey({ kind, apiVersion, namespace, name, uid }: ObjectReference): string {
  return JSON.stringify([kind, apiVersion, namespace, name, uid]);
}

export function hasCoordinates(reference: OwnerReference, identity: ObjectReference): boolean {
  const { apiVersion, kind, name, uid } = identity;
  return (
    reference.uid === uid && reference.name === name && reference.kind === kind && reference.apiVersion === apiVersion
  );
}

const MAX_ABSENT = 500;

/** Owners that do not exist, as far as the API server said; the most recently used 500 (uid_cache.go). */
export class AbsentOwners {
  readonly #keys = new Set<string>();

  add(owner: ObjectReference): void {
    const key = referenceKey(owner);
    this.#keys.delete(key);
    this.#keys.add(key);
    if (this.#keys.size <= MAX_ABSENT) return;
    for (const oldest of this.#keys) {
      this.#keys.delete(oldest);
      return;
    }
  }

  has(owner: ObjectReference): boolean {
    const key = referenceKey(owner);
    if (!this.#keys.delete(key)) return false;
    this.#keys.add(key);
    return true;
  }
}
