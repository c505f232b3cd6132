import type { BodySink, ResetReason, ServerExchange } from '../../../src/wire/exchange.ts';
import { NO_FIELDS } from '../../../src/wire/fields.ts';
import { bytesOf, eventLine, lastLine, type Span } from '../content.ts';
import type { PlannedReset } from './misbehaviour.ts';

const CHUNK_BYTES = 32 * 1024;
/** Between the head of an answer and its reset, so that the head has been passed on by then. */
const RESET_MS = 20;
/** Bytes that a server ties to nothing: trailers of a whole answer. */
export const TRAILER = 'x-soak-trailer';

/** An answer of this server to one request. */
export class Answer {
  readonly exchange: ServerExchange;
  readonly #server: string;
  readonly #reset: PlannedReset | undefined;
  #over = false;
  /** Called once when it ended, was broken off, or nobody wants it any longer. */
  onOver: (() => void) | undefined;

  constructor(exchange: ServerExchange, server: string, reset: PlannedReset | undefined) {
    this.exchange = exchange;
    this.#server = server;
    this.#reset = reset;
    exchange.onAbort = () => this.#ended();
  }

  get isOver(): boolean {
    return this.#over;
  }

  breakOff(reason: ResetReason): void {
    if (this.#over) return;
    this.#ended();
    this.exchange.reset(reason);
  }

  text(status: number, contentType: string, body: string, more: readonly string[] = []): void {
    const bytes = Buffer.from(body);
    const sink = this.#begin(status, ['content-type', contentType, 'content-length', String(bytes.length), ...more]);
    if (sink === undefined) return;
    sink.write(bytes);
    this.#end(sink);
  }

  /** A head and no more: 204, 304, or the answer to HEAD. */
  bare(status: number, fields: readonly string[]): void {
    if (this.#over || this.#isReset('before the answer')) return;
    this.#ended();
    this.exchange.respond({ status, fields: this.#signed(fields) }, true);
  }

  /** The whole of `span`, as fast as it is taken. */
  content(span: Span, fields: readonly string[], trailers: readonly string[]): void {
    const sink = this.#begin(200, fields);
    if (sink === undefined) return;
    const bytes = bytesOf(span);
    const half = this.#reset?.phase === 'within the body' ? Math.floor(bytes.length / 2) : Number.POSITIVE_INFINITY;
    let at = 0;
    const more = (): void => {
      while (!this.#over && at < bytes.length) {
        const chunk = bytes.subarray(at, Math.min(at + CHUNK_BYTES, half > at ? half : bytes.length, bytes.length));
        at += chunk.length;
        const goesOn = sink.write(chunk);
        if (at === half) return void setTimeout(() => this.breakOff(this.#reset?.reason ?? 'internal'), RESET_MS);
        if (!goesOn) return;
      }
      if (!this.#over) this.#end(sink, trailers);
    };
    sink.onDrain = more;
    more();
  }

  /** `count` events, one each `everyMs`, and the line that ends them. */
  events(id: number, count: number, everyMs: number): void {
    const sink = this.#begin(200, ['content-type', 'application/json']);
    if (sink === undefined) return;
    let sequence = 0;
    const timer = setInterval(() => {
      if (this.#over) return clearInterval(timer);
      if (sequence < count) return void sink.write(Buffer.from(eventLine(id, sequence++)));
      clearInterval(timer);
      sink.write(Buffer.from(lastLine(id, count)));
      this.#end(sink);
    }, everyMs);
  }

  /** Sends back what comes. */
  echo(): void {
    const { upgrade } = this.exchange;
    if (upgrade === undefined) {
      this.text(400, 'text/plain', 'no switch of protocols was asked for\n');
      return;
    }
    const fields = ['connection', 'Upgrade', 'upgrade', upgrade.protocol];
    const { source, sink } = upgrade.switchProtocols({ status: 101, fields: this.#signed(fields) });
    sink.onDrain = () => source.resume();
    source.read({
      data: (chunk) => sink.write(chunk),
      end: () => sink.end(NO_FIELDS),
      reset: (reason) => sink.reset(reason),
    });
  }

  #begin(status: number, fields: readonly string[]): BodySink | undefined {
    if (this.#over || this.#isReset('before the answer')) return undefined;
    const sink = this.exchange.respond({ status, fields: this.#signed(fields) }, false);
    if (this.#reset?.phase !== 'after the head') return sink;
    const { reason } = this.#reset;
    setTimeout(() => this.breakOff(reason), RESET_MS);
    return undefined;
  }

  #isReset(phase: PlannedReset['phase']): boolean {
    if (this.#reset?.phase !== phase) return false;
    this.breakOff(this.#reset.reason);
    return true;
  }

  #end(sink: BodySink, trailers: readonly string[] = NO_FIELDS): void {
    this.#ended();
    sink.end(trailers);
  }

  #ended(): void {
    this.#over = true;
    this.onOver?.();
    this.onOver = undefined;
  }

  #signed(fields: readonly string[]): string[] {
    return ['x-served-by', this.#server, ...fields];
  }
}
