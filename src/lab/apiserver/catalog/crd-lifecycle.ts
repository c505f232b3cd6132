import type { ApiObject } from '../../api-object.ts';
import { type Entry, type Store, StoreError, storePrefix, type Watch } from '../../store/store.ts';
import { CRD_FINALIZER, withAcceptedNames, withDeletionCompleted, withDeletionInProgress } from './crd-conditions.ts';
import { type CustomResourceDefinition, customResourceDefinition } from './custom-resource-definition.ts';

/**
 * Writes the status of CustomResourceDefinitions and finishes their deletion, as controllers inside every kube-apiserver
 * do. All servers of a lab do it; whoever comes first has done it, and the conflicts of the others mean nothing.
 */
export class CrdLifecycle {
  readonly #store: Store;
  readonly #now: () => string;
  /** Objects that still have finalizers are waited for; by key of their definition. */
  readonly #waiting = new Map<string, Watch>();

  /** `now` gives RFC 3339. */
  constructor(store: Store, now: () => string) {
    this.#store = store;
    this.#now = now;
  }

  /** Writes whether the names are accepted, unless somebody has changed the object; returns the state with the answer. */
  establish(entry: Entry, others: readonly CustomResourceDefinition[]): ApiObject {
    const next = withAcceptedNames(entry.value, others, this.#now());
    if (next !== entry.value) this.#put(entry, next);
    return next;
  }

  /**
   * Deletes the objects of the definition under `key` if it is terminating, then, when all have gone, the definition itself.
   * Its present state counts: what a lagging server has noticed of it may be of an earlier one with this name.
   */
  finalize(key: string): void {
    const entry = this.#store.get(key);
    if (entry?.value.metadata.deletionTimestamp === undefined) return;
    if (!entry.value.metadata.finalizers?.includes(CRD_FINALIZER)) return;
    const { group, names } = customResourceDefinition(entry.value);
    const prefix = storePrefix(group, names.plural);
    const marked = withDeletionInProgress(entry.value, this.#now());
    if (marked !== entry.value) this.#put(entry, marked);
    this.#deleteObjects(prefix);
    if (this.#finish(key, prefix) || this.#waiting.has(key)) return;
    const watch = this.#store.watch(prefix, this.#store.revision, (event) => {
      if (event.kind === 'delete') this.#finish(key, prefix);
      else if (event.entry.value.metadata.deletionTimestamp === undefined) this.#deleteObject(event.entry);
    });
    this.#waiting.set(key, watch);
  }

  close(): void {
    for (const watch of this.#waiting.values()) watch.close();
    this.#waiting.clear();
  }

  #deleteObjects(prefix: string): void {
    for (const entry of this.#store.range(prefix).entries) this.#deleteObject(entry);
  }

  #deleteObject(entry: Entry): void {
    const { metadata } = entry.value;
    if ((metadata.finalizers?.length ?? 0) === 0) {
      this.#unlessChanged(() => this.#store.delete(entry.key, entry.revision));
    } else if (metadata.deletionTimestamp === undefined) {
      const generation = (metadata.generation ?? 0) + 1;
      const deleted = { ...metadata, generation, deletionTimestamp: this.#now(), deletionGracePeriodSeconds: 0 };
      this.#put(entry, { ...entry.value, metadata: deleted });
    }
  }

  /** True when nothing is left to wait for. */
  #finish(key: string, prefix: string): boolean {
    const entry = this.#store.get(key);
    const waits = entry?.value.metadata.finalizers?.includes(CRD_FINALIZER) === true;
    if (waits && this.#store.range(prefix, { limit: 1 }).entries.length > 0) return false;
    this.#waiting.get(key)?.close();
    this.#waiting.delete(key);
    if (entry === undefined || !waits) return true;
    const last = withDeletionCompleted(entry.value, this.#now());
    if (last.metadata.finalizers !== undefined) this.#put(entry, last);
    else this.#unlessChanged(() => this.#store.delete(key, entry.revision, last));
    return true;
  }

  #put(entry: Entry, value: ApiObject): void {
    this.#unlessChanged(() => this.#store.put(entry.key, value, entry.revision));
  }

  #unlessChanged(write: () => void): void {
    try {
      write();
    } catch (error) {
      if (!(error instanceof StoreError && error.reason === 'conflict')) throw error;
    }
  }
}
