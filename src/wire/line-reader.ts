import type { BodyReceiver, ResetReason } from './exchange.ts';

const NEWLINE = 0x0a;
const NOTHING = Buffer.alloc(0);
/** Memory that is kept between two lines that came in parts. */
const KEPT_BYTES = 64 * 1024;

/** How a stream of lines ended; a stream that breaks off within a line is broken. */
export type LinesEnd = { readonly kind: 'ended' } | { readonly kind: 'broken'; readonly reason: ResetReason };

export interface LineReceiver {
  /** Without its newline, never empty. The bytes are only lent. */
  line(bytes: Buffer): void;
  /** Called once for a line of more bytes than are held; the rest of it is dropped as it comes. */
  tooLong(): void;
  /** Called once, last, unless the reader was stopped. */
  end(how: LinesEnd): void;
}

/** Splits a body into lines while it comes, holding no more than `maxBytes` of one that is not complete. */
export class LineReader implements BodyReceiver {
  readonly #maxBytes: number;
  readonly #receiver: LineReceiver;
  #held = NOTHING;
  #size = 0;
  #isSkipping = false;
  #isOver = false;

  constructor(maxBytes: number, receiver: LineReceiver) {
    this.#maxBytes = maxBytes;
    this.#receiver = receiver;
  }

  /** Nothing is delivered any more, not even what has arrived already. */
  stop(): void {
    this.#isOver = true;
    this.#drop();
  }

  data(chunk: Uint8Array): boolean {
    let start = 0;
    while (!this.#isOver) {
      const at = chunk.indexOf(NEWLINE, start);
      if (at === -1) {
        this.#hold(chunk.subarray(start));
        break;
      }
      this.#complete(chunk.subarray(start, at));
      start = at + 1;
    }
    return true;
  }

  end(): void {
    this.#finish(
      this.#size === 0 && !this.#isSkipping ? { kind: 'ended' } : { kind: 'broken', reason: 'connection-lost' },
    );
  }

  reset(reason: ResetReason): void {
    this.#finish({ kind: 'broken', reason });
  }

  #complete(rest: Uint8Array): void {
    // A line that came in one piece is not copied.
    if (this.#size === 0 && !this.#isSkipping && rest.length <= this.#maxBytes) {
      if (rest.length > 0) this.#receiver.line(Buffer.from(rest.buffer, rest.byteOffset, rest.length));
      return;
    }
    this.#hold(rest);
    const line = this.#isSkipping ? undefined : this.#held.subarray(0, this.#size);
    this.#isSkipping = false;
    this.#size = 0;
    if (line !== undefined) this.#receiver.line(line);
    if (this.#held.length > KEPT_BYTES) this.#drop();
  }

  #hold(part: Uint8Array): void {
    if (this.#isSkipping || part.length === 0) return;
    const size = this.#size + part.length;
    if (size > this.#maxBytes) {
      this.#drop();
      this.#isSkipping = true;
      this.#receiver.tooLong();
      return;
    }
    if (size > this.#held.length) {
      const grown = Buffer.allocUnsafeSlow(Math.min(this.#maxBytes, Math.max(size, this.#held.length * 2)));
      grown.set(this.#held.subarray(0, this.#size));
      this.#held = grown;
    }
    this.#held.set(part, this.#size);
    this.#size = size;
  }

  #drop(): void {
    this.#held = NOTHING;
    this.#size = 0;
  }

  #finish(how: LinesEnd): void {
    if (this.#isOver) return;
    this.stop();
    this.#receiver.end(how);
  }
}
