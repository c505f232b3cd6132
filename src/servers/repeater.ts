/** Pauses that double up to `mostMs`, for questions that cost a server something. */
export function doubling(mostMs: number): (pauseMs: number) => number {
  return (pauseMs) => Math.max(pauseMs, Math.min(mostMs, pauseMs * 2));
}

/** Runs one task again and again, never twice at once, at another interval while it fails. */
export class Repeater {
  readonly #task: () => Promise<boolean>;
  readonly #intervalMs: number;
  readonly #afterFailure: (pauseMs: number) => number;
  #pauseMs: number;
  #timer: NodeJS.Timeout | undefined;
  #running: Promise<boolean> | undefined;
  #startedAt = 0;
  #stopped = true;

  /**
   * `task` resolves false, or rejects, when it failed. Times in milliseconds, from the start of one run to the start of the
   * next; `afterFailure` makes the pause after a failed run of the one before.
   */
  constructor(task: () => Promise<boolean>, intervalMs: number, afterFailure = (pauseMs: number) => pauseMs) {
    this.#task = task;
    this.#intervalMs = intervalMs;
    this.#afterFailure = afterFailure;
    this.#pauseMs = intervalMs;
  }

  /** Milliseconds for which the run under way has lasted; 0 when there is none. */
  get busyMs(): number {
    return this.#running === undefined ? 0 : performance.now() - this.#startedAt;
  }

  /** Nobody wants the result of a run under way any more, and what it needs may be closed under it. */
  get isStopped(): boolean {
    return this.#stopped;
  }

  start(): void {
    this.#stopped = false;
    void this.now();
  }

  stop(): void {
    this.#stopped = true;
    clearTimeout(this.#timer);
  }

  /** Runs now, or joins the run under way. Resolves to whether it succeeded. */
  now(): Promise<boolean> {
    if (this.#stopped) return Promise.resolve(false);
    this.#running ??= this.#run();
    return this.#running;
  }

  /** Runs from the beginning: a run under way may have seen what was before. */
  async again(): Promise<boolean> {
    if (this.#running !== undefined) await this.#running;
    return this.now();
  }

  async #run(): Promise<boolean> {
    clearTimeout(this.#timer);
    this.#startedAt = performance.now();
    // A turn later, when this run is known: what the task causes at once must join it.
    const succeeded = await Promise.resolve()
      .then(this.#task)
      .catch(() => false);
    this.#running = undefined;
    this.#pauseMs = succeeded ? this.#intervalMs : this.#afterFailure(this.#pauseMs);
    if (!this.#stopped) this.#schedule(this.#pauseMs - (performance.now() - this.#startedAt), succeeded ? 6 : 2);
    return succeeded;
  }

  /**
   * Earlier by up to one part of `parts`, never later: many proxies must not ask one server in step, and no verdict may come
   * late. They all see it fail at the same moment, and must not all ask in the moment in which it is back.
   */
  #schedule(pauseMs: number, parts: number): void {
    const jittered = Math.max(0, pauseMs) * (1 - Math.random() / parts);
    this.#timer = setTimeout(() => void this.now(), jittered);
  }
}
