import type { BodyReceiver, BodySink, BodySource, ResetReason } from './exchange.ts';
import type { Fields } from './fields.ts';
import { sendableTrailers } from './raw-fields.ts';

/** Bytes that wait for their reader before the writer is asked to stop. */
const HIGH_WATER = 64 * 1024;

/** What becomes of the message, or tunnel, whose body this is. */
export interface BodyFate {
  /** The writer has written its end. */
  written?(): void;
  /** The reader has got its end. */
  read?(): void;
  /** The writer breaks off. */
  reset(reason: ResetReason): void;
}

type Ending =
  | { readonly kind: 'end'; readonly trailers: Fields }
  | { readonly kind: 'reset'; readonly reason: ResetReason };

/**
 * One body between two sides in one process, with nothing copied. As over a socket, neither side is called within its own
 * call: code that works there must not meet itself here.
 */
export class InProcessBody implements BodySink, BodySource {
  onDrain: (() => void) | undefined;
  readonly #fate: BodyFate;
  #receiver: BodyReceiver | undefined;
  #chunks: Uint8Array[] = [];
  #bytes = 0;
  #ending: Ending | undefined;
  #isFull = false;
  #isPaused = false;
  #isScheduled = false;
  #isOver = false;

  constructor(fate: BodyFate) {
    this.#fate = fate;
  }

  write(chunk: Uint8Array): boolean {
    if (this.#ending !== undefined) return true;
    this.#chunks.push(chunk);
    this.#bytes += chunk.byteLength;
    this.#flowSoon();
    this.#isFull ||= this.#bytes >= HIGH_WATER;
    return !this.#isFull;
  }

  end(trailers: Fields): void {
    if (this.#ending !== undefined) return;
    this.#ending = { kind: 'end', trailers: sendableTrailers(trailers) };
    this.#fate.written?.();
    this.#flowSoon();
  }

  reset(reason: ResetReason): void {
    this.#fate.reset(reason);
  }

  /** The reader learns of it at once, paused or not; nothing after a delivered end. */
  break(reason: ResetReason): void {
    if (this.#isOver || this.#ending?.kind === 'reset') return;
    this.#ending = { kind: 'reset', reason };
    if (this.#isPaused) this.#chunks = [];
    this.#flowSoon();
  }

  read(receiver: BodyReceiver): void {
    this.#receiver = receiver;
    this.#flowSoon();
  }

  pause(): void {
    this.#isPaused = true;
  }

  resume(): void {
    this.#isPaused = false;
    this.#flowSoon();
  }

  #flowSoon(): void {
    if (this.#isScheduled || this.#isOver || this.#receiver === undefined) return;
    this.#isScheduled = true;
    queueMicrotask(() => this.#flow());
  }

  #flow(): void {
    this.#isScheduled = false;
    const receiver = this.#receiver;
    if (receiver === undefined) return;
    while (!this.#isPaused) {
      const chunk = this.#chunks.shift();
      if (chunk === undefined) break;
      this.#bytes -= chunk.byteLength;
      if (!receiver.data(chunk)) this.#isPaused = true;
    }
    const ending = this.#ending;
    if (ending?.kind === 'reset') {
      this.#isOver = true;
      receiver.reset(ending.reason);
    } else if (this.#chunks.length > 0) return;
    else if (ending === undefined) this.#drained();
    else if (!this.#isPaused) {
      this.#isOver = true;
      this.#fate.read?.();
      receiver.end(ending.trailers);
    }
  }

  /** Not in the same turn: a writer and a reader that are always ready would let nobody else run. */
  #drained(): void {
    if (!this.#isFull) return;
    this.#isFull = false;
    setImmediate(() => {
      if (this.#ending === undefined) this.onDrain?.();
    });
  }
}
