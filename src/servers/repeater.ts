/** Runs one task again and again, never twice at once; the pause grows while it fails. */
export class Repeater {
  readonly #task: () => Promise<boolean>;
  readonly #intervalMs: number;
  readonly #mostMs: number;
  #pauseMs: number;
  #timer: NodeJS.Timeout | undefined;
  #running: Promise<void> | undefined;
  #stopped = true;

  /** `task` resolves false when it failed and never rejects. Times in milliseconds; `mostMs` bounds the backoff. */
  constructor(task: () => Promise<boolean>, intervalMs: number, mostMs = intervalMs) {
    this.#task = task;
    this.#intervalMs = intervalMs;
    this.#mostMs = Math.max(intervalMs, mostMs);
    this.#pauseMs = intervalMs;
  }

  start(): void {
    this.#stopped = false;
    void this.now();
  }

  stop(): void {
    this.#stopped = true;
    clearTimeout(this.#timer);
  }

  /** Runs now, or joins the run under way. */
  now(): Promise<void> {
    if (this.#stopped) return Promise.resolve();
    this.#running ??= this.#run();
    return this.#running;
  }

  /** Runs from the beginning: a run under way may have seen what was before. */
  async again(): Promise<void> {
    if (this.#running !== undefined) await this.#running;
    await this.now();
  }

  async #run(): Promise<void> {
    clearTimeout(this.#timer);
    const succeeded = await this.#task();
    this.#running = undefined;
    this.#pauseMs = succeeded ? this.#intervalMs : Math.min(this.#mostMs, this.#pauseMs * 2);
    if (this.#stopped) return;
    // A tenth of jitter either way keeps many proxies from asking one server in step.
    const jitter = 0.9 + Math.random() * 0.2;
    this.#timer = setTimeout(() => void this.now(), this.#pauseMs * jitter);
  }
}
