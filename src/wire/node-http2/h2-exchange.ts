import { constants, type ServerHttp2Stream } from 'node:http2';
import { ClockedBody } from '../body-clock.ts';
import type {
  BodySink,
  ClientConnection,
  RequestHead,
  ResetReason,
  ResponseHead,
  ServerExchange,
} from '../exchange.ts';
import { type Fields, NO_FIELDS, withoutFields } from '../fields.ts';
import type { IncomingHead } from '../incoming-head.ts';
import {
  forbidsBody,
  isConnectionSpecific,
  isUnsafe,
  mayHaveTrailers,
  sendableTrailers,
  TOKEN,
} from '../raw-fields.ts';
import { resetCodeForClient, resetReasonOf } from '../reset-code.ts';
import { NO_BODY, ReadableBody, writeUnlessOver } from '../stream-body.ts';
import { abandonStream } from './abandoned-stream.ts';
import { asHeaderObject } from './header-object.ts';
import { markNeverIndexed } from './never-indexed.ts';

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
  #dead = false;

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
    const arriving = bodyless
      ? NO_BODY
      : new ReadableBody(stream, {
          // A reset stream also emits `end`; `aborted` tells the two apart as long as no response was completed.
          complete: () => stream.rstCode === 0 && !stream.aborted,
          trailers: () => trailers,
          reason: () => this.#reason(),
        });
    this.body = new ClockedBody(
      arriving,
      bodyIdleMs,
      () => this.#stalled(),
      () => {
        if (request.expectsContinue) this.inform({ status: 100, fields: NO_FIELDS });
      },
    );
    this.#watchClose(stream);
    stream.on('error', () => {});
    stream.on('drain', () => this.onDrain?.());
    stream.on('wantTrailers', () => stream.sendTrailers(asHeaderObject(sendableTrailers(this.#trailers))));
    stream.on('finish', () => this.#finished());
    stream.on('close', () => this.#closed());
    // Of a request that nobody reads Node resets the stream when the answer is written, in place of its END_STREAM.
    if (bodyless) stream.resume();
  }

  inform(head: ResponseHead): void {
    if (this.#over() || this.#stream.headersSent || head.status === 101) return;
    const fields = withoutFields(head.fields, (name) => isConnectionSpecific(name) || !TOKEN.test(name));
    if (fields.some(isUnsafe)) return;
    this.#stream.additionalHeaders({ ...asHeaderObject(fields), ':status': head.status });
  }

  respond(head: ResponseHead, bodyless: boolean): BodySink {
    if (this.#over() || this.#stream.headersSent) return this;
    this.body.release();
    const endStream = bodyless || forbidsBody(this.head.method, head.status);
    const fields = withoutFields(head.fields, (name) => isConnectionSpecific(name) || name.startsWith(':'));
    const raw = [':status', String(head.status), ...fields];
    try {
      if (raw.some(isUnsafe)) throw new TypeError('The response head holds characters that HTTP cannot carry.');
      const waitForTrailers = !endStream && mayHaveTrailers(head.fields);
      // `sendDate` is documented but missing in Node's types: a Date is relayed, never made up.
      const options = { endStream, waitForTrailers, sendDate: false };
      this.#stream.respond(markNeverIndexed(raw, head.neverIndexed ?? []), options);
      this.#answered = endStream;
    } catch {
      // A head HTTP/2 cannot carry (a status above 599, a name that is no token): the client must not wait for it.
      this.reset('internal');
    }
    return this;
  }

  write(chunk: Uint8Array): boolean {
    return this.#dead || writeUnlessOver(this.#stream, chunk);
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
    this.#dead = true;
    abandonStream(this.#stream, resetCodeForClient(reason));
  }

  /**
   * Node ends the readable also when the stream is closed by either side with NO_ERROR, and then waits until it was read
   * and everything was sent: a client that left in this way would never be noticed while the body or the response stands.
   */
  #watchClose(stream: ServerHttp2Stream): void {
    const push = stream.push;
    stream.push = (chunk, encoding) => {
      if (chunk === null && stream.closed && !stream.destroyed) abandonStream(stream, constants.NGHTTP2_NO_ERROR);
      return push.call(stream, chunk, encoding);
    };
  }

  /** A reset of ours calls nobody; but this one is nobody else's decision. */
  #stalled(): void {
    const abort = this.onAbort;
    this.reset('timeout');
    abort?.('timeout');
  }

  #over(): boolean {
    return this.#dead || this.#stream.destroyed || this.#stream.closed;
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
    if (!(this.#answered && this.#stream.writableFinished)) abort?.(this.#reason());
  }

  #reason(): ResetReason {
    return this.connection.closed.aborted ? 'connection-lost' : resetReasonOf(this.#stream.rstCode);
  }
}
