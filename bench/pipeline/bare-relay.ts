import type {
  BodyReceiver,
  BodySink,
  BodySource,
  ExchangeHandler,
  ResponseHead,
  ServerExchange,
} from '../../src/wire/exchange.ts';
import type { Fields } from '../../src/wire/fields.ts';
import type { Upstream, UpstreamExchange, UpstreamReceiver } from '../../src/wire/upstream.ts';

/** Relays one exchange and does nothing else: what it costs is not the pipeline's. */
class BareRelay implements UpstreamReceiver, BodyReceiver {
  readonly #exchange: ServerExchange;
  #sink: BodySink | undefined;
  upstream: UpstreamExchange | undefined;

  constructor(exchange: ServerExchange) {
    this.#exchange = exchange;
  }

  inform(): void {}

  respond(head: ResponseHead, body: BodySource, bodyless: boolean): void {
    this.#sink = this.#exchange.respond(head, bodyless);
    if (!bodyless) body.read(this);
  }

  failed(): void {}

  data(chunk: Uint8Array): boolean {
    return this.#sink?.write(chunk) ?? true;
  }

  end(trailers: Fields): void {
    this.#sink?.end(trailers);
  }

  reset(): void {}
}

/** The least that could stand between two wire engines. */
export function bareRelay(upstream: Upstream): ExchangeHandler {
  return (exchange) => {
    const relay = new BareRelay(exchange);
    relay.upstream = upstream.request(exchange.head, exchange.bodyless, relay);
  };
}
