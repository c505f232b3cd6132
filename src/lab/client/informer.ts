import { withQuery } from './api-path.ts';
import type { Backoff } from './backoff.ts';
import { Backoff as ReflectorBackoff } from './backoff.ts';
import { asClientError, type ClientError, isExpired, statusOf } from './client-error.ts';
import type { LabClient, WatchEnd } from './lab-client.ts';
import type { ListedObject, WatchEvent } from './listed-object.ts';
import { pause } from './pause.ts';

export interface InformerHandlers {
  add?(object: ListedObject): void;
  /** Also called by a resync, with the same object twice. */
  update?(previous: ListedObject, object: ListedObject): void;
  /** The last known state; not the final one when a relist showed that it is gone. */
  remove?(last: ListedObject): void;
}

export interface InformerOptions {
  readonly client: LabClient;
  /** Of the collection, such as `/api/v1/configmaps`. */
  readonly path: string;
  readonly handlers?: InformerHandlers;
  /** How often every cached object is handed to `update` again, in milliseconds; 0 never. */
  readonly resyncMs?: number;
  /** For lists, and for watches. */
  readonly accept?: { readonly list: string; readonly watch: string };
  readonly backoff?: Backoff;
  readonly random?: () => number;
}

/** `namespace/name`, or the name alone. */
export function objectKey({ metadata: { namespace, name } }: ListedObject): string {
  return namespace === undefined || namespace === '' ? name : `${namespace}/${name}`;
}

/** Asks only for metadata, as client-go's metadata client. */
export const METADATA_ACCEPT = {
  list: 'application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1,application/json',
  watch: 'application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1,application/json',
};

/** client-go's defaultMinWatchTimeout and defaultMaxWatchTimeout. */
const MIN_WATCH_SECONDS = 300;
const MAX_WATCH_SECONDS = 600;
const VERY_SHORT_WATCH_MS = 1000;

/** What a watch that ended means for the next step. */
type AfterWatch = 'watch' | 'wait-and-watch' | 'relist';

/**
 * A local copy of a collection: list, then watch from there, as client-go's reflector (tools/cache/reflector.go). A watch
 * that ended is opened again from the last seen resourceVersion; after 410, another error or a very short watch the list is
 * read again, after a growing pause. Without client-go's streaming lists (WatchList).
 */
export class Informer {
  readonly #client: LabClient;
  readonly #options: InformerOptions;
  readonly #backoff: Backoff;
  readonly #random: () => number;
  readonly #closing = new AbortController();
  readonly #objects = new Map<string, ListedObject>();
  readonly #synced: Promise<void>;
  #markSynced: () => void = () => {};
  #isSynced = false;
  #resourceVersion = '';
  #isUnavailable = false;
  #resync: NodeJS.Timeout | undefined;
  /** Lists that succeeded, the first one included. */
  lists = 0;
  /** Watches that were asked for. */
  watches = 0;
  /** Lists and watches that were refused or got no answer. */
  failures = 0;

