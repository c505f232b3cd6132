import {
  parseWatchEvent,
  parseWatchedList,
  type WatchEvent,
  type WatchedObject,
} from '../../kubernetes/watch-event.ts';
import { fetchFrom } from '../../wire/fetch.ts';
import type { Fields } from '../../wire/fields.ts';
import { LineReader } from '../../wire/line-reader.ts';
import type { Upstream } from '../../wire/upstream.ts';
import { endWatchState, type WatchState } from './watch-state.ts';
import { acceptOf, listTarget, type WatchedResource, watchTarget } from './watched-resource.ts';

export interface ChangeWatchOptions {
  readonly watched: WatchedResource;
  readonly upstream: Upstream;
  /** Who we are to the server. */
  readonly fields: Fields;
  /** Milliseconds for a list, and to the head of a watch. */
  readonly timeoutMs: number;
  /** Something changed, or may have changed unseen. */
  readonly changed: () => void;
  /** Called after every change of state. */
  readonly entered: () => void;
}

/** Watches live this long and up to as long again, so that one that fell silent is replaced. */
const WATCH_SECONDS = 120;
/** How much later than asked for a server may end a watch. */
const WATCH_GRACE_MS = 10_000;
/** A watch that ends sooner is not asked for again at once. */
const QUICK_MS = 1_000;
const LEAST_BACKOFF_MS = 500;
const MOST_BACKOFF_MS = 30_000;
/** Between questions whether a refused or missing type can be watched by now. */
const RETRY_MS = 60_000;
/** Of the metadata of one object: annotations alone may have 256 KiB, and managed fields name every field. */
const LINE_BYTES = 1024 * 1024;
const LIST_BYTES = 4 * 1024 * 1024;

/**
 * Hears of changes of one resource at one server: list for a resourceVersion, then watch from there, for as long as it is not
 * stopped. What happened while nothing was heard counts as a change.
 */
export class ChangeWatch {
  readonly watched: WatchedResource;
  readonly #options: ChangeWatchOptions;
  #state: WatchState = { kind: 'waiting', timer: undefined };
  /** Undefined: only a list can tell. */
  #resourceVersion: string | undefined;
  #holders = new Map<string, string | undefined>();
  /** Attempts since a watch lasted. */
  #failures = 0;
  #listedAt = Number.NEGATIVE_INFINITY;
  #isStopped = false;

  constructor(options: ChangeWatchOptions) {
    this.watched = options.watched;
    this.#options = options;
  }

  get state(): WatchState {
    return this.#state;
  }

  /** Begins, or tries at once what waits for another attempt: the server is known to answer. */
  ask(): void {
    const { kind } = this.#state;
    if (kind === 'listing' || kind === 'opening' || kind === 'watching') return;
    this.#failures = 0;
    this.#begin();
  }

