/**
 * How often a peer may do what costs us more than it. Fills up with time, and never beyond `burst`.
 */
export class Budget {
  readonly #burst: number;
  readonly #perMs: number;
  #left: number;
  #filledAt: number;

  constructor(burst: number, perSecond: number) {
    this.#burst = burst;
    this.#perMs = perSecond / 1000;
    this.#left = burst;
    this.#filledAt = performance.now();
  }

  /** Whether there was one left. */
  take(): boolean {
    if (this.#left < 1) this.#fill();
    this.#left -= 1;
    return this.#left >= 0;
  }

  /** Something useful was done: `count` more are allowed. */
  give(count = 1): void {
    if (this.#left < this.#burst) this.#left += count;
  }

  /** Looked at only when it has run out, so that most calls read no clock. */
  #fill(): void {
    const now = performance.now();
    this.#left = Math.min(this.#burst, Math.max(0, this.#left) + (now - this.#filledAt) * this.#perMs);
    this.#filledAt = now;
  }
}