  /** Starts at once. */
  constructor(options: InformerOptions) {
    this.#client = options.client;
    this.#options = options;
    this.#random = options.random ?? Math.random;
    this.#backoff = options.backoff ?? new ReflectorBackoff({ random: this.#random });
    this.#synced = new Promise((resolve) => {
      this.#markSynced = resolve;
    });
    const { resyncMs = 0 } = options;
    if (resyncMs > 0) this.#resync = setInterval(() => this.#resyncAll(), resyncMs);
    void this.#run();
  }

  /** The first list is here. */
  get isSynced(): boolean {
    return this.#isSynced;
  }

  /** Resolves when the first list is here; never if the informer is closed before. */
  get synced(): Promise<void> {
    return this.#synced;
  }

  /** By `namespace/name`. */
  get objects(): ReadonlyMap<string, ListedObject> {
    return this.#objects;
  }

  /** Of the last list, event or bookmark; '' before. */
  get resourceVersion(): string {
    return this.#resourceVersion;
  }

  /** No handler is called afterwards. */
  close(): void {
    clearInterval(this.#resync);
    this.#closing.abort();
  }

  async #run(): Promise<void> {
    const { signal } = this.#closing;
    while (!signal.aborted) {
      try {
        await this.#list();
      } catch {
        this.failures += 1;
        await pause(this.#backoff.next(), signal);
        continue;
      }
      await this.#watchUntilRelist();
      await pause(this.#backoff.next(), signal);
    }
  }

  async #list(): Promise<void> {
    const { path, accept } = this.#options;
    const from = this.#resourceVersion === '' ? '0' : this.#resourceVersion;
    const list = (resourceVersion: string) =>
      this.#client.list(path, resourceVersion === '' ? {} : { resourceVersion }, {
        accept: accept?.list,
        // Pages are never read from kube-apiserver's cache; any known resourceVersion is there.
        ...(resourceVersion !== '' && resourceVersion !== '0' && { limit: 0 }),
      });
    const { items, resourceVersion } = await list(this.#isUnavailable ? '' : from).catch((error: unknown) => {
      if (!isExpired(error) && !isTooLarge(asClientError(error))) throw error;
      this.#isUnavailable = true;
      return list('');
    });
    if (this.#closing.signal.aborted) return;
    this.#isUnavailable = false;
    this.lists += 1;
    this.#replace(items);
    this.#resourceVersion = resourceVersion;
    this.#isSynced = true;
    this.#markSynced();
  }

  #replace(items: readonly ListedObject[]): void {
    const gone = new Map(this.#objects);
    for (const item of items) {
      const key = objectKey(item);
      const previous = gone.get(key);
      gone.delete(key);
      this.#objects.set(key, item);
      if (previous === undefined) this.#options.handlers?.add?.(item);
      else if (previous.metadata.resourceVersion !== item.metadata.resourceVersion) {
        this.#options.handlers?.update?.(previous, item);
      }
    }
    for (const [key, last] of gone) {
      this.#objects.delete(key);
      this.#options.handlers?.remove?.(last);
    }
  }

  async #watchUntilRelist(): Promise<void> {
    const { signal } = this.#closing;
    while (!signal.aborted) {
      const next = await this.#watch();
      if (next === 'relist') return;
      if (next === 'wait-and-watch') await pause(this.#backoff.next(), signal);
    }
  }

  #watch(): Promise<AfterWatch> {
    const { path, accept } = this.#options;
    const { signal } = this.#closing;
    const timeoutSeconds = Math.floor(MIN_WATCH_SECONDS + this.#random() * (MAX_WATCH_SECONDS - MIN_WATCH_SECONDS));
    const target = withQuery(path, {
      allowWatchBookmarks: true,
      resourceVersion: this.#resourceVersion,
      timeoutSeconds,
      watch: true,
    });
    this.watches += 1;
    const startedAt = performance.now();
    let events = 0;
    return new Promise((resolve) => {
      const stop = (): void => finish('relist');
      const finish = (next: AfterWatch): void => {
        signal.removeEventListener('abort', stop);
        watch.close();
        resolve(next);
      };
      const watch = this.#client.watch(
        target,
        {
          event: (event) => {
            if (signal.aborted) return;
            events += 1;
            // An error event ends the watch; after 410 and everything else only a list helps.
            if (event.type === 'ERROR') finish(isTooManyRequests(statusOf(event.object)) ? 'wait-and-watch' : 'relist');
            else this.#apply(event);
          },
          end: (end) => {
            if (end.kind === 'refused') this.failures += 1;
            const isVeryShort = events === 0 && performance.now() - startedAt < VERY_SHORT_WATCH_MS;
            finish(end.kind !== 'refused' && isVeryShort ? 'relist' : afterWatch(end));
          },
        },
        { accept: accept?.watch },
      );
      signal.addEventListener('abort', stop);
    });
  }

  #apply({ type, object }: WatchEvent): void {
    const key = objectKey(object);
    const previous = this.#objects.get(key);
    const { handlers } = this.#options;
    this.#resourceVersion = object.metadata.resourceVersion;
    if (type === 'BOOKMARK') return;
    if (type === 'DELETED') {
      this.#objects.delete(key);
      if (previous !== undefined) handlers?.remove?.(object);
      return;
    }
    this.#objects.set(key, object);
    if (previous === undefined) handlers?.add?.(object);
    else handlers?.update?.(previous, object);
  }

  #resyncAll(): void {
    for (const object of [...this.#objects.values()]) this.#options.handlers?.update?.(object, object);
  }
}

/** `refused`: isWatchErrorRetriable; `broken`: client-go takes a lost connection for the end, anything else for an error. */
function afterWatch(end: WatchEnd): AfterWatch {
  switch (end.kind) {
    case 'ended':
      return 'watch';
    case 'broken':
      return end.reason === 'connection-lost' ? 'watch' : 'relist';
    case 'malformed':
      return 'relist';
    case 'refused':
      return end.error.failure?.cause === 'connect' || isTooManyRequests(end.error) ? 'wait-and-watch' : 'relist';
  }
}

function isTooManyRequests(error: ClientError | undefined): boolean {
  return error?.reason === 'TooManyRequests';
}

function isTooLarge({ causes }: ClientError): boolean {
  return causes.includes('ResourceVersionTooLarge');
}
