import type { Writable } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';

const BLOCK = Buffer.alloc(64 * 1024, 'mixed version proxy ');
/** No news for so long means that nothing moves: a stream that flows moves thousands of times as often. */
const QUIET_MS = 100;
const QUIET_ROUNDS = 5;

/** Offers `total` bytes to a target, which takes them when it wants to. */
export class Offer {
  readonly #target: Writable;
  readonly #total: number;
  #left: number;

  constructor(target: Writable, total: number) {
    this.#target = target;
    this.#total = total;
    this.#left = total;
    target.on('drain', () => this.#write());
    target.on('error', () => {});
    this.#write();
  }

  /** Bytes that have left this process's memory. */
  get accepted(): number {
    return this.#total - this.#left - this.#target.writableLength;
  }

  /** Resolves when nothing more is taken. */
  async stalled(): Promise<void> {
    let seen = -1;
    for (let quiet = 0; quiet < QUIET_ROUNDS; quiet += 1) {
      if (this.accepted !== seen) quiet = 0;
      seen = this.accepted;
      await delay(QUIET_MS);
    }
  }

  #write(): void {
    while (this.#left > 0 && !this.#target.destroyed) {
      const block = BLOCK.subarray(0, this.#left);
      this.#left -= block.length;
      if (!this.#target.write(block)) break;
    }
    if (this.#left === 0 && !this.#target.writableEnded) this.#target.end();
  }
}
