import type { ExchangeSpan } from '../observe/tracing/exchange-span.ts';
import type { BodySink, ResetReason } from '../wire/exchange.ts';
import type { Fields } from '../wire/fields.ts';
import type { ResponseSink } from './response-relay.ts';

/** The response of a recorded request on its way to `sink`: its span ends when it does. */
export class FollowedResponse implements ResponseSink {
  readonly #sink: BodySink;
  readonly #span: ExchangeSpan;

  constructor(sink: BodySink, span: ExchangeSpan) {
    this.#sink = sink;
    this.#span = span;
    span.hold();
  }

  get keepsNothing(): boolean {
    return this.#sink.keepsNothing === true;
  }

  get onDrain(): (() => void) | undefined {
    return this.#sink.onDrain;
  }

  set onDrain(listener: (() => void) | undefined) {
    this.#sink.onDrain = listener;
  }

  write(chunk: Uint8Array): boolean {
    return this.#sink.write(chunk);
  }

  end(trailers: Fields): void {
    this.#sink.end(trailers);
    this.#span.end('complete');
  }

  reset(reason: ResetReason): void {
    this.#sink.reset(reason);
    this.#span.end('broken');
  }

  left(): void {
    this.#span.end('client-left');
  }
}
