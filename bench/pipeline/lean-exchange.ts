import type {
  BodyReceiver,
  BodySink,
  BodySource,
  ClientCertificate,
  ClientConnection,
  RequestHead,
  ResetReason,
  ServerExchange,
} from '../../src/wire/exchange.ts';
import { NO_FIELDS } from '../../src/wire/fields.ts';

const NEVER = new AbortController().signal;
let connections = 0;

export function connectionWith(certificate: ClientCertificate): ClientConnection {
  connections++;
  return { id: connections, protocol: 'h2', remoteAddress: `192.0.2.${connections % 256}`, certificate, closed: NEVER };
}

/** A client's request that costs next to nothing itself; its body is there at once, and what it is answered is dropped. */
export class LeanExchange implements ServerExchange, BodySink, BodySource {
  readonly connection: ClientConnection;
  readonly head: RequestHead;
  readonly bodyless: boolean;
  readonly body: BodySource = this;
  readonly upgrade = undefined;
  onAbort: ((reason: ResetReason) => void) | undefined;
  onDrain: (() => void) | undefined;
  status = 0;
  written = 0;
  isOver = false;
  readonly #chunk: Uint8Array | undefined;
  #receiver: BodyReceiver | undefined;

  constructor(connection: ClientConnection, head: RequestHead, chunk: Uint8Array | undefined) {
    this.connection = connection;
    this.head = head;
    this.bodyless = chunk === undefined;
    this.#chunk = chunk;
  }

  /** The request's body arrives. */
  deliver(): void {
    const receiver = this.#receiver;
    if (receiver === undefined || this.#chunk === undefined) return;
    this.#receiver = undefined;
    receiver.data(this.#chunk);
    receiver.end(NO_FIELDS);
  }

  read(receiver: BodyReceiver): void {
    this.#receiver = receiver;
  }

  pause(): void {}

  resume(): void {}

  inform(): void {}

  respond({ status }: { readonly status: number }, bodyless: boolean): BodySink {
    this.status = status;
    if (bodyless) this.isOver = true;
    return this;
  }

  write(chunk: Uint8Array): boolean {
    this.written += chunk.byteLength;
    return true;
  }

  end(): void {
    this.isOver = true;
  }

  reset(): void {
    this.isOver = true;
  }
}
