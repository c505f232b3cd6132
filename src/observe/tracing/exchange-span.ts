import type { ExchangeRecord } from '../exchange-record.ts';
import { keptRecord } from './kept-record.ts';
import { formatTraceparent } from './trace-context.ts';

/** How a response ended. */
export type ResponseEnding =
  /** As it should: all of it was handed to the client's connection, or a watch was ended by us. */
  | 'complete'
  /** Its server broke off. */
  | 'broken'
  | 'client-left';

/** An attempt that did not become the client's answer; another one followed. */
export interface SpanRetry {
  /** Epoch milliseconds. */
  readonly at: number;
  /** As `mvproxy_retries_total` names it. */
  readonly cause: string;
  /** Name of the server that was asked in vain. */
  readonly server: string;
}

/** Everything a span is made of, once the exchange is over. Holds no header, token, query or body. */
export interface FinishedSpan {
  readonly traceId: string;
  readonly spanId: string;
  /** Undefined: the trace begins here. */
  readonly parentId: string | undefined;
  readonly protocol: 'h2' | 'http/1.1';
  readonly clientAddress: string;
  readonly retries: readonly SpanRetry[];
  /** Retries beyond those that are kept. */
  readonly droppedRetries: number;
  readonly record: ExchangeRecord;
  /** Epoch milliseconds. */
  readonly startedAt: number;
  /** When the response head was sent, or the exchange was given up without one. Epoch milliseconds. */
  readonly headAt: number;
  /** Epoch milliseconds. */
  readonly endedAt: number;
  readonly ending: ResponseEnding;
}

export interface SpanStart
  extends Pick<FinishedSpan, 'traceId' | 'spanId' | 'parentId' | 'protocol' | 'clientAddress' | 'startedAt'> {
  readonly clock: () => number;
  readonly finished: (span: FinishedSpan) => void;
}

/** A request may be sent many times while a type settles. */
const MOST_RETRIES = 32;
const NO_RETRIES: readonly SpanRetry[] = [];

/** The span of one exchange under way: what the request path notes of it, in plain values. */
export class ExchangeSpan {
  readonly #start: SpanStart;
  #retries: SpanRetry[] | undefined;
  #droppedRetries = 0;
  #record: ExchangeRecord | undefined;
  #headAt = 0;
  #isHeld = false;
  #isOver = false;

  constructor(start: SpanStart) {
    this.#start = start;
  }

  /** For the servers: this span is the parent of theirs. */
  get traceparent(): string {
    return formatTraceparent(this.#start.traceId, this.#start.spanId);
  }

  /** It has no parent, so that the `tracestate` of the client belongs to nothing. */
  get isRoot(): boolean {
    return this.#start.parentId === undefined;
  }

  retried(cause: string, server: string): void {
    this.#retries ??= [];
    if (this.#retries.length < MOST_RETRIES) this.#retries.push({ at: this.#start.clock(), cause, server });
    else this.#droppedRetries++;
  }

  /** The response goes on after `answered`, until `end`. */
  hold(): void {
    this.#isHeld = true;
  }

  /** The exchange has an answer, or was given up. */
  answered(record: ExchangeRecord): void {
    this.#record = keptRecord(record);
    this.#headAt = this.#start.clock();
    if (!this.#isHeld) this.#over(record.status === 0 ? 'client-left' : 'complete', this.#record);
  }

  /** The response is over; later calls count for nothing. */
  end(ending: ResponseEnding): void {
    if (this.#record !== undefined) this.#over(ending, this.#record);
  }

  #over(ending: ResponseEnding, record: ExchangeRecord): void {
    if (this.#isOver) return;
    this.#isOver = true;
    const { clock, finished, traceId, spanId, parentId, protocol, clientAddress, startedAt } = this.#start;
    finished({
      traceId,
      spanId,
      parentId,
      protocol,
      clientAddress,
      startedAt,
      retries: this.#retries ?? NO_RETRIES,
      droppedRetries: this.#droppedRetries,
      record,
      headAt: this.#headAt,
      endedAt: clock(),
      ending,
    });
  }
}
