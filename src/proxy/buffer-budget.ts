/** A bound on bytes held for replay, shared by all requests. */
export class BufferBudget {
  readonly #limit: number;
  #held = 0;

  /** `limit` in bytes. */
  constructor(limit: number) {
    this.#limit = limit;
  }

  get held(): number {
    return this.#held;
  }

  /** Reserves `bytes`; false when the budget has no room, and then nothing is reserved. */
  take(bytes: number): boolean {
    if (this.#held + bytes > this.#limit) return false;
    this.#held += bytes;
    return true;
  }

  give(bytes: number): void {
    this.#held -= bytes;
  }
}
