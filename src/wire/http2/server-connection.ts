import type { Socket } from 'node:net';
import type { ClientConnection, ExchangeHandler, ResponseHead } from '../exchange.ts';
import { resetReasonOf } from '../reset-code.ts';
import { Http2Connection } from './connection.ts';
import { ConnectionError, ErrorCode, errorCodeName } from './error-code.ts';
import { FrameType, LARGEST_STREAM_ID, PREFACE } from './frame.ts';
import type { HeaderBlock } from './hpack/hpack-decoder.ts';
import type { Http2Limits } from './limits.ts';
import { areSendable, encodeFields } from './message-fields.ts';
import { readRequest } from './request-message.ts';
import { ServerStream, type ServerStreamHost } from './server-stream.ts';
import { Setting } from './settings.ts';

/** What a server grants its clients. */
export interface ServerLimits extends Http2Limits {
  /** Longest pause of a request body before its response has begun. */
  readonly bodyIdleMs: number;
  /** A connection without a stream. */
  readonly idleMs: number;
}

const GOODBYE_PING = Buffer.from('goodbye.');
/** How long a client may take to show that it has read the first GOAWAY. */
const FAREWELL_MS = 1000;

/** One client's HTTP/2 connection: its requests go to `handler`. */
export class Http2ServerConnection extends Http2Connection<ServerStream> implements ServerStreamHost {
  readonly client: ClientConnection;
  readonly bodyIdleMs: number;
  protected override readonly isServer = true;
  readonly #handler: ExchangeHandler;
  readonly #idleMs: number;
  /** Octets of the client's preface that have arrived. */
  #preface = 0;
  #lastStream = 0;
  /** Streams above it are the client's to send elsewhere. */
  #lastServed = LARGEST_STREAM_ID;
  #idleTimer: NodeJS.Timeout | undefined;
  #farewell: NodeJS.Timeout | undefined;
  #fault: string | undefined;

  constructor(socket: Socket, client: ClientConnection, handler: ExchangeHandler, limits: ServerLimits) {
    super(socket, limits);
    this.client = client;
    this.bodyIdleMs = limits.bodyIdleMs;
    this.#handler = handler;
    this.#idleMs = limits.idleMs;
    this.greet(undefined, [
      [Setting.MAX_CONCURRENT_STREAMS, limits.streams],
      [Setting.INITIAL_WINDOW_SIZE, limits.streamWindow],
      [Setting.MAX_HEADER_LIST_SIZE, limits.headerBytes],
    ]);
    this.#becameIdle();
  }

  get openStreams(): number {
    return this.streams.size;
  }

  /** Name of the code with which it was ended for what the client did; undefined: it was not. */
  get fault(): string | undefined {
    return this.#fault;
  }