  /** Lets go of the server until it is asked again; what happens until then is heard of afterwards. */
  pause(): void {
    endWatchState(this.#state);
    this.#state = { kind: 'waiting', timer: undefined };
  }

  stop(): void {
    this.#isStopped = true;
    this.pause();
  }

  #enter<S extends WatchState>(state: S): S {
    endWatchState(this.#state);
    this.#state = state;
    this.#options.entered();
    return state;
  }

  #begin(): void {
    if (this.#isStopped) return;
    if (this.#resourceVersion === undefined) void this.#list();
    else this.#open(this.#resourceVersion);
  }

  async #list(): Promise<void> {
    const { watched, upstream, fields, timeoutMs, changed } = this.#options;
    const giveUp = new AbortController();
    const listing = this.#enter({ kind: 'listing', giveUp });
    try {
      const { status, body } = await fetchFrom(upstream, {
        method: 'GET',
        target: listTarget(watched),
        fields: [...fields, 'accept', acceptOf(watched, 'list')],
        timeoutMs,
        maxBytes: LIST_BYTES,
        signal: giveUp.signal,
      });
      if (this.#state !== listing) return;
      const list = status === 200 ? parseWatchedList(body.toString('utf8')) : undefined;
      if (status !== 200) this.#refused(status);
      else if (list === undefined) this.#fail('the list has no resourceVersion');
      else {
        this.#resourceVersion = list.resourceVersion;
        this.#listedAt = performance.now();
        this.#holders = new Map(list.items.map(({ name, holderIdentity }) => [name, holderIdentity]));
        changed();
        this.#open(list.resourceVersion);
      }
    } catch (error) {
      if (this.#state === listing) this.#fail(error instanceof Error ? error.message : String(error));
    }
  }

  #open(resourceVersion: string): void {
    const { watched, upstream, fields, timeoutMs } = this.#options;
    const seconds = WATCH_SECONDS + Math.floor(Math.random() * WATCH_SECONDS);
    const target = watchTarget(watched, resourceVersion, seconds);
    const head = {
      method: 'GET',
      target,
      authority: undefined,
      fields: [...fields, 'accept', acceptOf(watched, 'watch')],
    };
    const exchange = upstream.request(head, true, {
      inform: () => {},
      respond: ({ status }, body) => {
        if (this.#state !== opening) return;
        if (status !== 200) {
          this.#refused(status);
          return;
        }
        clearTimeout(opening.timer);
        const startedAt = performance.now();
        const over = () => this.#ended(performance.now() - startedAt);
        const lines = new LineReader(LINE_BYTES, {
          line: (bytes) => this.#hear(parseWatchEvent(bytes.toString('utf8'))),
          tooLong: () => this.#options.changed(),
          end: over,
        });
        const timer = setTimeout(over, seconds * 1000 + WATCH_GRACE_MS);
        // The exchange goes over to the next state: entering it must not end it.
        this.#state = { kind: 'watching', exchange, lines, timer };
        this.#options.entered();
        body.read(lines);
      },
      failed: ({ message }) => {
        if (this.#state === opening) this.#fail(message);
      },
    });
    const timer = setTimeout(() => this.#fail(`the watch was not answered within ${timeoutMs} ms`), timeoutMs);
    const opening = this.#enter({ kind: 'opening', exchange, timer });
  }

  #hear(event: WatchEvent | undefined): void {
    switch (event?.kind) {
      case 'bookmark':
        this.#resourceVersion = event.resourceVersion;
        return;
      case 'object':
        this.#resourceVersion = event.resourceVersion;
        if (this.#counts(event.type, event.object)) this.#options.changed();
        return;
      case 'error':
      case undefined:
        this.#expired();
    }
  }

  #counts(type: 'ADDED' | 'MODIFIED' | 'DELETED', { name, holderIdentity }: WatchedObject): boolean {
    if (this.watched.counts === 'any') return true;
    if (type === 'DELETED') {
      this.#holders.delete(name);
      return true;
    }
    const isRenewal = this.#holders.has(name) && this.#holders.get(name) === holderIdentity;
    this.#holders.set(name, holderIdentity);
    return !isRenewal;
  }

  /** A watch is over after `lastedMs`; the next one begins where it ended, at once, but not over and over. */
  #ended(lastedMs: number): void {
    if (lastedMs >= QUICK_MS) this.#failures = 0;
    if (this.#failures === 0) {
      this.#failures = 1;
      this.#begin();
    } else this.#enter({ kind: 'waiting', timer: this.#later(this.#backoff()) });
  }

  /** Where we were is too old, or nobody knows: only a list helps, at once unless the last one did not. */
  #expired(): void {
    this.#resourceVersion = undefined;
    if (performance.now() - this.#listedAt >= QUICK_MS) this.#begin();
    else this.#fail('its watches end with an error at once');
  }

  #refused(status: number): void {
    switch (status) {
      case 401:
      case 403:
        this.#enter({ kind: 'denied', status, timer: this.#later(retryPause()) });
        return;
      case 404:
        this.#resourceVersion = undefined;
        this.#enter({ kind: 'absent', timer: this.#later(retryPause()) });
        return;
      case 410:
        this.#expired();
        return;
      default:
        this.#fail(`answered ${status}`);
    }
  }

  #fail(reason: string): void {
    this.#failures = Math.max(1, this.#failures);
    this.#enter({ kind: 'unavailable', reason, timer: this.#later(this.#backoff()) });
  }

  #later(milliseconds: number): NodeJS.Timeout {
    return setTimeout(() => this.#begin(), milliseconds);
  }

  /** Up to a quarter earlier, so that the watches of many proxies do not come back in step. */
  #backoff(): number {
    const pause = Math.min(MOST_BACKOFF_MS, LEAST_BACKOFF_MS * 2 ** (this.#failures - 1));
    this.#failures++;
    return pause * (1 - Math.random() / 4);
  }
}

function retryPause(): number {
  return RETRY_MS * (0.9 + Math.random() * 0.2);
}
