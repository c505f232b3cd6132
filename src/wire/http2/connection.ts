import type { Socket } from 'node:net';
import type { ResetReason } from '../exchange.ts';
import type { Fields } from '../fields.ts';
import { sendableTrailers } from '../raw-fields.ts';
import { resetReasonOf } from '../reset-code.ts';
import { Budget } from './budget.ts';
import { ConnectionError, ErrorCode } from './error-code.ts';
import { isValidField } from './field-rules.ts';
import { DEFAULT_WINDOW, Flag, FrameType, LARGEST_STREAM_ID, LARGEST_WINDOW } from './frame.ts';
import { type FrameHandler, FrameReader } from './frame-reader.ts';
import { OpenHeaderBlock } from './header-block.ts';
import { type HeaderBlock, HpackDecoder } from './hpack/hpack-decoder.ts';
import { HpackEncoder } from './hpack/hpack-encoder.ts';
import { HpackError } from './hpack/hpack-error.ts';
import {
  HEADER_TABLE_BYTES,
  HIGH_WATER,
  type Http2Limits,
  IDLE_FRAME_BURST,
  IDLE_FRAMES_PER_SECOND,
  LINGER_MS,
  LOW_WATER,
  MAX_CONTROL_BACKLOG,
  MAX_FIELDS,
} from './limits.ts';
import { Liveness } from './liveness.ts';
import { Output } from './output.ts';
import { readTrailers } from './response-message.ts';
import { applySettings, initialPeerSettings, type PeerSettings, settingsPayload } from './settings.ts';
import type { Stream, StreamHost } from './stream.ts';

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
const PING_PAYLOAD = Buffer.from('mvproxy.');
const MOST_CLOSED_REMEMBERED = 256;

/** What both ends of an HTTP/2 connection have in common (RFC 9113). `S`: its streams. */
export abstract class Http2Connection<S extends Stream> implements FrameHandler, StreamHost {
  readonly streamWindow: number;
  protected readonly socket: Socket;
  protected readonly limits: Http2Limits;
  protected readonly streams = new Map<number, S>();
  protected readonly peer: PeerSettings = initialPeerSettings();
  protected readonly output: Output;
  protected readonly encoder = new HpackEncoder(HEADER_TABLE_BYTES);
  protected readonly liveness: Liveness;
  /** What the peer may break, in streams; and what it may send that carries nothing. */
  protected readonly breaks: Budget;
  readonly #idleFrames = new Budget(IDLE_FRAME_BURST, IDLE_FRAMES_PER_SECOND);
  readonly #decoder: HpackDecoder;
  readonly #reader: FrameReader;
  /** Streams that may go on once the connection has room. */
  readonly #blocked = new Set<Stream>();
  /** Of streams that are over: true for those that we broke, so that the peer's frames may still be on their way. */
  readonly #closedStreams = new Map<number, boolean>();
  #state: ConnectionState;
  #block: OpenHeaderBlock | undefined;
  #dataStream: S | undefined;
  #dataFlags = 0;
  #sendWindow = DEFAULT_WINDOW;
  #receiveWindow: number;
  #owed = 0;
  #held = 0;
  #isSettled = false;

