import { type IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { ClockedBody } from './body-clock.ts';
import type {
  BodySink,
  BodySource,
  ClientConnection,
  RequestHead,
  ResetReason,
  ResponseHead,
  ServerExchange,
} from './exchange.ts';
import { type Fields, fieldValue, NO_FIELDS, withoutFields } from './fields.ts';
import type { IncomingHead } from './incoming-head.ts';
import {
  declaresBody,
  forbidsBody,
  isConnectionSpecific,
  isUnsafe,
  lowerNames,
  sendableTrailers,
  TOKEN,
} from './raw-fields.ts';
import { NO_BODY, ReadableBody, writeUnlessOver } from './stream-body.ts';

const EMPTY = Buffer.alloc(0);

/** What an exchange needs to know of the server that accepted it. */
export interface H1ServerState {
  readonly bodyIdleMs: number;
  /** The listener is closing: responses end their connection. */
  readonly draining: boolean;
  /** The response on `socket` is over, be it whole or not. */
  ended(socket: Socket): void;
}

/** A response of Node that knows its exchange: listeners need no closures, of which a thousand watches have thousands. */
export class H1Response extends ServerResponse {
  exchange: H1Exchange | undefined;
}

/** One HTTP/1.1 request of a client. */
export class H1Exchange implements ServerExchange, BodySink {
  readonly connection: ClientConnection;
  readonly bodyless: boolean;
  readonly body: BodySource;
  readonly upgrade = undefined;
  onAbort: ((reason: ResetReason) => void) | undefined;
  onDrain: (() => void) | undefined;
  readonly #request: IncomingMessage;
  readonly #response: H1Response;
  readonly #server: H1ServerState;
  readonly #clock: ClockedBody | undefined;
  #head: RequestHead;
  /** The response declares no length, so that it may last. */
  #isStream = false;
  #awaitsContinue: boolean;
  #dead = false;

  constructor(
    request: IncomingMessage,
    response: H1Response,
    connection: ClientConnection,
    incoming: IncomingHead,
    server: H1ServerState,
  ) {
    this.#request = request;
    this.#response = response;
    this.#server = server;
    this.connection = connection;
    this.#head = incoming.head;
    this.bodyless = !declaresBody(incoming.head.fields);
    this.#awaitsContinue = incoming.expectsContinue;
    this.#clock = this.bodyless ? undefined : this.#arriving();
    this.body = this.#clock ?? NO_BODY;
    response.exchange = this;
    request.on('error', ignore);
    response.on('error', ignore);
    response.on('drain', drained);
    response.on('close', closed);
    response.on('finish', finished);
  }

  get head(): RequestHead {
    return this.#head;
  }

  inform(head: ResponseHead): void {
    if (this.#over() || this.#response.headersSent || head.status === 101) return;
    if (this.#request.httpVersion === '1.0') return;
    const fields = withoutFields(head.fields, (name) => isConnectionSpecific(name) || !TOKEN.test(name));
    if (!fields.some(isUnsafe)) this.#response.writeInformation(head.status, fields);
  }

  respond(head: ResponseHead, bodyless: boolean): BodySink {
    const response = this.#response;
    if (this.#over() || response.headersSent) return this;
    this.#clock?.release();
    const isEmpty = bodyless || forbidsBody(this.head.method, head.status);
    if (this.#server.draining) response.shouldKeepAlive = false;
    response.sendDate = false;
    try {
      response.writeHead(head.status, responseFields(head, isEmpty, this.head.method));
    } catch {
      this.reset('internal');
      return this;
    }
    if (isEmpty) response.end();
    // An idle watch must show its head. `flushHeaders` would write it as UTF-8; an empty chunk keeps the octets.
    else if (fieldValue(head.fields, 'content-length') === undefined) {
      this.#isStream = true;
      response.write(EMPTY);
    }
    return this;
  }

  write(chunk: Uint8Array): boolean {
    if (this.#isStream) this.#forget();
    return writeUnlessOver(this.#response, chunk);
  }

  end(trailers: Fields): void {
    if (this.#over() || this.#response.writableEnded) return;
    if (trailers.length > 0) {
      const sendable = sendableTrailers(trailers);
      const pairs: [string, string][] = [];
      for (let i = 0; i + 1 < sendable.length; i += 2) pairs.push([sendable[i] ?? '', sendable[i + 1] ?? '']);
      this.#response.addTrailers(pairs);
    }
    this.#response.end();
  }

  reset(_reason: ResetReason): void {
    if (this.#over()) return;
    this.onAbort = undefined;
    this.#dead = true;
    // HTTP/1.1 can end a message early in no other way than to end the connection.
    this.#request.socket.destroy();
  }

  /** Called by the response's listeners. */
  closed(): void {
    this.#server.ended(this.#request.socket);
    this.#clock?.release();
    const abort = this.onAbort;
    this.onAbort = undefined;
    if (!this.#response.writableFinished) abort?.('cancel');
  }

  /** The response is complete although the request is not: what still comes is skipped, but not for ever. */
  finished(): void {
    if (this.#request.complete) return;
    const { socket } = this.#request;
    const timer = setTimeout(() => socket.destroy(), this.#server.bodyIdleMs).unref();
    this.#request.once('close', () => clearTimeout(timer));
  }

  #arriving(): ClockedBody {
    const request = this.#request;
    const body = new ReadableBody(request, {
      complete: () => request.complete,
      trailers: () => lowerNames(request.rawTrailers),
      reason: () => 'cancel',
    });
    return new ClockedBody(
      body,
      this.#server.bodyIdleMs,
      () => this.#stalled(),
      () => this.#continue(),
    );
  }

  /** A token alone is a kilobyte, and a watch lasts for hours after anybody looked at it. */
  #forget(): void {
    this.#isStream = false;
    this.#head = { ...this.#head, fields: NO_FIELDS };
    if (this.#request.complete) this.#request.rawHeaders = [];
  }

  /** A reset of ours calls nobody; but this one is nobody else's decision. */
  #stalled(): void {
    const abort = this.onAbort;
    this.reset('timeout');
    abort?.('timeout');
  }

  #over(): boolean {
    return this.#dead || this.#response.destroyed || this.#request.socket.destroyed;
  }

  #continue(): void {
    if (!this.#awaitsContinue) return;
    this.#awaitsContinue = false;
    if (!this.#over() && !this.#response.headersSent) this.#response.writeContinue();
  }
}

function ignore(): void {}

function drained(this: H1Response): void {
  this.exchange?.onDrain?.();
}

function closed(this: H1Response): void {
  this.exchange?.closed();
}

function finished(this: H1Response): void {
  this.exchange?.finished();
}

/** Node frames the body itself (chunked unless a length is declared) and manages the connection. */
function responseFields(head: ResponseHead, isEmpty: boolean, method: string): string[] {
  const chunked = !isEmpty && fieldValue(head.fields, 'content-length') === undefined;
  const raw: string[] = [];
  for (let i = 0; i + 1 < head.fields.length; i += 2) {
    const name = head.fields[i] ?? '';
    // Node refuses to announce trailers on a message that cannot carry them.
    if (isConnectionSpecific(name) || (name === 'trailer' && !chunked)) continue;
    raw.push(name, head.fields[i + 1] ?? '');
  }
  const undeclared = method === 'HEAD' || head.status === 204 || head.status === 304;
  if (isEmpty && !undeclared && fieldValue(raw, 'content-length') === undefined) raw.push('content-length', '0');
  return raw;
}
