import { type DecisionEntry, decisionOf } from '../observe/journal/decision-entry.ts';
import { type DecisionFilter, matches } from '../observe/journal/decision-filter.ts';
import type { Journal } from '../observe/journal/journal.ts';
import type { BodySink } from '../wire/exchange.ts';
import { type EventPosition, eventId, present } from './event-position.ts';

/** Decisions at a time while a subscriber follows; with five times a second it is 50 a second. */
const DECISIONS_AT_ONCE = 10;
/** And at the first time of one that goes on where it was. */
const DECISIONS_MISSED = 200;
/** Of the timeline, which may have thousand to whoever comes back; a view that changed at once names hundreds of types. */
const ITEMS_AT_ONCE = 50;
/** Without anything new to say, so that a client that is gone is noticed, and so that it notices when this proxy is. */
const HEARTBEAT_MS = 10_000;
/** A reader that takes nothing for so long gives its place to somebody else; clients of server-sent events come back. */
const STALLED_MS = 60_000;
/** Milliseconds after which a client that lost its connection comes back. */
const RETRY_MS = 2_000;

/**
 * One reader of `/events`. It has no queue: what it has not seen stays in the rings of the journal, and what it lets pass there
 * is lost to it, which an event says.
 */
export class EventSubscriber {
  readonly #journal: Journal;
  readonly #sink: BodySink;
  readonly #filter: DecisionFilter;
  #position: EventPosition;
  #most = DECISIONS_AT_ONCE;
  #status = '';
  #wroteAt: number;
  /** Since when the reader takes nothing. */
  #fullSince: number | undefined;

  /** `after`: what it has seen; undefined: it was told of a time that is unknown here. */
  constructor(
    journal: Journal,
    sink: BodySink,
    { after, filter, now }: { after: EventPosition | 'now' | undefined; filter: DecisionFilter; now: number },
  ) {
    this.#journal = journal;
    this.#sink = sink;
    this.#filter = filter;
    this.#wroteAt = now;
    sink.onDrain = () => {
      this.#fullSince = undefined;
    };
    const isKnown = after !== undefined && after !== 'now';
    this.#position = isKnown ? after : present(journal);
    if (isKnown) this.#most = DECISIONS_MISSED;
    this.#write([`retry: ${RETRY_MS}\n\n`, ...(after === undefined ? [this.#reset()] : [])], now);
  }

  /** Writes what is new. `status`: of this moment, as JSON. False: the reader has been silent for too long. */
  flush(now: number, status: string): boolean {
    if (this.#fullSince !== undefined) return now - this.#fullSince < STALLED_MS;
    const events = [...this.#timeline(), ...this.#view(), ...this.#decisions(), ...this.#statusChange(status)];
    // No comment: scripts in browsers are not told of those.
    if (events.length === 0 && now - this.#wroteAt >= HEARTBEAT_MS) events.push(this.#statusEvent());
    this.#write(events, now);
    return true;
  }

  end(): void {
    this.#sink.end([]);
  }

  /** Ends it as what it is not, whole. */
  abandon(): void {
    this.#sink.reset('timeout');
  }

  #write(events: readonly string[], now: number): void {
    if (events.length === 0) return;
    this.#wroteAt = now;
    if (!this.#sink.write(Buffer.from(events.join('')))) this.#fullSince = now;
  }

  #timeline(): readonly string[] {
    const { timeline } = this.#journal;
    const { item } = this.#position;
    if (item === timeline.total) return [];
    if (item + 1 < timeline.oldest) return [this.#reset()];
    return timeline.since(item, ITEMS_AT_ONCE).map((news) => {
      this.#position = { ...this.#position, item: news.id };
      return this.#event('timeline', news);
    });
  }

  #view(): readonly string[] {
    const generation = this.#journal.viewGeneration;
    if (generation === this.#position.view) return [];
    this.#position = { ...this.#position, view: generation };
    return [this.#event('view', { generation })];
  }

  #decisions(): readonly string[] {
    const { decisions } = this.#journal;
    const seen = this.#position.decision;
    const most = this.#most;
    this.#most = DECISIONS_AT_ONCE;
    if (seen === decisions.total) return [];
    const fresh: DecisionEntry[] = [];
    // What fell out of the ring between was not looked at; only what is notable is still there.
    let leftOut = this.#filter.notable === true ? 0 : Math.max(0, decisions.oldest - 1 - seen);
    for (const entry of decisions.newestFirst()) {
      if (entry.id <= seen) break;
      if (entry.id < decisions.oldest) leftOut = Math.max(0, leftOut - 1);
      if (matches(entry, this.#filter)) fresh.push(entry);
    }
    const chosen = chosenOf(fresh, most);
    leftOut += fresh.length - chosen.length;
    const events = chosen.map((entry) => {
      this.#position = { ...this.#position, decision: entry.id };
      return this.#event('decision', decisionOf(entry));
    });
    this.#position = { ...this.#position, decision: decisions.total };
    if (leftOut > 0) events.push(this.#event('left-out', { decisions: leftOut }));
    return events;
  }

  #statusChange(status: string): readonly string[] {
    if (status === this.#status) return [];
    this.#status = status;
    return [this.#statusEvent()];
  }

  #statusEvent(): string {
    return event('status', eventId(this.#journal, this.#position), this.#status);
  }

  #reset(): string {
    this.#position = present(this.#journal);
    return this.#event('reset', { since: new Date(this.#journal.since).toISOString() });
  }

  #event(name: string, data: unknown): string {
    return event(name, eventId(this.#journal, this.#position), JSON.stringify(data));
  }
}

/** The notable ones first, of equals the newest; in the order in which they happened. `fresh` is newest first. */
function chosenOf(fresh: readonly DecisionEntry[], most: number): readonly DecisionEntry[] {
  const notable = fresh.filter((entry) => entry.notable).slice(0, most);
  const ordinary = fresh.filter((entry) => !entry.notable).slice(0, most - notable.length);
  return [...notable, ...ordinary].sort((one, other) => one.id - other.id);
}

/** HTML Living Standard section 9.2.5; JSON has no line feeds of its own. */
function event(name: string, id: string, data: string): string {
  return `event: ${name}\nid: ${id}\ndata: ${data}\n\n`;
}
