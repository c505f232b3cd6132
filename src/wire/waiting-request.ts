import type { BodySink, RequestHead, ResetReason } from './exchange.ts';
import type { Fields } from './fields.ts';
import type { UpstreamExchange, UpstreamReceiver } from './upstream.ts';

/** A request that waits for a connection. Of its body it takes what it is given once, then asks the producer to stop. */
export class WaitingRequest implements UpstreamExchange, BodySink {
  readonly head: RequestHead;
  readonly bodyless: boolean;
  readonly receiver: UpstreamReceiver;
  readonly body: BodySink | undefined;
  onDrain: (() => void) | undefined;
  readonly #onAbandoned: (request: WaitingRequest) => void;
  #chunks: Uint8Array[] = [];
  #trailers: Fields | undefined;
  #started: UpstreamExchange | undefined;

  constructor(
    head: RequestHead,
    bodyless: boolean,
    receiver: UpstreamReceiver,
    onAbandoned: (request: WaitingRequest) => void,
  ) {
    this.head = head;
    this.bodyless = bodyless;
    this.receiver = receiver;
    this.body = bodyless ? undefined : this;
    this.#onAbandoned = onAbandoned;
  }

  /** Goes on as `exchange`, beginning with the bytes taken so far. */
  start(exchange: UpstreamExchange): void {
    this.#started = exchange;
    const { body } = exchange;
    if (body === undefined) return;
    body.onDrain = () => this.onDrain?.();
    const chunks = this.#chunks;
    this.#chunks = [];
    let ready = true;
    for (const chunk of chunks) ready = body.write(chunk);
    if (this.#trailers !== undefined) body.end(this.#trailers);
    else if (chunks.length > 0 && ready) this.onDrain?.();
  }

  write(chunk: Uint8Array): boolean {
    if (this.#started !== undefined) return this.#started.body?.write(chunk) ?? true;
    this.#chunks.push(chunk);
    return false;
  }

  end(trailers: Fields): void {
    if (this.#started !== undefined) this.#started.body?.end(trailers);
    else this.#trailers = trailers;
  }

  reset(reason: ResetReason): void {
    if (this.#started !== undefined) this.#started.reset(reason);
    else this.#onAbandoned(this);
  }
}
