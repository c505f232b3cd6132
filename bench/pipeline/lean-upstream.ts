import type { BodyReceiver, BodySink, BodySource, RequestHead, ResponseHead } from '../../src/wire/exchange.ts';
import { NO_FIELDS } from '../../src/wire/fields.ts';
import type { UpgradeAnswer, Upstream, UpstreamExchange, UpstreamReceiver } from '../../src/wire/upstream.ts';

/** How a server answers every request of a load. */
export interface LeanAnswer {
  readonly head: ResponseHead;
  /** Absent: the answer ends with its head. */
  readonly chunk?: Uint8Array;
  /** It goes on after the chunk, as a watch does. */
  readonly isOpen?: boolean;
}

/** Where the body of a request goes that nobody looks at. */
class Drain implements BodySink {
  onDrain: (() => void) | undefined;

  write(): boolean {
    return true;
  }

  end(): void {}

  reset(): void {}
}

/** A request that has reached a server; it costs next to nothing itself. */
export class LeanRequest implements UpstreamExchange, BodySource {
  readonly body: BodySink | undefined;
  readonly #upstream: LeanUpstream;
  readonly #receiver: UpstreamReceiver;
  #reader: BodyReceiver | undefined;
  #isOver = false;

  constructor(upstream: LeanUpstream, bodyless: boolean, receiver: UpstreamReceiver) {
    this.#upstream = upstream;
    this.#receiver = receiver;
    this.body = bodyless ? undefined : new Drain();
  }

  answer({ head, chunk, isOpen = false }: LeanAnswer): void {
    if (this.#isOver) return;
    this.#receiver.respond(head, this, chunk === undefined);
    if (chunk === undefined) {
      this.#over();
      return;
    }
    this.#reader?.data(chunk);
    if (!isOpen) this.end();
  }

  send(chunk: Uint8Array): void {
    this.#reader?.data(chunk);
  }

  end(): void {
    if (this.#isOver || this.#reader === undefined) return;
    this.#over();
    this.#reader.end(NO_FIELDS);
  }

  read(receiver: BodyReceiver): void {
    this.#reader = receiver;
  }

  pause(): void {}

  resume(): void {}

  reset(): void {
    this.#over();
  }

  #over(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#upstream.inFlight--;
  }
}

/** Connections to a server that answers as soon as it is asked to. */
export class LeanUpstream implements Upstream {
  inFlight = 0;
  readonly received = 0;
  readonly #arrived: LeanRequest[];

  /** Requests are added to `arrived`. */
  constructor(arrived: LeanRequest[]) {
    this.#arrived = arrived;
  }

  request(_head: RequestHead, bodyless: boolean, receiver: UpstreamReceiver): UpstreamExchange {
    this.inFlight++;
    const request = new LeanRequest(this, bodyless, receiver);
    this.#arrived.push(request);
    return request;
  }

  upgrade(): Promise<UpgradeAnswer> {
    return Promise.reject(new Error('nothing is upgraded'));
  }

  suspect(): void {}

  turnAway(): void {}

  close(): Promise<void> {
    return Promise.resolve();
  }
}
