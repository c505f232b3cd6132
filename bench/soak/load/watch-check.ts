import type { IncomingHttpHeaders } from 'node:http';
import { eventLine, lastLine } from '../content.ts';
import type { CallListener, OpenCall, SoakClient } from './soak-client.ts';
import type { Anomaly, Ended, Ending, Tally } from './tally.ts';

const PODS = '/api/v1/namespaces/default/pods';
/** Beyond the time until the next event. */
const PATIENCE_MS = 30_000;
const EVERY_MS = { least: 300, most: 3_000 };
const LASTS_MS = { least: 5_000, most: 90_000 };
const CANCELLED_SHARE = 0.4;
const SHOWN_BYTES = 300;

let lastId = 0;

/** One watch: every event whole, in order and in time, and no end but the announced one. */
export class WatchCheck implements CallListener {
  readonly #client: SoakClient;
  readonly #tally: Tally;
  readonly #onOver: () => void;
  readonly #id = ++lastId;
  readonly #everyMs = between(EVERY_MS);
  readonly #events: number;
  readonly #call: OpenCall;
  readonly #cancelTimer: NodeJS.Timeout | undefined;
  readonly #silence: NodeJS.Timeout;
  readonly #from = Date.now();
  #next = 0;
  /** An event that has not come whole. */
  #rest = '';
  #status = 0;
  #fields: IncomingHttpHeaders = {};
  #state: 'open' | 'cancelled' | 'late' | 'ended' = 'open';
  #fault: string | undefined;

  constructor(client: SoakClient, tally: Tally, onOver: () => void) {
    this.#client = client;
    this.#tally = tally;
    this.#onOver = onOver;
    const lastsMs = between(LASTS_MS);
    this.#events = Math.ceil(lastsMs / this.#everyMs);
    this.#silence = setTimeout(() => this.#giveUp('late'), this.#everyMs + PATIENCE_MS);
    if (Math.random() < CANCELLED_SHARE) {
      this.#cancelTimer = setTimeout(() => this.cancel(), Math.random() * lastsMs);
    }
    const target = `${PODS}?watch=true&id=${this.#id}&events=${this.#events}&every=${this.#everyMs}`;
    this.#call = client.call({ method: 'GET', target, fields: {}, body: undefined, sendsLength: false }, this);
  }

  cancel(): void {
    this.#giveUp('cancelled');
  }

  sent(): void {}

  head(status: number, fields: IncomingHttpHeaders): void {
    this.#status = status;
    this.#fields = fields;
  }

  data(chunk: Buffer): void {
    this.#tally.bytes += chunk.length;
    this.#silence.refresh();
    this.#rest += chunk.toString('latin1');
    if (this.#status !== 200) return;
    for (;;) {
      const end = this.#rest.indexOf('\n') + 1;
      if (end === 0) return;
      this.#line(this.#rest.slice(0, end));
      this.#rest = this.#rest.slice(end);
    }
  }

  trailers(): void {}

  over(isWhole: boolean, detail: string): void {
    clearTimeout(this.#silence);
    clearTimeout(this.#cancelTimer);
    const server = this.#fields['x-served-by'];
    const ended: Ended = {
      kind: 'watch',
      protocol: this.#client.protocol,
      from: this.#from,
      id: undefined,
      server: typeof server === 'string' ? server : undefined,
    };
    this.#tally.ended(ended, this.#ending(isWhole, detail));
    this.#onOver();
  }

  #line(line: string): void {
    this.#tally.events += 1;
    if (this.#fault !== undefined) return;
    const isLast = this.#next === this.#events;
    if (
      this.#state === 'ended' ||
      line !== (isLast ? lastLine(this.#id, this.#events) : eventLine(this.#id, this.#next))
    ) {
      this.#fault = `event ${this.#next} of ${this.#events} is another: ${line.slice(0, 100)}`;
    } else if (isLast && this.#state === 'open') this.#state = 'ended';
    this.#next += 1;
  }

  #giveUp(how: 'cancelled' | 'late'): void {
    if (this.#state !== 'open') return;
    this.#state = how;
    this.#call.cancel();
  }

  #ending(isWhole: boolean, detail: string): Ending {
    const fail = (outcome: Anomaly['outcome'], what: string): Ending => ({
      outcome,
      detail: `watch ${this.#id}: ${what}`,
    });
    const progress = `status ${this.#status}, ${this.#next} of ${this.#events} events, one each ${this.#everyMs} ms`;
    if (this.#fault !== undefined) return fail('wrong', this.#fault);
    if (this.#state === 'late') return fail('late', `silent for ${this.#everyMs + PATIENCE_MS} ms; ${progress}`);
    if (this.#state === 'cancelled' || this.#client.isAbandoned) return { outcome: 'cancelled' };
    if (this.#status === 0) return fail('lost', detail);
    if (!isWhole) return fail('cut', `${detail}; ${progress}`);
    const isRefused = this.#status === 503 && this.#fields['retry-after'] !== undefined;
    if (isRefused) return fail('refused', `503 ${this.#rest.slice(0, SHOWN_BYTES)}`);
    if (this.#status !== 200) return fail('wrong', `${this.#status} ${this.#rest.slice(0, SHOWN_BYTES)}`);
    if (this.#state !== 'ended' || this.#rest !== '') return fail('wrong', `a clean end after ${progress}`);
    return { outcome: 'right' };
  }
}

function between({ least, most }: { readonly least: number; readonly most: number }): number {
  return Math.round(least + Math.random() * (most - least));
}
