import type {
  BodyReceiver,
  BodySink,
  BodySource,
  ClientConnection,
  RequestHead,
  ResetReason,
  ResponseHead,
  ServerExchange,
} from '../exchange.ts';
import { fieldValue, NO_FIELDS } from '../fields.ts';
import { forbidsBody } from '../raw-fields.ts';
import { resetCodeForClient } from '../reset-code.ts';
import { ErrorCode } from './error-code.ts';
import type { RequestMessage } from './request-message.ts';
import { isOver, Stream, type StreamHost } from './stream.ts';

/** What a request stream asks of its connection. */
export interface ServerStreamHost extends StreamHost {
  readonly client: ClientConnection;
  /** Longest pause of a request body before its response has begun. */
  readonly bodyIdleMs: number;
  /** False when HTTP/2 cannot carry the head; nothing was sent then. */
  sendHead(stream: ServerStream, head: ResponseHead, endStream: boolean): boolean;
}

/** One request of a client: head, body and the means to answer are all this one object. */
export class ServerStream extends Stream implements ServerExchange {
  readonly bodyless: boolean;
  readonly #host: ServerStreamHost;
  #head: RequestHead;
  #onAbort: ((reason: ResetReason) => void) | undefined = undefined;
  /** Why the client is gone, as long as nobody was told. */
  #untold: ResetReason | undefined = undefined;
  #awaitsContinue: boolean;
  /** The response has begun, and nobody knows how long it will be. */
  #isOpenEnded = false;
  /** Runs while the body is wanted and does not come. */
  #stall: NodeJS.Timeout | undefined = undefined;

  constructor(host: ServerStreamHost, id: number, message: RequestMessage, endStream: boolean, sendWindow: number) {
    super(host, id, endStream ? 'ended' : 'body', 'head', sendWindow);
    this.#host = host;
    this.#head = message.head;
    this.bodyless = endStream;
    this.undelivered = message.contentLength;
    this.#awaitsContinue = message.expectsContinue;
    if (endStream) this.arrivedNothing();
  }

  get head(): RequestHead {
    return this.#head;
  }

  get connection(): ClientConnection {
    return this.#host.client;
  }

  get onAbort(): ((reason: ResetReason) => void) | undefined {
    return this.#onAbort;
  }

  /** Who asks late, in a turn of its own, is told nevertheless. */
  set onAbort(listener: ((reason: ResetReason) => void) | undefined) {
    const reason = this.#untold;
    if (listener === undefined || reason === undefined) {
      this.#onAbort = listener;
      return;
    }
    this.#untold = undefined;
    queueMicrotask(() => listener(reason));
  }

  get body(): BodySource {
    return this;
  }

  get upgrade(): undefined {
    return undefined;
  }

  override read(receiver: BodyReceiver): void {
    if (this.#awaitsContinue) {
      this.#awaitsContinue = false;
      this.inform({ status: 100, fields: NO_FIELDS });
    }
    super.read(receiver);
    this.#startClock();
  }

  override pause(): void {
    clearTimeout(this.#stall);
    super.pause();
  }

  override resume(): void {
    this.#startClock();
    super.resume();
  }

  override arrived(chunk: Uint8Array): void {
    this.#stall?.refresh();
    super.arrived(chunk);
    if (this.isPaused) clearTimeout(this.#stall);
  }

  override arrivedEnd(trailers: readonly string[]): void {
    clearTimeout(this.#stall);
    super.arrivedEnd(trailers);
  }

  override write(chunk: Uint8Array): boolean {
    if (this.#isOpenEnded) this.#forget();
    return super.write(chunk);
  }

  /** From here on the request's fields are nobody's; a watch would hold on to them for hours. */
  #forget(): void {
    this.#isOpenEnded = false;
    this.#head = { ...this.#head, fields: NO_FIELDS };
  }

  inform(head: ResponseHead): void {
    if (this.sending === 'head' && head.status < 200 && head.status !== 101) this.#host.sendHead(this, head, false);
  }

  respond(head: ResponseHead, bodyless: boolean): BodySink {
    if (this.sending !== 'head') return this;
    // From now on both directions may idle like a watch.
    clearTimeout(this.#stall);
    const endStream = bodyless || forbidsBody(this.head.method, head.status);
    // A client must not wait for what HTTP/2 cannot carry (a status that is none, a name that is no token).
    if (head.status < 200 || !this.#host.sendHead(this, head, endStream)) this.reset('internal');
    else if (endStream) this.sent();
    else {
      this.sending = 'body';
      this.#isOpenEnded = fieldValue(head.fields, 'content-length') === undefined;
    }
    return this;
  }

  reset(reason: ResetReason): void {
    this.#onAbort = undefined;
    clearTimeout(this.#stall);
    this.abandon(resetCodeForClient(reason));
  }

  protected override onBroken(reason: ResetReason): void {
    clearTimeout(this.#stall);
    if (this.sending === 'ended') return;
    const abort = this.#onAbort;
    this.#onAbort = undefined;
    if (abort === undefined) this.#untold = reason;
    else abort(reason);
  }

  /** The response is out while the request still arrives: nobody wants the rest (RFC 9113 section 8.1). */
  protected override sent(): void {
    super.sent();
    if (!isOver(this.receiving)) this.abandon(ErrorCode.NO_ERROR);
  }

  #startClock(): void {
    if (this.receiving !== 'body' || this.sending !== 'head') return;
    clearTimeout(this.#stall);
    this.#stall = setTimeout(() => this.#stalled(), this.#host.bodyIdleMs);
  }

  /** A reset of ours calls nobody; but this one is nobody else's decision. */
  #stalled(): void {
    const abort = this.#onAbort;
    this.reset('timeout');
    abort?.('timeout');
  }
}
