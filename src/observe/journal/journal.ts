import { randomBytes } from 'node:crypto';
import type { ExchangeRecord, UnknownTypeOutcome } from '../exchange-record.ts';
import { type ControlPicture, ControlWatch } from './control-watch.ts';
import type { DecisionEntry } from './decision-entry.ts';
import { DecisionLog } from './decision-log.ts';
import { ServerHistories } from './server-histories.ts';
import { Timeline } from './timeline.ts';
import { Unexpected404s } from './unexpected-404s.ts';

/** What an outcome of an unexpected 404 means to the client, to go on with. */
const MEANINGS: Readonly<Record<UnknownTypeOutcome, string>> = {
  retried: 'the client got another answer',
  unavailable: 'the client got 503 and retries',
  relayed: 'the client got that 404',
  abandoned: 'the client had left',
};

/**
 * What this proxy remembers of itself, in memory and bounded: the last decisions, unexpected 404s by client, the states of
 * servers, and the timeline of what changed. It is gone with the process.
 */
export class Journal {
  /** Of this process; no other one had or will have it. */
  readonly epoch: string;
  /** Epoch milliseconds. */
  readonly since: number;
  readonly decisions = new DecisionLog();
  readonly unexpected404s = new Unexpected404s();
  readonly servers = new ServerHistories();
  readonly timeline = new Timeline();
  readonly #control = new ControlWatch(this.servers, this.timeline);
  readonly #clock: () => number;

  /** `clock`: epoch milliseconds. */
  constructor(clock: () => number) {
    this.#clock = clock;
    this.since = clock();
    this.epoch = `${Math.floor(this.since).toString(36)}${randomBytes(4).toString('hex')}`;
    this.timeline.add({ type: 'started', text: 'This proxy started.' }, this.since);
  }

  /** Of the snapshot in which the merged view was another one for the last time; 0 while there was none. */
  get viewGeneration(): number {
    return this.#control.viewGeneration;
  }

  /** On the request path: one object, and a place in a ring. */
  answered(record: ExchangeRecord): DecisionEntry {
    const entry = this.decisions.add(record);
    if (record.unknownType !== undefined) this.#denied(entry, record);
    return entry;
  }

  /** The control path shows this now. */
  see(picture: ControlPicture): void {
    this.#control.see(picture, this.#clock());
  }

  /** Changed files are in use. `what` is a sentence without its full stop. */
  reloaded(what: string): void {
    this.timeline.add({ type: 'reload', text: `${what}.` }, this.#clock());
  }

  /** Why is in the log alone: a message about a file may quote it. */
  reloadFailed(): void {
    const text = 'Changed files cannot be used; the old ones stay in use. The log says why: correct them.';
    this.timeline.add({ type: 'reload-failed', text }, this.#clock());
  }

  stopping(): void {
    this.timeline.add({ type: 'stopping', text: 'This proxy is shutting down.' }, this.#clock());
  }

  #denied(entry: DecisionEntry, record: ExchangeRecord): void {
    for (const { group, version, resource, client, server, outcome } of this.unexpected404s.add(entry, record)) {
      const type = `${resource === '' ? 'a resource' : resource}.${version}${group === '' ? '' : `.${group}`}`;
      const text = `${server} answered ${client} that ${type} is unknown, which it lists; ${MEANINGS[outcome]}. The first time.`;
      this.timeline.add({ type: 'unexpected-404', server, text }, entry.at);
    }
  }
}
