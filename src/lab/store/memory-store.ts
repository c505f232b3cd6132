import type { ApiObject } from '../api-object.ts';
import { SortedKeys } from './sorted-keys.ts';
import {
  type Entry,
  type Expected,
  type Range,
  type RangeOptions,
  type Store,
  StoreError,
  type StoreEvent,
  type Watch,
} from './store.ts';
import { eventKey, Watchers } from './watchers.ts';

/** Where a store keeps its writes beyond the life of the process. */
export interface Persistence {
  /** Called before the event becomes visible; a throw refuses the write. */
  write(event: StoreEvent): void;
  close(): void;
}

export interface MemoryStoreOptions {
  /** Number of events that stay readable at least; the store compacts itself when there are twice as many. Default 10,000. */
  readonly historyLimit?: number | undefined;
  /** What an earlier store held at its last revision. */
  readonly initial?: { readonly revision: number; readonly entries: readonly Entry[] } | undefined;
  readonly persistence?: Persistence | undefined;
  /** Told what a watch listener throws; must not throw. Default: it becomes an uncaught exception of the process. */
  readonly onListenerError?: ((error: unknown) => void) | undefined;
}

const DEFAULT_HISTORY_LIMIT = 10_000;

/** One state of one key; without entry it was deleted at that revision. */
interface Version {
  readonly revision: number;
  readonly entry: Entry | undefined;
}

/** A store in memory: every key with the states it had since the last compaction, and the sequence of all events since. */
export class MemoryStore implements Store {
  readonly #versions = new Map<string, Version[]>();
  readonly #keys: SortedKeys;
  /** One event for each revision, up to the present one. */
  readonly #history: StoreEvent[] = [];
  #revision: number;
  #compacted: number;
  #closed = false;
  readonly #historyLimit: number;
  readonly #persistence: Persistence | undefined;
  readonly #watchers: Watchers;

  constructor(options: MemoryStoreOptions = {}) {
    const { historyLimit = DEFAULT_HISTORY_LIMIT, initial, persistence, onListenerError = throwLater } = options;
    this.#historyLimit = historyLimit;
    this.#persistence = persistence;
    this.#watchers = new Watchers(onListenerError);
    this.#revision = initial?.revision ?? 1;
    this.#compacted = this.#revision === 1 ? 0 : this.#revision;
    for (const entry of initial?.entries ?? []) {
      this.#versions.set(entry.key, [{ revision: entry.revision, entry }]);
    }
    this.#keys = new SortedKeys(this.#versions.keys());
  }

  get revision(): number {
    return this.#revision;
  }

  get compacted(): number {
    return this.#compacted;
  }

  get(key: string): Entry | undefined {
    this.#requireOpen();
    return this.#versions.get(key)?.at(-1)?.entry;
  }

  range(
    prefix: string,
    { revision = this.#revision, after, limit = Number.POSITIVE_INFINITY }: RangeOptions = {},
  ): Range {
    this.#requireOpen();
    this.#requireReadable(revision);
    const entries: Entry[] = [];
    let remaining = 0;
    for (const key of this.#keys.under(prefix, after)) {
      const entry = this.#versions.get(key)?.findLast((version) => version.revision <= revision)?.entry;
      if (entry === undefined) continue;
      if (entries.length < limit) entries.push(entry);
      else remaining++;
    }
    return { entries, revision, remaining };
  }

  put(key: string, value: ApiObject, expected: Expected): Entry {
    const previous = this.get(key);
    if (previous === undefined ? expected !== 'absent' : expected !== previous.revision) {
      throw conflict(key, expected, previous);
    }
    const revision = this.#revision + 1;
    const created = previous?.created ?? revision;
    const entry: Entry = { key, value: withRevision(value, revision), created, revision };
    this.#write({ kind: 'put', revision, entry, previous }, entry);
    return entry;
  }

  delete(key: string, expected: number, last?: ApiObject): Entry {
    const previous = this.get(key);
    if (previous === undefined || previous.revision !== expected) throw conflict(key, expected, previous);
    const revision = this.#revision + 1;
    const entry: Entry = { ...previous, value: withRevision(last ?? previous.value, revision), revision };
    this.#write({ kind: 'delete', revision, last: entry, previous }, undefined);
    return entry;
  }

  watch(prefix: string, since: number, listener: (event: StoreEvent) => void): Watch {
    this.#requireOpen();
    this.#requireReadable(since);
    return this.#watchers.add(prefix, this.#history.slice(this.#countUntil(since)), this.#revision, listener);
  }

  compact(revision: number): void {
    this.#requireOpen();
    if (revision > this.#revision) throw future(revision, this.#revision);
    if (revision <= this.#compacted) return;
    const forgotten = this.#history.splice(0, this.#countUntil(revision));
    this.#compacted = revision;
    for (const key of new Set(forgotten.map(eventKey))) this.#forget(key, revision);
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#watchers.closeAll();
    this.#persistence?.close();
  }

  #write(event: StoreEvent, entry: Entry | undefined): void {
    this.#persistence?.write(event);
    const { revision } = event;
    const key = eventKey(event);
    const versions = this.#versions.get(key);
    if (versions === undefined) {
      this.#versions.set(key, [{ revision, entry }]);
      this.#keys.add(key);
    } else {
      versions.push({ revision, entry });
    }
    this.#revision = revision;
    this.#history.push(event);
    if (this.#history.length >= 2 * this.#historyLimit) this.compact(revision - this.#historyLimit);
    this.#watchers.deliver(event);
  }

  /** How many events of the history are of `revision` or older. */
  #countUntil(revision: number): number {
    return Math.max(0, this.#history.length - (this.#revision - revision));
  }

  /** Drops the states of `key` that were over at `revision`. */
  #forget(key: string, revision: number): void {
    const versions = this.#versions.get(key) ?? [];
    const kept = versions.findLastIndex((version) => version.revision <= revision);
    const isGone = versions[kept]?.entry === undefined;
    versions.splice(0, isGone ? kept + 1 : kept);
    if (versions.length > 0) return;
    this.#versions.delete(key);
    this.#keys.delete(key);
  }

  #requireReadable(revision: number): void {
    if (revision > this.#revision) throw future(revision, this.#revision);
    if (revision < this.#compacted) {
      throw new StoreError(
        'compacted',
        `Revision ${revision} cannot be read: the history up to ${this.#compacted} was compacted. Read the present state and go on from its revision.`,
      );
    }
  }

  #requireOpen(): void {
    if (this.#closed) throw new Error('The store was used after it was closed, which is a defect of the lab.');
  }
}

function withRevision(value: ApiObject, revision: number): ApiObject {
  return { ...value, metadata: { ...value.metadata, resourceVersion: String(revision) } };
}

function conflict(key: string, expected: Expected, current: Entry | undefined): StoreError {
  const is = current === undefined ? 'absent' : `at revision ${current.revision}`;
  const was = expected === 'absent' ? 'absent' : `at revision ${expected}`;
  return new StoreError('conflict', `${key} is ${is}, not ${was}. Read it and decide again.`, current);
}

function future(asked: number, current: number): StoreError {
  return new StoreError('future', `Revision ${asked} is not there yet, the newest is ${current}. Try again later.`);
}

function throwLater(error: unknown): void {
  queueMicrotask(() => {
    throw error;
  });
}
