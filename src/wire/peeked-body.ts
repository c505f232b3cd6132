import type { BodyReceiver, BodySource, ResetReason } from './exchange.ts';
import type { Fields } from './fields.ts';
import { keepChunk } from './kept-chunks.ts';

/** What is known of a body once it was looked at. */
export type Peeked =
  | { readonly kind: 'whole'; readonly bytes: Uint8Array }
  /** Longer than the limit, or slower than the patience. */
  | { readonly kind: 'longer' }
  /** It broke off within the limit. */
  | { readonly kind: 'reset'; readonly reason: ResetReason };

export interface PeekLimits {
  readonly maxBytes: number;
  readonly patienceMs: number;
}

type Ending =
  | { readonly kind: 'end'; readonly trailers: Fields }
  | { readonly kind: 'reset'; readonly reason: ResetReason };

/** The beginning of a body, looked at before it is decided who gets it. Read afterwards, it is the same body from its first byte. */
export class PeekedBody implements BodySource, BodyReceiver {
  readonly #source: BodySource;
  readonly #maxBytes: number;
  readonly #patience: NodeJS.Timeout;
  #chunks: Uint8Array[] = [];
  #bytes = 0;
  #onPeeked: ((peeked: Peeked) => void) | undefined;
  #receiver: BodyReceiver | undefined;
  #ending: Ending | undefined;
  #isPaused = false;
  #isOver = false;

  /** Takes `source` for itself. `onPeeked` is called once; until somebody reads, no more than is already under way is taken. */
  constructor(source: BodySource, { maxBytes, patienceMs }: PeekLimits, onPeeked: (peeked: Peeked) => void) {
    this.#source = source;
    this.#maxBytes = maxBytes;
    this.#onPeeked = onPeeked;
    this.#patience = setTimeout(() => this.#tell({ kind: 'longer' }), patienceMs);
    source.read(this);
  }

  read(receiver: BodyReceiver): void {
    this.#receiver = receiver;
    // As from a socket, nothing comes within the call that asks for it.
    queueMicrotask(() => {
      if (!this.#isPaused) this.resume();
    });
  }

  pause(): void {
    this.#isPaused = true;
    this.#source.pause();
  }

  resume(): void {
    this.#isPaused = false;
    this.#flow();
    if (!this.#isPaused && this.#ending === undefined) this.#source.resume();
  }

  data(chunk: Uint8Array): boolean {
    this.#chunks.push(chunk);
    this.#bytes += chunk.byteLength;
    if (this.#onPeeked !== undefined) {
      if (this.#bytes <= this.#maxBytes) return true;
      this.#tell({ kind: 'longer' });
    }
    this.#flow();
    return this.#receiver !== undefined && !this.#isPaused;
  }

  end(trailers: Fields): void {
    this.#ending = { kind: 'end', trailers };
    if (this.#onPeeked !== undefined) this.#tell({ kind: 'whole', bytes: joined(this.#chunks) });
    this.#flow();
  }

  reset(reason: ResetReason): void {
    this.#ending = { kind: 'reset', reason };
    this.#tell({ kind: 'reset', reason });
    this.#flow();
  }

  /** Nobody knows when the reader goes on; until here they were kept for a turn, or for the patience at most. */
  #keepForLong(): void {
    const kept: Uint8Array[] = [];
    for (const chunk of this.#chunks) keepChunk(kept, chunk);
    this.#chunks = kept;
  }

  #tell(peeked: Peeked): void {
    clearTimeout(this.#patience);
    const tell = this.#onPeeked;
    this.#onPeeked = undefined;
    tell?.(peeked);
  }

  #flow(): void {
    const receiver = this.#receiver;
    if (receiver === undefined || this.#isOver) return;
    while (!this.#isPaused) {
      const chunk = this.#chunks.shift();
      if (chunk === undefined) break;
      if (!receiver.data(chunk)) this.#isPaused = true;
    }
    if (this.#chunks.length > 0) this.#keepForLong();
    const ending = this.#ending;
    if (ending === undefined) return;
    // What broke is told at once; an end has its place behind the bytes.
    if (ending.kind === 'reset') {
      this.#isOver = true;
      this.#chunks = [];
      receiver.reset(ending.reason);
    } else if (this.#chunks.length === 0 && !this.#isPaused) {
      this.#isOver = true;
      receiver.end(ending.trailers);
    }
  }
}

function joined(chunks: readonly Uint8Array[]): Uint8Array {
  const [first] = chunks;
  return first !== undefined && chunks.length === 1 ? first : Buffer.concat(chunks);
}
