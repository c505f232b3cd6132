import type { BodyReceiver, BodySink, BodySource, ResetReason, ServerExchange } from '../wire/exchange.ts';
import type { Fields } from '../wire/fields.ts';
import { NO_SINK } from '../wire/overridden-exchange.ts';
import { writeThrough } from '../wire/relay.ts';
import type { UpstreamExchange } from '../wire/upstream.ts';
import { trailersWithoutExplanation } from './explain-header.ts';
import type { ReplayableBody } from './replayable-body.ts';

/** Where an answer goes. */
export interface ResponseSink extends BodySink {
  /** The client has left; what comes now is nobody's. */
  left?(): void;
}

export interface RelayedResponse {
  readonly source: BodySource;
  readonly sink: ResponseSink;
  readonly upstream: Pick<UpstreamExchange, 'reset'>;
  /** Of the request, part of which may still be under way. */
  readonly requestBody: ReplayableBody | undefined;
}

/**
 * The body of an answer on its way to the client. It is all that is held of an exchange from then on: of a watch for hours,
 * and there are thousands. It begins when it is made.
 */
export class ResponseRelay implements BodyReceiver {
  readonly #source: BodySource;
  #sink: ResponseSink;
  readonly #requestBody: ReplayableBody | undefined;
  /** Undefined: the answer is whole, broken, or nobody's. */
  #upstream: RelayedResponse['upstream'] | undefined;

  constructor(exchange: ServerExchange, { source, sink, upstream, requestBody }: RelayedResponse) {
    this.#source = source;
    this.#sink = sink;
    this.#upstream = upstream;
    this.#requestBody = requestBody;
    exchange.onAbort = (reason) => this.#abandon(reason);
    source.read(this);
  }

  get keepsNothing(): boolean {
    return this.#sink.keepsNothing === true;
  }

  data(chunk: Uint8Array): boolean {
    return writeThrough(this.#sink, chunk, this.#source);
  }

  end(trailers: Fields): void {
    this.#sink.end(trailersWithoutExplanation(trailers));
    this.#over();
  }

  reset(reason: ResetReason): void {
    this.#sink.reset(reason);
    this.#over();
  }

  /** What still comes of the request is read away, so that its connection can serve the next. */
  #over(): void {
    this.#upstream = undefined;
    this.#requestBody?.drain();
  }

  #abandon(reason: ResetReason): void {
    const upstream = this.#upstream;
    if (upstream === undefined) return;
    this.#upstream = undefined;
    this.#requestBody?.commit();
    this.#sink.left?.();
    this.#sink = NO_SINK;
    upstream.reset(reason);
  }
}
