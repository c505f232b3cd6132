import type { Socket } from 'node:net';
import type { ResetReason } from '../exchange.ts';
import type { Fields } from '../fields.ts';
import { sendableTrailers } from '../raw-fields.ts';
import { resetReasonOf } from '../reset-code.ts';
import { BrokenStreams } from './broken-streams.ts';
import { Conduct } from './conduct.ts';
import { ConnectionError, ErrorCode } from './error-code.ts';
import { isValidField } from './field-rules.ts';
import { DEFAULT_WINDOW, Flag, FrameType, LARGEST_WINDOW } from './frame.ts';
import { FrameDispatch, type FrameReceiver } from './frame-dispatch.ts';
import { FrameReader } from './frame-reader.ts';
import { type HeaderBlock, HpackDecoder } from './hpack/hpack-decoder.ts';
import { HpackEncoder } from './hpack/hpack-encoder.ts';
import { HpackError } from './hpack/hpack-error.ts';
import {
  HEADER_TABLE_BYTES,
  type Http2Limits,
  LINGER_MS,
  MAX_CONTROL_BACKLOG,
  MAX_FIELDS,
  WORTHWHILE_BYTES,
} from './limits.ts';
import { Liveness } from './liveness.ts';
import { Output } from './output.ts';
import { ReceiveWindow } from './receive-window.ts';
import { readTrailers } from './response-message.ts';
import { Sender } from './sender.ts';
import { applySettings, initialPeerSettings, type PeerSettings, settingsPayload } from './settings.ts';
import { SocketEnd } from './socket-end.ts';
import type { Stream, StreamHost } from './stream.ts';
import { StreamTable } from './stream-table.ts';

/** Where a connection stands. */
export type ConnectionState =
  /** Until the peer's preface and SETTINGS are here (RFC 9113 section 3.4). */
  | { readonly kind: 'greeting'; readonly timer: NodeJS.Timeout }
  | { readonly kind: 'open' }
  /** One side has said GOAWAY: what is open finishes, then the connection closes (section 6.8). */
  | { readonly kind: 'leaving' }
  /** Over for its users; its last frames may still be under way, for a moment. */
  | { readonly kind: 'closed' };

const OPEN: ConnectionState = { kind: 'open' };
const LEAVING: ConnectionState = { kind: 'leaving' };
const CLOSED: ConnectionState = { kind: 'closed' };
const PING_PAYLOAD = Buffer.from('alive?..', 'latin1');
const NO_PAYLOAD = new Uint8Array();
const NO_TRAILERS: Fields = [];

/** What both ends of an HTTP/2 connection have in common (RFC 9113). `S`: its streams. */
export abstract class Http2Connection<S extends Stream> implements FrameReceiver, StreamHost {
  readonly streamWindow: number;
  protected readonly limits: Http2Limits;
  protected readonly streams = new StreamTable<S>();
  protected readonly peer: PeerSettings = initialPeerSettings();
  protected readonly output: Output;
  protected readonly encoder = new HpackEncoder(HEADER_TABLE_BYTES);
  protected readonly liveness: Liveness;
  protected readonly conduct: Conduct;
  readonly #socket: Socket;
  readonly #sender: Sender;
  readonly #window: ReceiveWindow;
  readonly #decoder: HpackDecoder;
  readonly #reader: FrameReader;
  readonly #end: SocketEnd;
  readonly #broken = new BrokenStreams();
  /** Streams of which something waits for a reader. */
  readonly #holding = new Set<S>();
  #state: ConnectionState;
  /** Whom the current DATA frame is for; undefined: nobody. */
  #dataStream: S | undefined;
  #isSettled = false;
  #saidGoaway = false;

