import type { DecisionFilter } from '../observe/journal/decision-filter.ts';
import type { Journal } from '../observe/journal/journal.ts';
import type { BodySink } from '../wire/exchange.ts';
import { AdminError } from './admin-page.ts';
import { positionOf } from './event-position.ts';
import { EventSubscriber } from './event-subscriber.ts';

/** What the `status` event says. */
export interface StatusEvent {
  readonly servers: readonly {
    readonly name: string;
    readonly state: string;
    /** Release; '' when it has not told. */
    readonly version: string;
    readonly openExchanges: number;
  }[];
  readonly requestsPerSecond: number;
  /** Since the start: requests that would have been answered 404 without this proxy. */
  readonly prevented404s: number;
  /** Since the start: requests for types that a server lists and denied. */
  readonly unexpected404s: number;
}

export interface EventHubOptions {
  readonly journal: Journal;
  /** Without the rate, which the hub knows. */
  readonly status: () => Omit<StatusEvent, 'requestsPerSecond'>;
  /** Milliseconds that never step back. */
  readonly clock: () => number;
  /** Readers at a time. */
  readonly most?: number;
}

/** Between looks at what is new. */
const FLUSH_MS = 200;
const STATUS_MS = 1_000;
/** A console in several windows, and scripts; each costs a look at the rings five times a second. */
const MOST = 16;

/** The readers of `/events`. Without any it does nothing. */
export class EventHub {
  readonly #options: EventHubOptions;
  readonly #subscribers = new Set<EventSubscriber>();
  #timer: NodeJS.Timeout | undefined;
  #status = '';
  #statusAt = Number.NEGATIVE_INFINITY;
  /** Decisions at that time. */
  #countedAt = 0;
  #isClosed = false;

  constructor(options: EventHubOptions) {
    this.#options = options;
  }

  /** Readers. */
  get size(): number {
    return this.#subscribers.size;
  }

  get #most(): number {
    return this.#options.most ?? MOST;
  }

  get #isFull(): boolean {
    return this.#subscribers.size >= this.#most;
  }

  /** @throws {AdminError} unless there may be one more reader. */
  admit(): void {
    if (this.#isClosed) {
      throw new AdminError('Stopping', 'This proxy is shutting down; events end here. Ask again in a moment.');
    }
    if (!this.#isFull) return;
    const text = `There are ${this.#most} readers of events already, which is all that this proxy serves. Close one, or poll /decisions and /timeline.`;
    throw new AdminError('Busy', text);
  }

  /** Writes events to `sink` until what it returns is called. `after`: the id of the last event that was seen, if any was. */
  subscribe(sink: BodySink, after: string | undefined, filter: DecisionFilter): () => void {
    const { journal, clock } = this.#options;
    // Requests that arrive in one packet were all admitted before the first of them subscribes.
    if (this.#isClosed || this.#isFull) {
      sink.end([]);
      return () => {};
    }
    const position = after === undefined ? 'now' : positionOf(journal, after);
    const subscriber = new EventSubscriber(journal, sink, { after: position, filter, now: clock() });
    this.#subscribers.add(subscriber);
    this.#timer ??= setInterval(() => this.#flush(), FLUSH_MS);
    subscriber.flush(clock(), this.#statusOf(clock()));
    return () => this.#forget(subscriber);
  }

  /** Ends all streams, and admits no more. */
  close(): void {
    this.#isClosed = true;
    for (const subscriber of this.#subscribers) {
      subscriber.end();
      this.#forget(subscriber);
    }
  }

  #flush(): void {
    const now = this.#options.clock();
    const status = this.#statusOf(now);
    for (const subscriber of this.#subscribers) {
      if (subscriber.flush(now, status)) continue;
      subscriber.abandon();
      this.#forget(subscriber);
    }
  }

  #forget(subscriber: EventSubscriber): void {
    this.#subscribers.delete(subscriber);
    if (this.#subscribers.size > 0) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  #statusOf(now: number): string {
    const seconds = (now - this.#statusAt) / 1_000;
    if (seconds * 1_000 < STATUS_MS) return this.#status;
    const { journal, status } = this.#options;
    const { total } = journal.decisions;
    // Nobody has asked for a while: what was before says nothing of this moment.
    const isRecent = seconds * 1_000 < 10 * STATUS_MS;
    const requestsPerSecond = isRecent ? Math.round(((total - this.#countedAt) / seconds) * 10) / 10 : 0;
    this.#statusAt = now;
    this.#countedAt = total;
    const event: StatusEvent = { ...status(), requestsPerSecond };
    this.#status = JSON.stringify(event);
    return this.#status;
  }
}