  constructor(socket: Socket, limits: Http2Limits) {
    this.socket = socket;
    this.limits = limits;
    this.streamWindow = limits.streamWindow;
    this.#receiveWindow = limits.connectionWindow;
    this.breaks = new Budget(limits.resetBurst, limits.resetsPerSecond);
    this.output = new Output(socket, () => this.#sent());
    this.#reader = new FrameReader(this, limits.maxFrameSize);
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
    socket.on('data', (chunk: Buffer) => this.#received(chunk));
    // HTTP/2 has no use for half a connection.
    socket.on('end', () => socket.destroy());
    socket.on('close', () => this.#closed('connection-lost'));
  }

  get kind(): ConnectionState['kind'] {
    return this.#state.kind;
  }

  /** Whether the peer has acknowledged our SETTINGS, so that it is bound by them. */
  protected get isSettled(): boolean {
    return this.#isSettled;
  }

  protected abstract readonly isServer: boolean;
  /** Whether the peer, or we, could have opened stream `id` by now. */
  protected abstract isIdle(id: number): boolean;
  /** A block that does not belong to an open stream. `isBroken`: to one that we broke. */
  protected abstract onHead(id: number, block: HeaderBlock, endStream: boolean, isBroken: boolean): void;
  /** A block on an open stream. */
  protected abstract onBlock(stream: S, block: HeaderBlock, endStream: boolean): void;
  protected abstract onReset(stream: S, code: number): void;
  protected abstract onGoaway(lastStreamId: number, code: number): void;
  /** The peer's first SETTINGS are here. */
  protected abstract onOpen(): void;
  protected abstract onSettings(): void;
  protected abstract onPong(): void;
  protected abstract onStreamClosed(stream: S): void;
  /** Readers have left more lying than may be held. */
  protected abstract onHeldTooMuch(): void;
  /** Over. `error`: what the peer did wrong. */
  protected abstract onClosed(error: ConnectionError | undefined): void;
  /** The largest stream of the peer that was acted on, for GOAWAY. */
  protected abstract get lastPeerStream(): number;

  /** The peer gives no sign of life. */
  protected onDead(): void {
    this.socket.destroy();
  }

  /** Our preface: SETTINGS, and the connection's window if it is larger than what HTTP/2 begins with. */
  protected greet(preface: Buffer | undefined, settings: readonly (readonly [number, number])[]): void {
    if (preface !== undefined) this.socket.write(preface);
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
    this.finish();
  }

  /** Sends what is left, and closes when the peer does, or after a moment. */
  protected finish(): void {
    this.output.flush();
    this.output.close();
    this.socket.end();
    const timer = setTimeout(() => this.socket.destroy(), LINGER_MS).unref();
    this.socket.once('close', () => clearTimeout(timer));
    this.#closed('connection-lost');
  }

  #received(chunk: Buffer): void {
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
    for (const stream of [...this.streams.values()]) stream.broke(reason);
    this.onClosed(error);
  }

  onFrame(type: number, flags: number, id: number, bytes: Buffer, start: number, end: number): void {
    if (this.#block !== undefined && (type !== FrameType.CONTINUATION || id !== this.#block.streamId)) {
      throw new ConnectionError(ErrorCode.PROTOCOL_ERROR, 'a header block was interrupted');
    }
    if (this.#state.kind === 'greeting' && (type !== FrameType.SETTINGS || (flags & Flag.ACK) !== 0)) {
      throw new ConnectionError(ErrorCode.PROTOCOL_ERROR, 'the first frame is not SETTINGS');
    }
    switch (type) {
      case FrameType.DATA:
        this.#onPaddedData(flags, id, bytes, start, end);
        return;
      case FrameType.HEADERS:
        this.#onHeaders(flags, id, bytes, start, end);
        return;
      case FrameType.CONTINUATION:
        this.#onContinuation(flags, bytes, start, end);
        return;
      case FrameType.RST_STREAM:
        this.#onRstStream(id, bytes, start, end);
        return;
      case FrameType.WINDOW_UPDATE:
        this.#spend();
        this.#onWindowUpdate(id, bytes, start, end);
        return;
      case FrameType.SETTINGS:
        this.#spend();
        this.#onSettings(flags, id, bytes, start, end);
        return;
      case FrameType.PING:
        this.#spend();
        this.#onPing(flags, id, bytes, start, end);
        return;
      case FrameType.GOAWAY:
        requireConnection(id, 'GOAWAY');
        if (end - start < 8) throw new ConnectionError(ErrorCode.FRAME_SIZE_ERROR, 'GOAWAY is too short');
        this.#spend();
        this.onGoaway(bytes.readUInt32BE(start) & LARGEST_STREAM_ID, bytes.readUInt32BE(start + 4));
        return;
      case FrameType.PUSH_PROMISE:
        // Servers were told not to, clients must not (RFC 9113 section 8.4).
        throw new ConnectionError(ErrorCode.PROTOCOL_ERROR, 'PUSH_PROMISE is not wanted');
      case FrameType.PRIORITY:
        this.#spend();
        this.#onPriority(id, bytes, start, end);
        return;
      default:
        // Extensions are ignored (RFC 9113 section 5.5).
        this.#spend();
    }
  }

  onDataFrame(flags: number, id: number, length: number): void {
    if (this.#block !== undefined) {
      throw new ConnectionError(ErrorCode.PROTOCOL_ERROR, 'a header block was interrupted');
    }
    if (this.#state.kind === 'greeting') {
      throw new ConnectionError(ErrorCode.PROTOCOL_ERROR, 'the first frame is not SETTINGS');
    }
    requireStream(id, 'DATA');
    this.#receiveWindow -= length;
    if (this.#receiveWindow < 0) {
      throw new ConnectionError(ErrorCode.FLOW_CONTROL_ERROR, 'more DATA than the connection allows');
    }
    if (length > 0) this.#idleFrames.give();
    else if ((flags & Flag.END_STREAM) === 0) this.#spend();
    this.#dataFlags = flags;
    this.#dataStream = this.#receiverOf(id, length);
  }

  onData(chunk: Buffer, left: number): void {
    const stream = this.#dataStream;
    this.#owed += chunk.length;
    if (stream !== undefined && stream.receiving === 'body' && this.#isDeclared(stream, chunk.length)) {
      if (chunk.length > 0) stream.arrived(chunk);
      if (left === 0 && (this.#dataFlags & Flag.END_STREAM) !== 0 && stream.receiving === 'body') {
        this.endMessage(stream, []);
      }
    }
    this.#creditConnection();
  }

  #onPaddedData(flags: number, id: number, bytes: Buffer, start: number, end: number): void {
    const length = end - start;
    const padding = length === 0 ? 0 : 1 + (bytes[start] as number);
    if (padding > length || length === 0) throw badPadding();
    this.onDataFrame(flags, id, length);
    const stream = this.#dataStream;
    this.#owed += padding;
    stream?.arrivedPadding(padding);
    this.onData(bytes.subarray(start + 1, start + 1 + length - padding), 0);
  }

  /** The stream that takes a DATA frame of `length` octets; undefined: nobody wants them. */
  #receiverOf(id: number, length: number): S | undefined {
    const stream = this.streams.get(id);
    if (stream === undefined) {
      if (this.isIdle(id)) throw new ConnectionError(ErrorCode.PROTOCOL_ERROR, 'DATA on an idle stream');
      if (this.#closedStreams.get(id) !== true) this.refuseStream(id, ErrorCode.STREAM_CLOSED);
      return undefined;
    }
    if (stream.receiving !== 'body') {
      const isOver = stream.receiving === 'ended';
      this.breakStream(stream, isOver ? ErrorCode.STREAM_CLOSED : ErrorCode.PROTOCOL_ERROR);
      return undefined;
    }
    stream.receiveWindow -= length;
    if (stream.receiveWindow < 0) {
      this.breakStream(stream, ErrorCode.FLOW_CONTROL_ERROR);
      return undefined;
    }
    return stream;
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

  /** END_STREAM: the peer's message is whole, unless it promised another length (RFC 9113 section 8.1.1). */
  protected endMessage(stream: S, trailers: Fields): void {
    if (stream.undelivered > 0) this.breakStream(stream, ErrorCode.PROTOCOL_ERROR);
    else stream.arrivedEnd(trailers);
  }

  #onHeaders(flags: number, id: number, bytes: Buffer, from: number, to: number): void {
    requireStream(id, 'HEADERS');
    let start = from;
    let end = to;
    if ((flags & Flag.PADDED) !== 0) {
      if (start === end) throw badPadding();
      end -= bytes[start] as number;
      start += 1;
    }
    if ((flags & Flag.PRIORITY) !== 0) {
      if (start + 5 > to) throw new ConnectionError(ErrorCode.FRAME_SIZE_ERROR, 'HEADERS is too short');
      if ((bytes.readUInt32BE(start) & LARGEST_STREAM_ID) === id) throw dependsOnItself();
      start += 5;
    }
    if (start > end) throw badPadding();
    const endStream = (flags & Flag.END_STREAM) !== 0;
    if ((flags & Flag.END_HEADERS) !== 0) {
      this.#onBlock(id, endStream, bytes, start, end);
      return;
    }
    // Huffman coding makes nothing four times as large as it was.
    this.#block = new OpenHeaderBlock(id, endStream, 4 * this.limits.headerBytes);
    this.#block.add(bytes, start, end);
  }

  #onContinuation(flags: number, bytes: Buffer, start: number, end: number): void {
    const block = this.#block;
    if (block === undefined) throw new ConnectionError(ErrorCode.PROTOCOL_ERROR, 'CONTINUATION continues nothing');
    block.add(bytes, start, end);
    if ((flags & Flag.END_HEADERS) === 0) return;
    this.#block = undefined;
    const whole = block.whole();
    this.#onBlock(block.streamId, block.endStream, whole, 0, whole.length);
  }

  /** Every block is decoded, whoever it is for: the table must stay in step (RFC 9113 section 4.3). */
  #onBlock(id: number, endStream: boolean, bytes: Buffer, start: number, end: number): void {
    const block = this.#decoder.decode(bytes, start, end);
    this.#idleFrames.give();
    const stream = this.streams.get(id);
    if (stream === undefined) this.onHead(id, block, endStream, this.#closedStreams.get(id) === true);
    else this.onBlock(stream, block, endStream);
  }

  /** The block behind a body. */
  protected onTrailers(stream: S, block: HeaderBlock, endStream: boolean): void {
    const trailers = readTrailers(block);
    if (stream.receiving === 'ended') this.breakStream(stream, ErrorCode.STREAM_CLOSED);
    else if (block.isTooLarge) this.breakStream(stream, ErrorCode.ENHANCE_YOUR_CALM);
    else if (trailers === undefined || !endStream) this.breakStream(stream, ErrorCode.PROTOCOL_ERROR);
    else this.endMessage(stream, trailers);
  }

  #onRstStream(id: number, bytes: Buffer, start: number, end: number): void {
    requireStream(id, 'RST_STREAM');
    requireLength(end - start, 4, 'RST_STREAM');
    const stream = this.streams.get(id);
    if (stream !== undefined) {
      this.#remember(id, false);
      this.onReset(stream, bytes.readUInt32BE(start));
    } else if (this.isIdle(id)) throw new ConnectionError(ErrorCode.PROTOCOL_ERROR, 'RST_STREAM on an idle stream');
    else this.#spend();
  }

