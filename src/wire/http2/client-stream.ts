import type { BodySink, BodySource, ResetReason, ResponseHead } from '../exchange.ts';
import { resetCodeForServer } from '../reset-code.ts';
import { ErrorCode } from './error-code.ts';
import type { ResponseMessage } from './response-message.ts';
import { isOver, Stream, type StreamHost } from './stream.ts';

/** What happens to one request. After `failed` nothing more is called. `F`: how its user describes failures. */
export interface ResponseReceiver<F> {
  /** A 1xx response. */
  inform(head: ResponseHead): void;
  /** The final head. `bodyless` true: the body has already ended. */
  respond(head: ResponseHead, body: BodySource, bodyless: boolean): void;
  /** Only before `respond`; afterwards failures arrive as `reset` of the body. */
  failed(failure: F): void;
}

/** How a stream ended: its response is whole, the server or the connection broke it off, or we did. */
export type StreamEnding = 'whole' | 'broken' | 'abandoned';

export interface ClientStreamHost<F> extends StreamHost {
  /** Why a stream ended that the server, or the loss of the connection, has broken off. */
  failureOf(stream: ClientStream<F>, reason: ResetReason): F;
}

/** More interim responses than any server has reason to send. */
const MOST_INTERIM = 100;

/** One request to a server. */
export class ClientStream<F> extends Stream {
  /** Takes the request body; undefined when there is none. */
  readonly body: BodySink | undefined;
  /** 0 before the final head. */
  status = 0;
  ending: StreamEnding = 'broken';
  readonly #host: ClientStreamHost<F>;
  readonly #isHead: boolean;
  #receiver: ResponseReceiver<F> | undefined;
  #interim = 0;

  constructor(
    host: ClientStreamHost<F>,
    id: number,
    isHead: boolean,
    bodyless: boolean,
    receiver: ResponseReceiver<F>,
    sendWindow: number,
  ) {
    super(host, id, 'head', bodyless ? 'ended' : 'body', sendWindow);
    this.#host = host;
    this.#isHead = isHead;
    this.#receiver = receiver;
    this.body = bodyless ? undefined : this;
  }

  /** Whether `head` is in order; false: the server broke the rules (RFC 9113 section 8.1). */
  answered({ head, contentLength }: ResponseMessage, endStream: boolean): boolean {
    if (head.status < 200) {
      this.#interim += 1;
      if (endStream || this.#interim > MOST_INTERIM) return false;
      this.#receiver?.inform(head);
      return true;
    }
    const hasNone = this.#isHead || head.status === 204 || head.status === 304;
    if (endStream && contentLength > 0 && !hasNone) return false;
    // What answers HEAD declares what it does not send; any DATA is too much then (RFC 9110 section 9.3.2).
    this.undelivered = hasNone ? 0 : contentLength;
    this.status = head.status;
    this.receiving = 'body';
    const receiver = this.#receiver;
    this.#receiver = undefined;
    if (endStream) {
      this.ending = 'whole';
      this.arrivedNothing();
      receiver?.respond(head, this, true);
      this.#stopUpload();
      if (isOver(this.sending)) this.host.closed(this);
    } else receiver?.respond(head, this, false);
    return true;
  }

  override arrivedEnd(trailers: readonly string[]): void {
    this.ending = 'whole';
    super.arrivedEnd(trailers);
    this.#stopUpload();
  }

  reset(reason: ResetReason): void {
    if (this.ending !== 'whole') this.ending = 'abandoned';
    this.#receiver = undefined;
    this.abandon(resetCodeForServer(reason));
  }

  protected override onBroken(reason: ResetReason): void {
    const receiver = this.#receiver;
    this.#receiver = undefined;
    receiver?.failed(this.#host.failureOf(this, reason));
  }

  /** A server that answers before it has taken the request wants no more of it. */
  #stopUpload(): void {
    this.abandonSending(ErrorCode.CANCEL);
  }
}