  /**
   * Lets open streams finish and then closes. The client is told twice (RFC 9113 section 6.8): first that no more should come,
   * while what is under way is still served, and a round trip later what the last stream was.
   */
  drain(): void {
    if (this.kind === 'greeting') this.finish();
    if (this.kind !== 'open' || this.#farewell !== undefined) return;
    this.sayGoaway(LARGEST_STREAM_ID, ErrorCode.NO_ERROR);
    this.output.frame(FrameType.PING, 0, 0, GOODBYE_PING);
    this.#farewell = setTimeout(() => this.#sayLast(), FAREWELL_MS).unref();
  }

  protected override beforeFrames(chunk: Buffer): Buffer {
    if (this.#preface === PREFACE.length) return chunk;
    const part = chunk.subarray(0, PREFACE.length - this.#preface);
    if (!part.equals(PREFACE.subarray(this.#preface, this.#preface + part.length))) {
      throw new ConnectionError(ErrorCode.PROTOCOL_ERROR, 'this is no HTTP/2');
    }
    this.#preface += part.length;
    return chunk.subarray(part.length);
  }

  protected override get lastPeerStream(): number {
    return Math.min(this.#lastStream, this.#lastServed);
  }

  protected override isIdle(id: number): boolean {
    return id > this.#lastStream || id % 2 === 0;
  }

  protected override onHead(id: number, block: HeaderBlock, endStream: boolean, isBroken: boolean): void {
    if (id % 2 === 0) throw new ConnectionError(ErrorCode.PROTOCOL_ERROR, 'clients open streams with odd numbers');
    if (id <= this.#lastStream) {
      if (!isBroken) throw new ConnectionError(ErrorCode.STREAM_CLOSED, 'HEADERS on a stream that is over');
      this.onIdleFrame();
      return;
    }
    this.conduct.delivered();
    this.#lastStream = id;
    if (id > this.#lastServed) return;
    if (this.streams.size >= this.limits.streams) this.#refuseSurplus(id);
    else if (block.isTooLarge) this.refuseStream(id, ErrorCode.ENHANCE_YOUR_CALM);
    else this.#accept(id, block, endStream);
  }

  /** A client that knows how many it may have is not surprised by a limit (RFC 9113 section 5.1.2). */
  #refuseSurplus(id: number): void {
    if (this.isSettled) throw new ConnectionError(ErrorCode.PROTOCOL_ERROR, 'more streams than allowed');
    this.refuseStream(id, ErrorCode.REFUSED_STREAM);
  }

  #accept(id: number, block: HeaderBlock, endStream: boolean): void {
    const read = readRequest(block);
    if (read.kind === 'malformed') {
      this.refuseStream(id, ErrorCode.PROTOCOL_ERROR);
      return;
    }
    if (read.kind === 'refused') {
      this.encoder.begin();
      this.encoder.field(':status', String(read.status));
      this.sendBlock(id, true);
      if (!endStream) this.refuseStream(id, ErrorCode.NO_ERROR);
      return;
    }
    if (endStream && read.message.contentLength > 0) {
      this.refuseStream(id, ErrorCode.PROTOCOL_ERROR);
      return;
    }
    const stream = new ServerStream(this, id, read.message, endStream, this.peer.initialWindow);
    this.streams.add(stream);
    clearTimeout(this.#idleTimer);
    this.#handler(stream);
  }

  protected override onBlock(stream: ServerStream, block: HeaderBlock, endStream: boolean): void {
    this.onTrailers(stream, block, endStream);
  }

  protected override onStreamReset(stream: ServerStream, code: number): void {
    this.conduct.broke();
    stream.broke(resetReasonOf(code));
  }

  /** The client opens nothing more; what is open goes on. */
  override onGoaway(): void {
    this.leave();
    this.#finishIfIdle();
  }

  protected override onOpen(): void {}
  protected override onSettingsChanged(): void {}

  override onPong(): void {
    if (this.#farewell !== undefined) this.#sayLast();
  }

  protected override onStreamClosed(): void {
    if (this.streams.size > 0 || this.kind === 'closed') return;
    this.#becameIdle();
    this.#finishIfIdle();
  }

  /** The window of the connection closes until readers go on: it is this client's own backlog. */
  protected override onHeldTooMuch(): void {}

  protected override onClosed(error: ConnectionError | undefined): void {
    this.#fault = error && errorCodeName(error.errorCode);
    clearTimeout(this.#idleTimer);
    clearTimeout(this.#farewell);
  }

  sendHead(stream: ServerStream, head: ResponseHead, endStream: boolean): boolean {
    if (head.status < 100 || head.status > 599 || !areSendable(head.fields)) return false;
    this.encoder.begin();
    this.encoder.field(':status', String(head.status));
    encodeFields(this.encoder, head.fields, head.neverIndexed);
    this.sendBlock(stream.id, endStream);
    return true;
  }

  #sayLast(): void {
    clearTimeout(this.#farewell);
    this.#farewell = undefined;
    if (this.kind !== 'leaving') return;
    this.#lastServed = this.#lastStream;
    this.sayGoaway(this.#lastServed, ErrorCode.NO_ERROR);
    this.#finishIfIdle();
  }

  #finishIfIdle(): void {
    if (this.kind === 'leaving' && this.#farewell === undefined && this.streams.size === 0) this.finish();
  }

  #becameIdle(): void {
    clearTimeout(this.#idleTimer);
    this.#idleTimer = setTimeout(() => this.drain(), this.#idleMs).unref();
  }
}
