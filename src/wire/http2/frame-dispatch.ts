import { ConnectionError, ErrorCode } from './error-code.ts';
import { Flag, FrameType, LARGEST_STREAM_ID, LARGEST_WINDOW } from './frame.ts';
import type { FrameHandler } from './frame-reader.ts';
import { OpenHeaderBlock } from './header-block.ts';

/** What well-formed frames mean to a connection. */
export interface FrameReceiver {
  /** The peer's SETTINGS are not here yet. */
  readonly isGreeting: boolean;
  /** A whole header block, `bytes[start..end)`. */
  onHeaderBlock(id: number, endStream: boolean, bytes: Buffer, start: number, end: number): void;
  /** DATA of `length` octets, `padding` of them nobody's, follows in pieces. */
  onDataFrame(id: number, length: number, padding: number): void;
  /** A piece of it; `isLast`: the peer's message ends with it. */
  onData(chunk: Buffer, isLast: boolean): void;
  onReset(id: number, code: number): void;
  onWindowUpdate(id: number, increment: number): void;
  onSettings(bytes: Buffer, start: number, end: number): void;
  onSettingsAck(): void;
  onPing(payload: Uint8Array): void;
  onPong(): void;
  onGoaway(lastStreamId: number, code: number): void;
  /** PRIORITY of another length than it has. */
  onBadPriority(id: number): void;
  /** A frame that carries nothing, though it may be of use. */
  onIdleFrame(): void;
}

/** The rules of RFC 9113 section 6 that a frame keeps or breaks by itself, whatever the state of its stream. */
export class FrameDispatch implements FrameHandler {
  readonly #receiver: FrameReceiver;
  readonly #maxBlockBytes: number;
  #block: OpenHeaderBlock | undefined;
  #endsStream = false;

  /** `maxBlockBytes`: of a header block as it is encoded. */
  constructor(receiver: FrameReceiver, maxBlockBytes: number) {
    this.#receiver = receiver;
    this.#maxBlockBytes = maxBlockBytes;
  }

  onFrame(type: number, flags: number, id: number, bytes: Buffer, start: number, end: number): void {
    this.#requireOrder(type, flags, id);
    const receiver = this.#receiver;
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
        requireStream(id, 'RST_STREAM');
        requireLength(end - start, 4, 'RST_STREAM');
        receiver.onReset(id, bytes.readUInt32BE(start));
        return;
      case FrameType.WINDOW_UPDATE:
        requireLength(end - start, 4, 'WINDOW_UPDATE');
        receiver.onIdleFrame();
        receiver.onWindowUpdate(id, bytes.readUInt32BE(start) & LARGEST_WINDOW);
        return;
      case FrameType.SETTINGS:
        requireConnection(id, 'SETTINGS');
        receiver.onIdleFrame();
        if ((flags & Flag.ACK) === 0) receiver.onSettings(bytes, start, end);
        else {
          requireLength(end - start, 0, 'an acknowledgement of SETTINGS');
          receiver.onSettingsAck();
        }
        return;
      case FrameType.PING:
        requireConnection(id, 'PING');
        requireLength(end - start, 8, 'PING');
        receiver.onIdleFrame();
        if ((flags & Flag.ACK) !== 0) receiver.onPong();
        else receiver.onPing(bytes.subarray(start, end));
        return;
      case FrameType.GOAWAY:
        requireConnection(id, 'GOAWAY');
        if (end - start < 8) throw new ConnectionError(ErrorCode.FRAME_SIZE_ERROR, 'GOAWAY is too short');
        receiver.onIdleFrame();
        receiver.onGoaway(bytes.readUInt32BE(start) & LARGEST_STREAM_ID, bytes.readUInt32BE(start + 4));
        return;
      case FrameType.PUSH_PROMISE:
        // Servers were told not to, clients must not (section 8.4).
        throw new ConnectionError(ErrorCode.PROTOCOL_ERROR, 'PUSH_PROMISE is not wanted');
      case FrameType.PRIORITY:
        requireStream(id, 'PRIORITY');
        receiver.onIdleFrame();
        // Priorities are obsolete (section 5.3.2); only what is malformed is minded.
        if (end - start !== 5) receiver.onBadPriority(id);
        else requireOther(bytes, start, id);
        return;
      default:
        // Extensions are ignored (section 5.5).
        receiver.onIdleFrame();
    }
  }

  onDataFrame(flags: number, id: number, length: number): void {
    this.#requireOrder(FrameType.DATA, flags, id);
    this.#beginData(flags, id, length, 0);
  }

  onData(chunk: Buffer, left: number): void {
    this.#receiver.onData(chunk, left === 0 && this.#endsStream);
  }

  #beginData(flags: number, id: number, length: number, padding: number): void {
    requireStream(id, 'DATA');
    this.#endsStream = (flags & Flag.END_STREAM) !== 0;
    if (length === padding && !this.#endsStream) this.#receiver.onIdleFrame();
    this.#receiver.onDataFrame(id, length, padding);
  }

  #onPaddedData(flags: number, id: number, bytes: Buffer, start: number, end: number): void {
    const length = end - start;
    const padding = length === 0 ? 1 : 1 + (bytes[start] as number);
    if (padding > length) throw badPadding();
    this.#beginData(flags, id, length, padding);
    this.onData(bytes.subarray(start + 1, end + 1 - padding), 0);
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
      requireOther(bytes, start, id);
      start += 5;
    }
    if (start > end) throw badPadding();
    const endStream = (flags & Flag.END_STREAM) !== 0;
    if ((flags & Flag.END_HEADERS) !== 0) {
      this.#receiver.onHeaderBlock(id, endStream, bytes, start, end);
      return;
    }
    this.#block = new OpenHeaderBlock(id, endStream, this.#maxBlockBytes);
    this.#block.add(bytes, start, end);
  }

  #onContinuation(flags: number, bytes: Buffer, start: number, end: number): void {
    const block = this.#block;
    if (block === undefined) throw new ConnectionError(ErrorCode.PROTOCOL_ERROR, 'CONTINUATION continues nothing');
    block.add(bytes, start, end);
    if ((flags & Flag.END_HEADERS) === 0) return;
    this.#block = undefined;
    const whole = block.whole();
    this.#receiver.onHeaderBlock(block.streamId, block.endStream, whole, 0, whole.length);
  }

  /** A header block is not interrupted (section 6.10), and SETTINGS comes first (section 3.4). */
  #requireOrder(type: number, flags: number, id: number): void {
    if (this.#block !== undefined && (type !== FrameType.CONTINUATION || id !== this.#block.streamId)) {
      throw new ConnectionError(ErrorCode.PROTOCOL_ERROR, 'a header block was interrupted');
    }
    if (this.#receiver.isGreeting && (type !== FrameType.SETTINGS || (flags & Flag.ACK) !== 0)) {
      throw new ConnectionError(ErrorCode.PROTOCOL_ERROR, 'the first frame is not SETTINGS');
    }
  }
}

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

/** A stream cannot depend on itself (RFC 7540 section 5.3.1; what RFC 9113 left of priorities does not say). */
function requireOther(bytes: Buffer, at: number, id: number): void {
  if ((bytes.readUInt32BE(at) & LARGEST_STREAM_ID) === id) {
    throw new ConnectionError(ErrorCode.PROTOCOL_ERROR, 'a stream depends on itself');
  }
}

function badPadding(): ConnectionError {
  return new ConnectionError(ErrorCode.PROTOCOL_ERROR, 'a frame has more padding than payload');
}
