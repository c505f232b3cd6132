import { constants, type ServerHttp2Stream } from 'node:http2';
import { ClockedBody } from './body-clock.ts';
import type { BodySink, ClientConnection, RequestHead, ResetReason, ResponseHead, ServerExchange } from './exchange.ts';
import { type Fields, fieldValue, NO_FIELDS } from './fields.ts';
import { asHeaderObject, isConnectionSpecific } from './raw-fields.ts';
import { resetCodeForClient, resetReasonOf } from './reset-code.ts';
import { ReadableBody, writeUnlessOver } from './stream-body.ts';

/** A request head as the protocol layer hands it on. */
export interface IncomingHead {
  readonly head: RequestHead;
  /** `Expect: 100-continue` was there (and is no longer among the fields): answered when the body is first read. */
  readonly expectsContinue: boolean;
}

/** One HTTP/2 request stream of a client. */
export class H2Exchange implements ServerExchange, BodySink {
  readonly connection: ClientConnection;
  readonly head: RequestHead;
  readonly bodyless: boolean;
  readonly body: ClockedBody;
  readonly upgrade = undefined;
  onAbort: ((reason: ResetReason) => void) | undefined;
  onDrain: (() => void) | undefined;
  readonly #stream: ServerHttp2Stream;
  #trailers: Fields = [];
  #answered = false;

  constructor(
    stream: ServerHttp2Stream,
    connection: ClientConnection,
    request: IncomingHead,
    bodyless: boolean,
    bodyIdleMs: number,
  ) {
    this.#stream = stream;
    this.connection = connection;
    this.head = request.head;
    this.bodyless = bodyless;
    let trailers: Fields = [];
    stream.on('trailers', (_object, _flags, raw) => {
      trailers = raw;
    });
    const arriving = new ReadableBody(stream, {
      // A reset stream also emits `end`; `aborted` tells the two apart as long as no response was completed.
      complete: () => stream.rstCode === 0 && !stream.aborted,
      trailers: () => trailers,
      reason: () => this.#reason(),
    });
    this.body = new ClockedBody(
      arriving,
      bodyIdleMs,
      () => this.reset('timeout'),
      () => {
        if (request.expectsContinue) this.inform({ status: 100, fields: NO_FIELDS });
      },
    );
    stream.on('error', () => {});
    stream.on('drain', () => this.onDrain?.());
    stream.on('wantTrailers', () => stream.sendTrailers(asHeaderObject(this.#trailers)));
    stream.on('finish', () => this.#finished());
    stream.on('close', () => this.#closed());
  }

  inform(head: ResponseHead): void {
    if (this.#over() || this.#stream.headersSent || head.status === 101) return;
    this.#stream.additionalHeaders({ ...asHeaderObject(head.fields), ':status': head.status });
  }

  respond(head: ResponseHead, bodyless: boolean): BodySink {
    if (this.#over() || this.#stream.headersSent) return this;
    this.body.release();
    const endStream = bodyless || this.head.method === 'HEAD' || head.status === 204 || head.status === 304;
    const raw = [':status', String(head.status)];
    for (let i = 0; i + 1 < head.fields.length; i += 2) {
      const name = head.fields[i] ?? '';
      if (!isConnectionSpecific(name)) raw.push(name, head.fields[i + 1] ?? '');
    }
    try {
      const waitForTrailers = !endStream && mayHaveTrailers(head.fields);
      // `sendDate` is documented but missing in Node's types: a Date is relayed, never made up.
      const options = { endStream, waitForTrailers, sendDate: false };
      this.#stream.respond(raw, options);
      this.#answered = endStream;
    } catch {
      // A head HTTP/2 cannot carry (a status above 599, a name that is no token): the client must not wait for it.
      this.reset('internal');
    }
    return this;
  }

  write(chunk: Uint8Array): boolean {
    return writeUnlessOver(this.#stream, chunk);
  }

  end(trailers: Fields): void {
    if (this.#over() || this.#stream.writableEnded) return;
    this.#trailers = trailers;
    this.#answered = true;
    this.#stream.end();
  }

  reset(reason: ResetReason): void {
    if (this.#over()) return;
    this.onAbort = undefined;
    this.#stream.close(resetCodeForClient(reason));
  }

  #over(): boolean {
    return this.#stream.destroyed || this.#stream.closed;
  }

  /** The response is out while the request still arrives: nobody wants the rest (RFC 9113 section 8.1). */
  #finished(): void {
    if (this.#answered && !this.bodyless && !this.#stream.readableEnded && !this.#over()) {
      this.#stream.close(constants.NGHTTP2_NO_ERROR);
    }
  }

  #closed(): void {
    this.body.release();
    const abort = this.onAbort;
    this.onAbort = undefined;
    if (!(this.#answered && this.#stream.writableFinished && this.#stream.rstCode === 0)) abort?.(this.#reason());
  }

  #reason(): ResetReason {
    return this.connection.closed.aborted ? 'connection-lost' : resetReasonOf(this.#stream.rstCode);
  }
}

/**
 * Trailers have to be asked for before the first byte, at the price of one frame more. A declared length without a
 * Trailer field says that there are none; whoever sends them nevertheless loses them (allowed by RFC 9110 section 6.5.1).
 */
export function mayHaveTrailers(fields: Fields): boolean {
  return fieldValue(fields, 'content-length') === undefined || fieldValue(fields, 'trailer') !== undefined;
}
