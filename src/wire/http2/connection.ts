import type { Socket } from 'node:net';
import type { ResetReason } from '../exchange.ts';
import type { Fields } from '../fields.ts';
import { sendableTrailers } from '../raw-fields.ts';
import { resetReasonOf } from '../reset-code.ts';
import { BrokenStreams } from './broken-streams.ts';
import { Conduct } from './conduct.ts';
import { ConnectionLife } from './connection-life.ts';
import { ConnectionError, ErrorCode } from './error-code.ts';
import { isValidField } from './field-rules.ts';
import { Flag, FrameType, LARGEST_WINDOW } from './frame.ts';
import { FrameDispatch, type FrameReceiver } from './frame-dispatch.ts';
import { FrameReader } from './frame-reader.ts';
import { type HeaderBlock, HpackDecoder } from './hpack/hpack-decoder.ts';
import { HpackEncoder } from './hpack/hpack-encoder.ts';
import { HEADER_TABLE_BYTES, type Http2Limits, MAX_CONTROL_BACKLOG, MAX_FIELDS, WORTHWHILE_BYTES } from './limits.ts';
import { ReceiveWindow } from './receive-window.ts';
import { readTrailers } from './response-message.ts';
import { Sender } from './sender.ts';
import { applySettings, initialPeerSettings, type PeerSettings } from './settings.ts';
import type { Stream, StreamHost } from './stream.ts';
import { StreamTable } from './stream-table.ts';

const NO_PAYLOAD = new Uint8Array();
const NO_TRAILERS: Fields = [];

/** What both ends of an HTTP/2 connection have in common (RFC 9113). `S`: its streams. */
export abstract class Http2Connection<S extends Stream> extends ConnectionLife implements FrameReceiver, StreamHost {
  readonly streamWindow: number;
  protected readonly streams = new StreamTable<S>();
  protected readonly peer: PeerSettings = initialPeerSettings();
  protected readonly encoder = new HpackEncoder(HEADER_TABLE_BYTES);
  protected readonly conduct: Conduct;
  readonly #sender: Sender;
  readonly #window: ReceiveWindow;
  readonly #decoder: HpackDecoder;
  protected override readonly reader: FrameReader;
  readonly #broken = new BrokenStreams();
  /** Streams of which something waits for a reader. */
  readonly #holding = new Set<S>();
  /** Whom the current DATA frame is for; undefined: nobody. */
  #dataStream: S | undefined;
  #isSettled = false;

  constructor(socket: Socket, limits: Http2Limits) {
    super(socket, limits);
    this.streamWindow = limits.streamWindow;
    this.#sender = new Sender(this.output, this.peer);
    this.#window = new ReceiveWindow(limits.connectionWindow, limits.heldBytes, (octets) =>
      this.output.number(FrameType.WINDOW_UPDATE, 0, octets),
    );
    this.conduct = new Conduct(limits);
    // Huffman coding makes nothing four times as large as it was.
    this.reader = new FrameReader(new FrameDispatch(this, 4 * limits.headerBytes), limits.maxFrameSize);
    this.#decoder = new HpackDecoder({
      maxTableSize: HEADER_TABLE_BYTES,
      maxListSize: limits.headerBytes,
      maxFields: MAX_FIELDS,
      isValid: isValidField,
    });
  }

  /** Whether the peer has acknowledged our SETTINGS, so that it is bound by them. */
  protected get isSettled(): boolean {
    return this.#isSettled;
  }

  protected abstract readonly isServer: boolean;
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

  protected override onSent(): void {
    this.#sender.drained();
  }

  protected override breakAll(reason: ResetReason): void {
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
    if (this.open()) this.onOpen();
    else this.onSettingsChanged();
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
