/** The longest turns of the event loop between `start` and `stop`: for so long a request may wait. */
export class TurnMeter {
  #longest = 0;
  #last = 0;
  #isRunning = false;

  start(): void {
    this.#longest = 0;
    this.#last = performance.now();
    this.#isRunning = true;
    setImmediate(() => this.#turn());
  }

  /** Milliseconds. */
  stop(): number {
    this.#isRunning = false;
    return this.#longest;
  }

  #turn(): void {
    const now = performance.now();
    this.#longest = Math.max(this.#longest, now - this.#last);
    this.#last = now;
    if (this.#isRunning) setImmediate(() => this.#turn());
  }
}
