import type { Stage } from '../stage.ts';

/** What one client does over and over, with a rest in between, until it is stopped or the rehearsal is. */
export class Routine {
  readonly #stage: Stage;
  readonly #restMs: number;
  readonly #step: () => Promise<void>;
  #isStopped = false;
  #running: Promise<void> = Promise.resolve();

  constructor(stage: Stage, restMs: number, step: () => Promise<void>) {
    this.#stage = stage;
    this.#restMs = restMs;
    this.#step = step;
  }

  start(): void {
    this.#running = this.#run();
  }

  /** Resolves when the step under way has ended; rejects with what a step threw. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    await this.#running;
  }

  async #run(): Promise<void> {
    while (!this.#isStopped && !this.#stage.signal.aborted) {
      await this.#step();
      await this.#stage.rest(this.#restMs);
    }
  }
}
