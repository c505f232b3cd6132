import { ConnectionError, ErrorCode } from './error-code.ts';
import { Flag, FRAME_HEADER_LENGTH, FrameType } from './frame.ts';

/** Takes the frames of one direction of a connection. What it throws ends the reading. */
export interface FrameHandler {
  /** A whole frame: its payload is `bytes[start..end)`, lent for the call. DATA comes here only with padding. */
  onFrame(type: number, flags: number, streamId: number, bytes: Buffer, start: number, end: number): void;
  /** DATA without padding begins; `length` octets follow through `onData`, in as many pieces as they arrive in. */
  onDataFrame(flags: number, streamId: number, length: number): void;
  /** A piece of that frame; `left` octets of it are still to come. Called once with an empty piece for an empty frame. */
  onData(chunk: Buffer, left: number): void;
}

/**
 * Splits what arrives into frames (RFC 9113 section 4.1). DATA is handed on as it comes; of other frames it keeps at most one
 * that is incomplete, so that no more than `maxFrameSize` octets are ever held.
 */
export class FrameReader {
  readonly #handler: FrameHandler;
  readonly #maxFrameSize: number;
  /** The beginning of a frame whose rest has not arrived; its first `#have` octets are filled. */
  #partial: Buffer | undefined;
  #have = 0;
  /** Octets of the current DATA frame that have not arrived. */
  #dataLeft = 0;
  #stopped = false;

  constructor(handler: FrameHandler, maxFrameSize: number) {
    this.#handler = handler;
    this.#maxFrameSize = maxFrameSize;
  }

  /** Whatever comes from now on is dropped. */
  stop(): void {
    this.#stopped = true;
    this.#partial = undefined;
  }

  /** Throws ConnectionError for a frame that is too long, and whatever the handler throws. */
  push(chunk: Buffer): void {
    let at = this.#partial === undefined ? 0 : this.#complete(this.#partial, chunk);
    while (at < chunk.length && !this.#stopped) {
      if (this.#dataLeft > 0) at = this.#data(chunk, at);
      else if (chunk.length - at < FRAME_HEADER_LENGTH) at = this.#keep(chunk, at, FRAME_HEADER_LENGTH);
      else {
        const length = this.#lengthAt(chunk, at);
        const size = FRAME_HEADER_LENGTH + length;
        if (isStreamed(chunk, at)) {
          this.#begin(chunk, at, length);
          at += FRAME_HEADER_LENGTH;
        } else if (chunk.length - at < size) at = this.#keep(chunk, at, size);
        else {
          this.#whole(chunk, at, size);
          at += size;
        }
      }
    }
  }

  #data(chunk: Buffer, at: number): number {
    const end = Math.min(chunk.length, at + this.#dataLeft);
    this.#dataLeft -= end - at;
    this.#handler.onData(at === 0 && end === chunk.length ? chunk : chunk.subarray(at, end), this.#dataLeft);
    return end;
  }

  #begin(bytes: Buffer, at: number, length: number): void {
    this.#dataLeft = length;
    this.#handler.onDataFrame(bytes[at + 4] as number, streamIdAt(bytes, at), length);
    if (length === 0 && !this.#stopped) this.#handler.onData(EMPTY, 0);
  }

  #whole(bytes: Buffer, at: number, size: number): void {
    const type = bytes[at + 3] as number;
    const flags = bytes[at + 4] as number;
    this.#handler.onFrame(type, flags, streamIdAt(bytes, at), bytes, at + FRAME_HEADER_LENGTH, at + size);
  }

  /** Keeps what there is of a frame header or frame of `size` octets. Returns where to go on: nowhere. */
  #keep(chunk: Buffer, at: number, size: number): number {
    this.#partial = Buffer.allocUnsafe(size);
    this.#have = chunk.copy(this.#partial, 0, at);
    return chunk.length;
  }

  /** Fills up what was kept; returns how many octets of `chunk` that took. */
  #complete(partial: Buffer, chunk: Buffer): number {
    const taken = chunk.copy(partial, this.#have);
    this.#have += taken;
    if (this.#have < partial.length) return taken;
    if (partial.length > FRAME_HEADER_LENGTH) {
      this.#partial = undefined;
      this.#whole(partial, 0, partial.length);
      return taken;
    }
    const length = this.#lengthAt(partial, 0);
    if (isStreamed(partial, 0)) {
      this.#partial = undefined;
      this.#begin(partial, 0, length);
      return taken;
    }
    if (length === 0) {
      this.#partial = undefined;
      this.#whole(partial, 0, FRAME_HEADER_LENGTH);
      return taken;
    }
    const whole = Buffer.allocUnsafe(FRAME_HEADER_LENGTH + length);
    partial.copy(whole);
    this.#partial = whole;
    return taken + this.#complete(whole, chunk.subarray(taken));
  }

  #lengthAt(bytes: Buffer, at: number): number {
    const length = ((bytes[at] as number) << 16) | ((bytes[at + 1] as number) << 8) | (bytes[at + 2] as number);
    if (length > this.#maxFrameSize) {
      throw new ConnectionError(ErrorCode.FRAME_SIZE_ERROR, `a frame of ${length} octets is longer than allowed`);
    }
    return length;
  }
}

const EMPTY = Buffer.alloc(0);

function isStreamed(bytes: Buffer, at: number): boolean {
  return bytes[at + 3] === FrameType.DATA && ((bytes[at + 4] as number) & Flag.PADDED) === 0;
}

function streamIdAt(bytes: Buffer, at: number): number {
  return bytes.readUInt32BE(at + 5) & 0x7fff_ffff;
}
