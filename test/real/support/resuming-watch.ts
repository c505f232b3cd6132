import { setTimeout as delay } from 'node:timers/promises';
import { statusOf } from '../../../src/lab/client/client-error.ts';
import type { LabClient, WatchEnd, WatchHandle } from '../../../src/lab/client/lab-client.ts';

const PAUSE_MS = 100;

/**
 * Watches a collection as an informer does, and never lists it again: a watch that ends is opened from the
 * resourceVersion seen last. Whoever relists would not notice what it has missed.
 */
export class ResumingWatch {
  /** How often each object was announced as ADDED, by name. */
  readonly added = new Map<string, number>();
  /** How watches ended: `ended`, `broken: …`, `refused: …`, `expired`. */
  readonly ends = new Map<string, number>();
  readonly #client: LabClient;
  readonly #collection: string;
  #resourceVersion: string;
  #handle: WatchHandle | undefined;
  #closed = false;

  private constructor(client: LabClient, collection: string, resourceVersion: string) {
    this.#client = client;
    this.#collection = collection;
    this.#resourceVersion = resourceVersion;
    this.#open();
  }

  /** Lists the collection once and watches from there. The client is the caller's. */
  static async start(client: LabClient, collection: string): Promise<ResumingWatch> {
    const { resourceVersion } = await client.list(collection);
    return new ResumingWatch(client, collection, resourceVersion);
  }

  /** Resolves when all these were announced; rejects after the time. */
  async until(names: Iterable<string>, timeoutMs: number): Promise<void> {
    const wanted = [...names];
    const deadline = performance.now() + timeoutMs;
    for (;;) {
      const missing = wanted.filter((name) => !this.added.has(name));
      if (missing.length === 0) return;
      if (performance.now() > deadline) {
        throw new Error(`${missing.length} of ${wanted.length} were never announced, such as ${missing[0]}`);
      }
      await delay(PAUSE_MS);
    }
  }

  close(): void {
    this.#closed = true;
    this.#handle?.close();
  }

  #open(): void {
    const query = `watch=true&allowWatchBookmarks=true&resourceVersion=${this.#resourceVersion}`;
    this.#handle = this.#client.watch(`${this.#collection}?${query}`, {
      event: ({ type, object }) => {
        if (type === 'ERROR') {
          this.#again(`error: ${statusOf(object)?.reason ?? 'unknown'}`);
          return;
        }
        const { name, resourceVersion } = object.metadata;
        this.#resourceVersion = resourceVersion;
        if (type === 'ADDED') this.added.set(name, (this.added.get(name) ?? 0) + 1);
      },
      end: (end) => this.#again(describe(end)),
    });
  }

  #again(how: string): void {
    this.#handle?.close();
    if (this.#closed) return;
    this.ends.set(how, (this.ends.get(how) ?? 0) + 1);
    // As client-go's backoff, but short: a server that refuses must not be asked in a tight loop.
    setTimeout(() => {
      if (!this.#closed) this.#open();
    }, PAUSE_MS);
  }
}

function describe(end: WatchEnd): string {
  switch (end.kind) {
    case 'ended':
      return 'ended';
    case 'broken':
      return `broken: ${end.reason}`;
    case 'malformed':
      return 'broken in the middle of an event';
    case 'refused':
      return `refused: ${end.error.status ?? end.error.failure?.cause ?? 'no answer'}`;
  }
}