  #onWindowUpdate(id: number, bytes: Buffer, start: number, end: number): void {
    requireLength(end - start, 4, 'WINDOW_UPDATE');
    const increment = bytes.readUInt32BE(start) & LARGEST_WINDOW;
    if (id === 0) {
      if (increment === 0) throw new ConnectionError(ErrorCode.PROTOCOL_ERROR, 'a window was increased by nothing');
      this.#sendWindow += increment;
      if (this.#sendWindow > LARGEST_WINDOW) throw windowOverflow();
      this.#pumpBlocked();
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

  #onSettings(flags: number, id: number, bytes: Buffer, start: number, end: number): void {
    requireConnection(id, 'SETTINGS');
    if ((flags & Flag.ACK) !== 0) {
      requireLength(end - start, 0, 'an acknowledgement of SETTINGS');
      this.#isSettled = true;
      return;
    }
    const before = this.peer.initialWindow;
    applySettings(this.peer, bytes, start, end, !this.isServer);
    this.encoder.limitTable(this.peer.headerTableSize);
    this.#answer(FrameType.SETTINGS, NOTHING);
    this.#resizeWindows(this.peer.initialWindow - before);
    if (this.#state.kind === 'greeting') {
      clearTimeout(this.#state.timer);
      this.#state = OPEN;
      this.onOpen();
    } else this.onSettings();
  }

  /** A changed INITIAL_WINDOW_SIZE changes the windows of all streams, even to less than nothing (RFC 9113 section 6.9.2). */
  #resizeWindows(difference: number): void {
    if (difference === 0) return;
    for (const stream of [...this.streams.values()]) {
      stream.sendWindow += difference;
      if (stream.sendWindow > LARGEST_WINDOW) throw windowOverflow();
      if (difference > 0) stream.pump();
    }
  }

  #onPing(flags: number, id: number, bytes: Buffer, start: number, end: number): void {
    requireConnection(id, 'PING');
    requireLength(end - start, 8, 'PING');
    if ((flags & Flag.ACK) !== 0) this.onPong();
    else this.#answer(FrameType.PING, bytes.subarray(start, end));
  }