  constructor(socket: Socket, limits: Http2Limits) {
    this.#socket = socket;
    this.limits = limits;
    this.streamWindow = limits.streamWindow;
    this.output = new Output(socket, () => this.#sender.drained());
    this.#sender = new Sender(this.output, this.peer);
    this.#window = new ReceiveWindow(limits.connectionWindow, limits.heldBytes, (octets) =>
      this.output.number(FrameType.WINDOW_UPDATE, 0, octets),
    );
    this.#end = new SocketEnd(socket);
    this.conduct = new Conduct(limits);
    // Huffman coding makes nothing four times as large as it was.
    this.#reader = new FrameReader(new FrameDispatch(this, 4 * limits.headerBytes), limits.maxFrameSize);
    this.#decoder = new HpackDecoder({
      maxTableSize: HEADER_TABLE_BYTES,
      maxListSize: limits.headerBytes,
      maxFields: MAX_FIELDS,
      isValid: isValidField,
    });
    const late = (): void => this.fail(ErrorCode.SETTINGS_TIMEOUT, 'the preface did not come in time');
    this.#state = { kind: 'greeting', timer: setTimeout(late, limits.prefaceMs).unref() };
    const ping = (): void => this.output.frame(FrameType.PING, 0, 0, PING_PAYLOAD);
    this.liveness = new Liveness(socket, ping, limits.pingIntervalMs, limits.pingTimeoutMs, () => this.onDead());
    socket.on('data', (chunk: Buffer) => this.received(chunk));
    // HTTP/2 has no use for half a connection.
    socket.on('end', () => socket.destroy());
    socket.on('close', () => this.#closed('connection-lost'));
  }

  get kind(): ConnectionState['kind'] {
    return this.#state.kind;
  }

  get isGreeting(): boolean {
    return this.#state.kind === 'greeting';
  }

  /** Whether the peer has acknowledged our SETTINGS, so that it is bound by them. */
  protected get isSettled(): boolean {
    return this.#isSettled;
  }

  protected abstract readonly isServer: boolean;
  /** The largest stream of the peer that was acted on, for GOAWAY. */
  protected abstract get lastPeerStream(): number;
  /** Whether nobody can have opened stream `id` yet. */
  protected abstract isIdle(id: number): boolean;
  /** A block of no open stream. `isBroken`: of one that we broke. */
  protected abstract onHead(id: number, block: HeaderBlock, endStream: boolean, isBroken: boolean): void;
  /** A block of an open stream. */
  protected abstract onBlock(stream: S, block: HeaderBlock, endStream: boolean): void;
  protected abstract onStreamReset(stream: S, code: number): void;
  abstract onGoaway(lastStreamId: number, code: number): void;
  abstract onPong(): void;
  /** The peer's first SETTINGS are here; then, others. */
  protected abstract onOpen(): void;
  protected abstract onSettingsChanged(): void;
  protected abstract onStreamClosed(stream: S): void;
  /** Readers have left more lying than may be held; the streams may be over otherwise. */
  protected abstract onHeldTooMuch(streams: ReadonlySet<S>): void;
  /** Over, though the streams have not heard of it yet. `error`: what the peer did wrong. */
  protected abstract onClosed(error: ConnectionError | undefined): void;

  /** The peer gives no sign of life. */
  protected onDead(): void {
    this.#socket.destroy();
  }

  /** Our preface: SETTINGS, and the connection's window if it is larger than what HTTP/2 begins with. */
  protected greet(preface: Buffer | undefined, settings: readonly (readonly [number, number])[]): void {
    if (preface !== undefined) this.#socket.write(preface);
    this.output.frame(FrameType.SETTINGS, 0, 0, settingsPayload(settings));
    const more = this.limits.connectionWindow - DEFAULT_WINDOW;
    if (more > 0) this.output.number(FrameType.WINDOW_UPDATE, 0, more);
  }

  /** GOAWAY. Nothing but the streams that are open goes on. */
  protected sayGoaway(lastStreamId: number, code: number): void {
    const payload = Buffer.alloc(8);
    payload.writeUInt32BE(lastStreamId, 0);
    payload.writeUInt32BE(code, 4);
    this.output.frame(FrameType.GOAWAY, 0, 0, payload);
    this.#saidGoaway = true;
    this.leave();
  }

  protected leave(): void {
    if (this.#state.kind === 'greeting') clearTimeout(this.#state.timer);
    if (this.#state.kind !== 'closed') this.#state = LEAVING;
  }

  /** Ends the connection and whatever is open on it, and says why. */
  protected fail(code: number, message: string): void {
    this.#fail(new ConnectionError(code, message));
  }

  #fail(error: ConnectionError): void {
    if (this.#state.kind === 'closed') return;
    this.sayGoaway(this.lastPeerStream, error.errorCode);
    this.#reader.stop();
    this.#closed('protocol', error);
    this.#sendLast();
    this.#end.within(LINGER_MS);
  }

  /** Sends what is left, and closes when the peer does, or when it takes nothing more. */
  protected finish(): void {
    this.#sendLast();
    this.#end.await(this.limits.pingTimeoutMs);
    this.#closed('connection-lost');
  }

  #sendLast(): void {
    if (!this.#saidGoaway) this.sayGoaway(this.lastPeerStream, ErrorCode.NO_ERROR);
    this.output.flush();
    this.output.close();
  }

  /** Takes what was read of the socket; public for sockets that hand it out in another way than as events. */
  received(chunk: Buffer): void {
    this.liveness.heard();
    if (this.#state.kind === 'closed') return;
    try {
      this.#reader.push(this.beforeFrames(chunk));
    } catch (error) {
      if (error instanceof ConnectionError) this.#fail(error);
      else if (error instanceof HpackError) this.fail(ErrorCode.COMPRESSION_ERROR, error.message);
      else {
        this.fail(ErrorCode.INTERNAL_ERROR, 'a handler threw');
        throw error;
      }
    }
  }

  /** What of `chunk` is frames. */
  protected beforeFrames(chunk: Buffer): Buffer {
    return chunk;
  }

  #closed(reason: ResetReason, error?: ConnectionError): void {
    if (this.#state.kind === 'closed') return;
    if (this.#state.kind === 'greeting') clearTimeout(this.#state.timer);
    this.#state = CLOSED;
    this.liveness.stop();
    this.onClosed(error);
    for (const stream of this.streams.all()) stream.broke(reason);
  }

  /** Every block is decoded, whoever it is for: the table must stay in step (RFC 9113 section 4.3). */
  onHeaderBlock(id: number, endStream: boolean, bytes: Buffer, start: number, end: number): void {
    const block = this.#decoder.decode(bytes, start, end);
    const stream = this.streams.get(id);
    if (stream !== undefined) {
      this.conduct.delivered();
      this.onBlock(stream, block, endStream);
      return;
    }
    this.onHead(id, block, endStream, this.#broken.has(id));
  }

  onDataFrame(id: number, length: number, padding: number): void {
    this.#window.take(length);
    this.#dataStream = this.#receiverOf(id, length);
    this.#dataStream?.arrivedPadding(padding);
  }

  onData(chunk: Buffer, isLast: boolean): void {
    const stream = this.#dataStream;
    if (stream !== undefined && stream.receiving === 'body' && this.#isDeclared(stream, chunk.length)) {
      if (chunk.length > 0) {
        this.conduct.delivered();
        stream.arrived(chunk);
      }
      if (isLast && stream.receiving === 'body') this.endMessage(stream, NO_TRAILERS);
    }
    this.#window.settle();
  }

  /** The stream that takes a DATA frame of `length` octets; undefined: nobody wants them. */
  #receiverOf(id: number, length: number): S | undefined {
    const stream = this.streams.get(id);
    if (stream === undefined) {
      if (this.isIdle(id)) throw new ConnectionError(ErrorCode.PROTOCOL_ERROR, 'DATA on an idle stream');
      this.#tolerate(id, length);
      return undefined;
    }
    if (stream.receiving !== 'body') {
      const isOver = stream.receiving === 'ended';
      this.breakStream(stream, isOver ? ErrorCode.STREAM_CLOSED : ErrorCode.PROTOCOL_ERROR);
      return undefined;
    }
    stream.receiveWindow -= length;
    if (stream.receiveWindow >= 0) return stream;
    this.breakStream(stream, ErrorCode.FLOW_CONTROL_ERROR);
    return undefined;
  }

  /** DATA on a stream that is over is of no use; but it may have been under way when we broke the stream (RFC 9113 section 5.1). */
  #tolerate(id: number, length: number): void {
    if (!this.#broken.has(id)) {
      this.refuseStream(id, ErrorCode.STREAM_CLOSED);
      return;
    }
    this.#broken.tolerate(id, length);
    if (length < WORTHWHILE_BYTES) this.onIdleFrame();
  }

  /** Whether `octets` more are no more than content-length has declared (RFC 9113 section 8.1.1). */
  #isDeclared(stream: S, octets: number): boolean {
    if (stream.undelivered < 0) return true;
    if (stream.undelivered < octets) {
      this.breakStream(stream, ErrorCode.PROTOCOL_ERROR);
      return false;
    }
    stream.undelivered -= octets;
    return true;
  }

  /** END_STREAM: the peer's message is whole, unless it promised more (RFC 9113 section 8.1.1). */
  protected endMessage(stream: S, trailers: Fields): void {
    if (stream.undelivered > 0) this.breakStream(stream, ErrorCode.PROTOCOL_ERROR);
    else stream.arrivedEnd(trailers);
  }

  /** The block behind a body. */
  protected onTrailers(stream: S, block: HeaderBlock, endStream: boolean): void {
    const trailers = readTrailers(block);
    if (stream.receiving === 'ended') this.breakStream(stream, ErrorCode.STREAM_CLOSED);
    else if (block.isTooLarge) this.breakStream(stream, ErrorCode.ENHANCE_YOUR_CALM);
    else if (trailers === undefined || !endStream) this.breakStream(stream, ErrorCode.PROTOCOL_ERROR);
    else this.endMessage(stream, trailers);
  }

  onReset(id: number, code: number): void {
    const stream = this.streams.get(id);
    if (stream !== undefined) this.onStreamReset(stream, code);
    else if (this.isIdle(id)) throw new ConnectionError(ErrorCode.PROTOCOL_ERROR, 'RST_STREAM on an idle stream');
    else this.onIdleFrame();
  }

  onWindowUpdate(id: number, increment: number): void {
    if (id === 0) {
      this.#sender.widen(increment);
      return;
    }
    const stream = this.streams.get(id);
    if (stream === undefined) {
      if (this.isIdle(id)) throw new ConnectionError(ErrorCode.PROTOCOL_ERROR, 'WINDOW_UPDATE on an idle stream');
    } else if (increment === 0) this.breakStream(stream, ErrorCode.PROTOCOL_ERROR);
    else {
      stream.sendWindow += increment;
      if (stream.sendWindow > LARGEST_WINDOW) this.breakStream(stream, ErrorCode.FLOW_CONTROL_ERROR);
      else stream.pump();
    }
  }

  onSettings(bytes: Buffer, start: number, end: number): void {
    const before = this.peer.initialWindow;
    applySettings(this.peer, bytes, start, end, !this.isServer);
    this.encoder.limitTable(this.peer.headerTableSize);
    this.#acknowledge(FrameType.SETTINGS, NO_PAYLOAD);
    this.#sender.resize(this.streams.all(), this.peer.initialWindow - before);
    if (this.#state.kind === 'greeting') {
      clearTimeout(this.#state.timer);
      this.#state = OPEN;
      this.onOpen();
    } else this.onSettingsChanged();
  }

  onSettingsAck(): void {
    this.#isSettled = true;
  }

  onPing(payload: Uint8Array): void {
    this.#acknowledge(FrameType.PING, payload);
  }

  onBadPriority(id: number): void {
    const stream = this.streams.get(id);
    if (stream !== undefined) this.breakStream(stream, ErrorCode.FRAME_SIZE_ERROR);
    else throw new ConnectionError(ErrorCode.FRAME_SIZE_ERROR, 'PRIORITY has the wrong length');
  }

  onIdleFrame(): void {
    this.conduct.idled();
  }

  /** A peer that asks without reading the answers is cut off (CVE-2019-9512, CVE-2019-9515). */
  #acknowledge(type: number, payload: Uint8Array): void {
    if (this.output.backlog > MAX_CONTROL_BACKLOG) {
      throw new ConnectionError(ErrorCode.ENHANCE_YOUR_CALM, 'answers are asked for and not read');
    }
    this.output.frame(type, Flag.ACK, 0, payload);
  }

  /** RST_STREAM for a stream that has no state here. */
  protected refuseStream(id: number, code: number): void {
    this.conduct.broke();
    this.#sendReset(id, code, this.streamWindow);
  }

  /** The peer broke a rule on one stream (RFC 9113 section 5.4.2). */
  protected breakStream(stream: S, code: number): void {
    this.conduct.broke();
    this.sendReset(stream, code);
    stream.broke(resetReasonOf(code));
  }

  /** HEADERS with the block that was just encoded. */
  protected sendBlock(id: number, endStream: boolean): void {
    this.output.headers(id, this.encoder.bytes, this.encoder.length, endStream, this.peer.maxFrameSize);
  }

  sendData(stream: Stream, chunk: Uint8Array, start: number): number {
    const end = this.#sender.send(stream, chunk, start);
    this.conduct.received(end - start);
    return end;
  }

  sendEnd(stream: Stream, trailers: Fields): void {
    const sendable = trailers.length === 0 ? trailers : sendableTrailers(trailers);
    if (sendable.length === 0) {
      this.output.endStream(stream.id);
      return;
    }
    this.encoder.begin();
    for (let i = 0; i + 1 < sendable.length; i += 2)
      this.encoder.field(sendable[i] as string, sendable[i + 1] as string);
    this.sendBlock(stream.id, true);
  }

  sendReset(stream: Stream, code: number): void {
    this.#sendReset(stream.id, code, stream.receiveWindow);
  }

  sendCredit(stream: Stream, octets: number): void {
    this.output.number(FrameType.WINDOW_UPDATE, stream.id, octets);
  }

  hold(stream: S, octets: number): void {
    this.#window.hold(octets);
    if (stream.held === 0) this.#holding.delete(stream);
    else this.#holding.add(stream);
    if (octets > 0 && this.#window.isFull) this.onHeldTooMuch(this.#holding);
  }

  closed(stream: S): void {
    if (!this.streams.delete(stream.id)) return;
    this.#sender.forget(stream);
    this.onStreamClosed(stream);
  }

  /** `window`: what the peer may have sent on the stream before it hears of this. */
  #sendReset(id: number, code: number, window: number): void {
    this.#broken.add(id, window);
    this.output.number(FrameType.RST_STREAM, id, code);
  }
}
