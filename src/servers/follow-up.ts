/**
 * Milliseconds after the last event at which discovery is read. A server's discovery follows its own events with a lag:
 * kube-apiserver 1.36 and 1.37 list a new type up to 25 ms after they announced it, a busy one later.
 */
const READ_AFTER_MS = [0, 50, 150, 400, 1_000] as const;
const LEAST_PAUSE_MS = 50;
/** Readings that change something take at most a fifth of the time, however many events come. */
const PAUSE_FACTOR = 4;

/** The pause after a reading of `tookMs`; one that found nothing new is cheap (304). */
export function pauseAfter(tookMs: number, isChange: boolean): number {
  return isChange ? Math.max(LEAST_PAUSE_MS, PAUSE_FACTOR * tookMs) : LEAST_PAUSE_MS;
}

/** Reads at once after an event and again for a short while after the last one. One reading at a time. */
export class FollowUp {
  readonly #read: () => Promise<boolean>;
  #eventAt = 0;
  /** The next of READ_AFTER_MS. */
  #step: number = READ_AFTER_MS.length;
  #earliestAt = Number.NEGATIVE_INFINITY;
  #isReading = false;
  #isStopped = false;
  #timer: NodeJS.Timeout | undefined;

  /** `read` resolves to whether it found something new; it must not reject. */
  constructor(read: () => Promise<boolean>) {
    this.#read = read;
  }

  event(): void {
    this.#eventAt = performance.now();
    this.#step = 0;
    this.#schedule();
  }

  stop(): void {
    this.#isStopped = true;
    clearTimeout(this.#timer);
  }

  #schedule(): void {
    const after = READ_AFTER_MS[this.#step];
    if (this.#isReading || this.#isStopped || after === undefined) return;
    clearTimeout(this.#timer);
    const dueAt = Math.max(this.#eventAt + after, this.#earliestAt);
    this.#timer = setTimeout(() => void this.#run(), Math.max(0, dueAt - performance.now()));
  }

  async #run(): Promise<void> {
    this.#isReading = true;
    const beganAt = performance.now();
    const isChange = await this.#read();
    const endedAt = performance.now();
    this.#isReading = false;
    this.#earliestAt = endedAt + pauseAfter(endedAt - beganAt, isChange);
    // An event during the reading may be newer than what was read.
    while (this.#eventAt + (READ_AFTER_MS[this.#step] ?? Number.POSITIVE_INFINITY) <= beganAt) this.#step++;
    this.#schedule();
  }
}