  /** Priorities are obsolete (RFC 9113 section 5.3.2); only what is malformed is minded. */
  #onPriority(id: number, bytes: Buffer, start: number, end: number): void {
    requireStream(id, 'PRIORITY');
    const stream = this.streams.get(id);
    if (end - start !== 5) {
      if (stream !== undefined) this.breakStream(stream, ErrorCode.FRAME_SIZE_ERROR);
      else throw new ConnectionError(ErrorCode.FRAME_SIZE_ERROR, 'PRIORITY has the wrong length');
    } else if ((bytes.readUInt32BE(start) & LARGEST_STREAM_ID) === id) throw dependsOnItself();
  }

  /** Acknowledges. A peer that asks without reading the answers is cut off (CVE-2019-9512, CVE-2019-9515). */
  #answer(type: number, payload: Uint8Array): void {
    if (this.output.backlog > MAX_CONTROL_BACKLOG) {
      throw new ConnectionError(ErrorCode.ENHANCE_YOUR_CALM, 'answers are asked for and not read');
    }
    this.output.frame(type, Flag.ACK, 0, payload);
  }

  #spend(): void {
    if (!this.#idleFrames.take()) {
      throw new ConnectionError(ErrorCode.ENHANCE_YOUR_CALM, 'too many frames that carry nothing');
    }
  }

  /** RST_STREAM for a stream that has no state here. */
  protected refuseStream(id: number, code: number): void {
    this.#countBreak();
    this.#remember(id, true);
    this.output.number(FrameType.RST_STREAM, id, code);
  }

  /** The peer broke a rule on one stream (RFC 9113 section 5.4.2). */
  protected breakStream(stream: S, code: number): void {
    this.#countBreak();
    this.sendReset(stream, code);
    stream.broke(resetReasonOf(code));
  }

  /** Making streams and breaking them costs a client nothing and us a request each (CVE-2023-44487, CVE-2025-8671). */
  #countBreak(): void {
    if (!this.breaks.take()) throw new ConnectionError(ErrorCode.ENHANCE_YOUR_CALM, 'too many streams were broken');
  }

  protected countReset(): void {
    this.#countBreak();
  }

  sendData(stream: Stream, chunk: Uint8Array, start: number): number {
    let at = start;
    while (at < chunk.length) {
      if (this.#sendWindow <= 0 || this.output.backlog >= HIGH_WATER) {
        this.#blocked.add(stream);
        break;
      }
      const size = Math.min(chunk.length - at, stream.sendWindow, this.#sendWindow, this.peer.maxFrameSize);
      if (size <= 0) break;
      this.output.data(stream.id, chunk, at, at + size);
      stream.sendWindow -= size;
      this.#sendWindow -= size;
      at += size;
    }
    if (at > start) this.#idleFrames.give();
    return at;
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

  /** HEADERS with the block that was just encoded. */
  protected sendBlock(id: number, endStream: boolean): void {
    this.output.headers(id, this.encoder.bytes, this.encoder.length, endStream, this.peer.maxFrameSize);
  }

  sendReset(stream: Stream, code: number): void {
    this.#remember(stream.id, true);
    this.output.number(FrameType.RST_STREAM, stream.id, code);
  }

  sendCredit(stream: Stream, octets: number): void {
    this.output.number(FrameType.WINDOW_UPDATE, stream.id, octets);
  }

  hold(octets: number): void {
    this.#held += octets;
    if (octets < 0) this.#creditConnection();
    else if (this.#held > this.limits.heldBytes) this.onHeldTooMuch();
  }

  closed(stream: S): void {
    if (!this.streams.delete(stream.id)) return;
    this.#blocked.delete(stream);
    this.onStreamClosed(stream);
  }

  /** At once, whoever reads: one stream that is not read must not stop others. Except when too much is held already. */
  #creditConnection(): void {
    if (this.#owed < this.limits.connectionWindow / 2 || this.#held > this.limits.heldBytes) return;
    this.output.number(FrameType.WINDOW_UPDATE, 0, this.#owed);
    this.#receiveWindow += this.#owed;
    this.#owed = 0;
  }

  #sent(): void {
    if (this.#blocked.size > 0 && this.output.backlog <= LOW_WATER) this.#pumpBlocked();
  }

  /** In turn: who is stopped again is last next time. */
  #pumpBlocked(): void {
    for (const stream of this.#blocked) {
      if (this.#sendWindow <= 0 || this.output.backlog >= HIGH_WATER) return;
      this.#blocked.delete(stream);
      stream.pump();
    }
  }

  #remember(id: number, isBroken: boolean): void {
    this.#closedStreams.set(id, isBroken);
    if (this.#closedStreams.size <= MOST_CLOSED_REMEMBERED) return;
    const oldest = this.#closedStreams.keys().next();
    if (!oldest.done) this.#closedStreams.delete(oldest.value);
  }
}

const NOTHING = new Uint8Array();

function requireConnection(id: number, what: string): void {
  if (id !== 0) throw new ConnectionError(ErrorCode.PROTOCOL_ERROR, `${what} belongs to no stream`);
}

function requireStream(id: number, what: string): void {
  if (id === 0) throw new ConnectionError(ErrorCode.PROTOCOL_ERROR, `${what} belongs to a stream`);
}

function requireLength(length: number, expected: number, what: string): void {
  if (length !== expected) {
    throw new ConnectionError(ErrorCode.FRAME_SIZE_ERROR, `${what} has ${length} octets instead of ${expected}`);
  }
}

function badPadding(): ConnectionError {
  return new ConnectionError(ErrorCode.PROTOCOL_ERROR, 'a frame has more padding than payload');
}

function dependsOnItself(): ConnectionError {
  return new ConnectionError(ErrorCode.PROTOCOL_ERROR, 'a stream depends on itself');
}

function windowOverflow(): ConnectionError {
  return new ConnectionError(ErrorCode.FLOW_CONTROL_ERROR, 'a window is larger than any may be');
}
