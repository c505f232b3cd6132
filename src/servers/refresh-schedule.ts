import { pauseAfter } from './watches/follow-up.ts';

export interface RefreshScheduleOptions {
  /** Least milliseconds between the beginnings of two refreshes. */
  readonly spacingMs: number;
  /** Milliseconds that never step back. */
  readonly clock: () => number;
  /** Reads what there is; resolves to whether it found something new. Must not reject. */
  readonly read: () => Promise<boolean>;
}

/** Longest wait for a refresh. A server that was silent for as long is not waited for again. */
export const REFRESH_PATIENCE_MS = 1_000;

/** Readings of all servers that requests ask for: shared by all who ask before one begins, and spaced. */
export class RefreshSchedule {
  readonly #options: RefreshScheduleOptions;
  /** The refresh that has not begun yet; whoever asks until then shares it. */
  #next: Promise<void> | undefined;
  /** When the next one may begin, in milliseconds of the clock. */
  #from = Number.NEGATIVE_INFINITY;

  constructor(options: RefreshScheduleOptions) {
    this.#options = options;
  }

  /**
   * Resolves when all was read from a beginning after this call, or after a second. A request that asks now must not be told
   * what was read before, so it never joins a refresh under way. Never rejects.
   */
  ask(): Promise<void> {
    this.#next ??= this.#soon();
    return this.#next;
  }

  #soon(): Promise<void> {
    const { clock } = this.#options;
    const { promise, resolve } = Promise.withResolvers<void>();
    const bound = setTimeout(resolve, REFRESH_PATIENCE_MS);
    const begin = async () => {
      this.#next = undefined;
      const beganAt = clock();
      this.#from = beganAt + this.#options.spacingMs;
      const isChange = await this.#options.read();
      clearTimeout(bound);
      resolve();
      if (isChange) this.#pauseAfterChange(beganAt);
    };
    const pause = this.#from - clock();
    if (pause > 0) setTimeout(begin, pause);
    else queueMicrotask(begin);
    return promise;
  }

  /** Large documents that change again and again take a part of a processor only; who waits for the next one still gets it. */
  #pauseAfterChange(beganAt: number): void {
    const now = this.#options.clock();
    const took = now - beganAt;
    const pause = Math.min(pauseAfter(took, true), REFRESH_PATIENCE_MS - took);
    this.#from = Math.max(this.#from, now + pause);
  }
}
