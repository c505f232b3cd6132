/** The waiting times of client-go's reflector (tools/cache/reflector.go, apimachinery wait.Backoff.DelayWithReset). */
export class Backoff {
  readonly #initialMs: number;
  readonly #maxMs: number;
  readonly #resetMs: number;
  readonly #random: () => number;
  #nextMs: number;
  #lastAt = -Infinity;

  constructor({
    initialMs = 800,
    maxMs = 30_000,
    resetMs = 120_000,
    random = Math.random,
  }: { initialMs?: number; maxMs?: number; resetMs?: number; random?: () => number } = {}) {
    this.#initialMs = initialMs;
    this.#maxMs = maxMs;
    this.#resetMs = resetMs;
    this.#random = random;
    this.#nextMs = initialMs;
  }

  /** Milliseconds to wait: doubled each time up to the cap, once to twice that; from the start again after `resetMs` of quiet. */
  next(): number {
    const now = performance.now();
    if (now - this.#lastAt > this.#resetMs) this.#nextMs = this.#initialMs;
    this.#lastAt = now;
    const delay = this.#nextMs;
    this.#nextMs = Math.min(this.#nextMs * 2, this.#maxMs);
    return delay * (1 + this.#random());
  }
}
