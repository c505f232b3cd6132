import type { IncomingHttpHeaders } from 'node:http';
import { bytesOf, type Span } from '../content.ts';
import type { Call, CallListener, OpenCall, SoakClient } from './soak-client.ts';
import type { Anomaly, Ended, Ending, Kind, Tally } from './tally.ts';

/** What the body of a right answer is. */
export type ExpectedBody =
  | { readonly kind: 'content'; readonly span: Span }
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'empty' }
  /** Says what is wrong with it, or nothing. */
  | { readonly kind: 'judged'; readonly judge: (body: Buffer, fields: IncomingHttpHeaders) => string | undefined };

/** When the client gives up. */
export type CancelPhase = 'at once' | 'within the upload' | 'after the head' | 'within the body' | 'after a while';

export interface Plan {
  readonly kind: Kind;
  readonly call: Call;
  readonly status: number;
  /** As right as the other. */
  readonly or?: number;
  readonly body: ExpectedBody;
  /** Value of the trailer, where the protocol carries one whatever the client says. */
  readonly trailer?: string;
  readonly cancel?: CancelPhase;
  /** A reader that takes a rest after so many bytes. */
  readonly rest?: { readonly bytes: number; readonly ms: number };
  readonly deadlineMs: number;
  /** Of a creation. */
  readonly id?: number;
}

const WRITES = new Set(['POST', 'DELETE']);
const WHILE_MS = 15;
const SHOWN_BYTES = 300;

/** Follows one request, compares what comes with what must come, byte by byte, and says how it ended. */
export class RequestCheck implements CallListener {
  readonly #plan: Plan;
  readonly #client: SoakClient;
  readonly #tally: Tally;
  readonly #onOver: () => void;
  readonly #from = Date.now();
  readonly #deadline: NodeJS.Timeout;
  #call: OpenCall | undefined;
  #state: 'open' | 'cancelled' | 'late' = 'open';
  #status = 0;
  #fields: IncomingHttpHeaders = {};
  #received = 0;
  #sinceRest = 0;
  #fault: string | undefined;
  #trailer: string | undefined;
  /** Where it is not compared at once. */
  readonly #chunks: Buffer[] = [];

  constructor(plan: Plan, client: SoakClient, tally: Tally, onOver: () => void) {
    this.#plan = plan;
    this.#client = client;
    this.#tally = tally;
    this.#onOver = onOver;
    this.#deadline = setTimeout(() => this.#giveUp('late'), plan.deadlineMs);
    this.#call = client.call(plan.call, this);
    if (plan.cancel === 'at once') this.cancel();
    else if (plan.cancel === 'after a while') setTimeout(() => this.cancel(), Math.random() * WHILE_MS);
  }

  cancel(): void {
    this.#giveUp('cancelled');
  }

  sent(bytes: number): void {
    if (this.#plan.cancel !== 'within the upload') return;
    // The call is not known yet while its first bytes are handed over.
    if (bytes * 2 >= (this.#plan.call.body?.length ?? 0)) setImmediate(() => this.cancel());
  }

  head(status: number, fields: IncomingHttpHeaders): void {
    this.#status = status;
    this.#fields = fields;
    if (this.#plan.cancel === 'after the head') this.cancel();
  }

  data(chunk: Buffer): void {
    const { body, cancel, rest } = this.#plan;
    this.#tally.bytes += chunk.length;
    if (this.#status === this.#plan.status && body.kind === 'content') this.#compare(body.span, chunk);
    else this.#chunks.push(chunk);
    this.#received += chunk.length;
    if (cancel === 'within the body') this.cancel();
    if (rest === undefined || this.#state !== 'open') return;
    this.#sinceRest += chunk.length;
    if (this.#sinceRest < rest.bytes) return;
    this.#sinceRest = 0;
    this.#call?.pause();
    setTimeout(() => this.#call?.resume(), rest.ms);
  }

  trailers(fields: IncomingHttpHeaders): void {
    const value = fields['x-soak-trailer'];
    if (typeof value === 'string') this.#trailer = value;
  }

  over(isWhole: boolean, detail: string): void {
    clearTimeout(this.#deadline);
    const { kind, id } = this.#plan;
    const server = this.#fields['x-served-by'];
    const ended: Ended = {
      kind,
      protocol: this.#client.protocol,
      from: this.#from,
      id,
      server: typeof server === 'string' ? server : undefined,
    };
    this.#tally.ended(ended, this.#ending(isWhole, detail));
    this.#onOver();
  }

  #compare({ offset, length }: Span, chunk: Buffer): void {
    const at = this.#received;
    if (this.#fault !== undefined) return;
    const expected = bytesOf({ offset: offset + at, length: Math.min(chunk.length, length - at) });
    if (!expected.equals(chunk)) this.#fault = `other bytes than ${length} from ${offset} on, at or after ${at}`;
  }

  #giveUp(how: 'cancelled' | 'late'): void {
    if (this.#state !== 'open') return;
    this.#state = how;
    this.#call?.cancel();
  }

  #ending(isWhole: boolean, detail: string): Ending {
    const { call, deadlineMs } = this.#plan;
    const fail = (outcome: Anomaly['outcome'], what: string): Ending => ({
      outcome,
      detail: `${call.method} ${call.target}: ${what}`,
    });
    const progress = `status ${this.#status}, ${this.#received} bytes`;
    if (this.#fault !== undefined) return fail('wrong', this.#fault);
    if (this.#state === 'late') return fail('late', `not over after ${deadlineMs} ms; ${progress}`);
    if (this.#state === 'cancelled' || this.#client.isAbandoned) return { outcome: 'cancelled' };
    if (this.#status === 0) return fail('lost', detail);
    if (!isWhole) return fail('cut', `${detail}; ${progress}`);
    if (this.#status === this.#plan.status || this.#status === this.#plan.or) {
      const fault = this.#faultOfBody();
      return fault === undefined ? { outcome: 'right' } : fail('wrong', fault);
    }
    const what = `${this.#status} ${Buffer.concat(this.#chunks).toString('utf8', 0, SHOWN_BYTES)}`;
    if (this.#status !== 503) return fail('wrong', what);
    if (this.#fields['retry-after'] !== undefined) return fail('refused', what);
    return fail(WRITES.has(call.method) ? 'in doubt' : 'wrong', what);
  }

  /** The answer has ended cleanly. */
  #faultOfBody(): string | undefined {
    const { body, trailer } = this.#plan;
    if (trailer !== undefined && this.#trailer !== trailer) return `trailer ${this.#trailer} instead of ${trailer}`;
    switch (body.kind) {
      case 'content': {
        const { length } = body.span;
        return this.#received === length ? undefined : `a clean end after ${this.#received} of ${length} bytes`;
      }
      case 'empty':
        return this.#received === 0 ? undefined : `${this.#received} bytes where there is no body`;
      case 'text': {
        const text = Buffer.concat(this.#chunks).toString();
        return text === body.text ? undefined : `${JSON.stringify(text.slice(0, SHOWN_BYTES))} instead of ${body.text}`;
      }
      case 'judged':
        return body.judge(Buffer.concat(this.#chunks), this.#fields);
    }
  }
}
