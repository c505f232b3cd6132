/**
 * Milliseconds after the last event at which discovery is read. A server's discovery follows its own events with a lag:
 * kube-apiserver 1.36 and 1.37 list a new type up to 25 ms after they announced it, a busy one later.
 */
export const DISCOVERY_TIMES_MS: readonly number[] = [0, 50, 150, 400, 1_000];
/** The same for the index of OpenAPI, which kube-apiserver renews once a second. */
export const OPENAPI_TIMES_MS: readonly number[] = [100, 350, 600, 850, 1_100, 2_000];
/** By how much readings after the first are put off at random: every proxy in front of a server sees the same event. */
const SPREAD_MS = 40;
const LEAST_PAUSE_MS = 50;
/** Readings that change something take at most a fifth of the time, however many events come. */
const PAUSE_FACTOR = 4;
/** A reading that takes longer than an eighth of a second waits for the server, mostly; what changed must be seen within one. */
const MOST_PAUSE_MS = 500;

/** The pause after a reading of `tookMs`; one that found nothing new is cheap (304). */
export function pauseAfter(tookMs: number, isChange: boolean): number {
  if (!isChange) return LEAST_PAUSE_MS;
  return Math.min(MOST_PAUSE_MS, Math.max(LEAST_PAUSE_MS, PAUSE_FACTOR * tookMs));
}

/** Reads for a short while after the last event. One reading at a time. */
export class FollowUp {
  readonly #read: () => Promise<boolean>;
  readonly #times: readonly number[];
  #eventAt = 0;
  #spreadMs = 0;
  /** Which of the times is the next one. */
  #step: number;
  #earliestAt = Number.NEGATIVE_INFINITY;
  #isReading = false;
  #isStopped = false;
  #timer: NodeJS.Timeout | undefined;

  /** `read` resolves to whether it found something new; it must not reject. `times`: when, after the last event. */
  constructor(read: () => Promise<boolean>, times: readonly number[]) {
    this.#read = read;
    this.#times = times;
    this.#step = times.length;
  }

  event(): void {
    this.#eventAt = performance.now();
    this.#spreadMs = Math.random() * SPREAD_MS;
    this.#step = 0;
    this.#schedule();
  }

  stop(): void {
    this.#isStopped = true;
    clearTimeout(this.#timer);
  }

  #schedule(): void {
    const after = this.#times[this.#step];
    if (this.#isReading || this.#isStopped || after === undefined) return;
    clearTimeout(this.#timer);
    const spreadMs = this.#step === 0 ? 0 : this.#spreadMs;
    const dueAt = Math.max(this.#eventAt + after + spreadMs, this.#earliestAt);
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
    while (this.#eventAt + (this.#times[this.#step] ?? Number.POSITIVE_INFINITY) <= beganAt) this.#step++;
    this.#schedule();
  }
}
