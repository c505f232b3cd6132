import type { Socket } from 'node:net';
import { Flag, FRAME_HEADER_LENGTH, FrameType } from './frame.ts';

const SLAB_BYTES = 64 * 1024;
const MOST_SPARE_SLABS = 64;
const LITTLE_BYTES = 8 * 1024;
const NOTHING = -1;

/** Slabs that nobody writes to or sends from. */
const spare: Buffer[] = [];
/** Outputs with frames that are not handed to their sockets yet, and those of them that wait for more. */
let waiting: Output[] = [];
let growing: Output[] = [];

/**
 * Ends what was written within one callback of the event loop. What is whole and little is sent at once: then the loop goes to
 * sleep with one turn less. Else more of the same read is likely to follow, which TLS hands out record by record.
 */
function flushLittle(): void {
  const outputs = waiting;
  waiting = [];
  for (const output of outputs) {
    if (output.isWhole) output.flush();
    else if (growing.push(output) === 1) setImmediate(flushMuch);
  }
}

function flushMuch(): void {
  const outputs = growing;
  growing = [];
  for (const output of outputs) output.flush();
}

/**
 * The frames of one connection on their way out. They are written one behind the other into a slab that goes to the socket
 * once per callback or turn of the event loop: TLS records and system calls are what a small message costs most.
 */
export class Output {
  readonly #socket: Socket;
  readonly #onSent: () => void;
  #slab: Buffer | undefined;
  #end = 0;
  /** Where the last frame begins that may still be changed. */
  #last = NOTHING;
  /** The last frame of a message has not ended it. */
  #isMidMessage = false;
  readonly #sending: Buffer[] = [];
  #isClosed = false;

  /** `onSent`: the socket has taken some of it. */
  constructor(socket: Socket, onSent: () => void) {
    this.#socket = socket;
    this.#onSent = onSent;
  }

  /** What the socket was not given yet is little, and no message breaks off with it. */
  get isWhole(): boolean {
    return this.#end <= LITTLE_BYTES && !this.#isMidMessage;
  }

  /** Octets that the socket has not taken yet. */
  get backlog(): number {
    return this.#end + this.#socket.writableLength;
  }

  /** Drops what comes from now on. */
  close(): void {
    this.#isClosed = true;
  }

  /** A frame with a short payload, which is copied. */
  frame(type: number, flags: number, streamId: number, payload: Uint8Array): void {
    const at = this.#begin(type, flags, streamId, payload.length);
    if (at === NOTHING) return;
    this.#slab?.set(payload, at);
  }

  /** A frame whose payload is one 32-bit number: RST_STREAM, WINDOW_UPDATE. */
  number(type: number, streamId: number, value: number): void {
    const at = this.#begin(type, 0, streamId, 4);
    if (at !== NOTHING) this.#slab?.writeUInt32BE(value, at);
  }

  /** DATA with `chunk[start..end)`. */
  data(streamId: number, chunk: Uint8Array, start: number, end: number): void {
    const at = this.#begin(FrameType.DATA, 0, streamId, end - start);
    if (at === NOTHING) return;
    this.#slab?.set(start === 0 && end === chunk.length ? chunk : chunk.subarray(start, end), at);
  }

  /** HEADERS with `block[0..length)`, followed by as many CONTINUATION frames as it needs (RFC 9113 section 6.10). */
  headers(streamId: number, block: Buffer, length: number, endStream: boolean, maxFrameSize: number): void {
    const size = Math.min(maxFrameSize, SLAB_BYTES - FRAME_HEADER_LENGTH);
    let type: number = FrameType.HEADERS;
    let sent = 0;
    do {
      const end = Math.min(length, sent + size);
      const flags =
        (end === length ? Flag.END_HEADERS : 0) | (endStream && type === FrameType.HEADERS ? Flag.END_STREAM : 0);
      const at = this.#begin(type, flags, streamId, end - sent);
      if (at === NOTHING) return;
      if (this.#slab !== undefined) block.copy(this.#slab, at, sent, end);
      type = FrameType.CONTINUATION;
      sent = end;
    } while (sent < length);
  }

  /** Ends the stream: by a flag on its frame if that was the last one and has not left, else by an empty DATA frame. */
  endStream(streamId: number): void {
    const slab = this.#slab;
    if (slab !== undefined && this.#last !== NOTHING && slab.readUInt32BE(this.#last + 5) === streamId) {
      slab[this.#last + 4] = (slab[this.#last + 4] as number) | Flag.END_STREAM;
      this.#last = NOTHING;
      this.#isMidMessage = false;
    } else this.#begin(FrameType.DATA, Flag.END_STREAM, streamId, 0);
  }

  /** Hands everything to the socket. */
  flush(): void {
    const slab = this.#slab;
    if (slab === undefined) return;
    this.#slab = undefined;
    const end = this.#end;
    this.#end = 0;
    if (this.#isClosed || this.#socket.destroyed || !this.#socket.writable) {
      release(slab);
      return;
    }
    this.#sending.push(slab);
    this.#socket.write(end === slab.length ? slab : slab.subarray(0, end), this.#sent);
  }

  /** Called in the order of the writes, also when the socket broke. */
  readonly #sent = (): void => {
    const slab = this.#sending.shift();
    if (slab !== undefined) release(slab);
    this.#onSent();
  };

  /** Writes a frame header and returns where its payload belongs. */
  #begin(type: number, flags: number, streamId: number, length: number): number {
    if (this.#isClosed) return NOTHING;
    const size = FRAME_HEADER_LENGTH + length;
    if (this.#slab !== undefined && this.#end + size > this.#slab.length) this.flush();
    let slab = this.#slab;
    if (slab === undefined) {
      slab = size <= SLAB_BYTES ? (spare.pop() ?? Buffer.allocUnsafeSlow(SLAB_BYTES)) : Buffer.allocUnsafeSlow(size);
      this.#slab = slab;
      if (waiting.push(this) === 1) process.nextTick(flushLittle);
    }
    const at = this.#end;
    slab[at] = length >>> 16;
    slab[at + 1] = (length >>> 8) & 0xff;
    slab[at + 2] = length & 0xff;
    slab[at + 3] = type;
    slab[at + 4] = flags;
    slab.writeUInt32BE(streamId, at + 5);
    this.#last = type <= FrameType.HEADERS ? at : NOTHING;
    if (type <= FrameType.HEADERS) this.#isMidMessage = (flags & Flag.END_STREAM) === 0;
    this.#end = at + size;
    return at + FRAME_HEADER_LENGTH;
  }
}

function release(slab: Buffer): void {
  if (slab.length === SLAB_BYTES && spare.length < MOST_SPARE_SLABS) spare.push(slab);
}
