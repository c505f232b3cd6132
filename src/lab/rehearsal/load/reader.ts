import { ClientError } from '../../client/client-error.ts';
import type { LabClient } from '../../client/lab-client.ts';
import type { Stage } from '../stage.ts';

const PERIOD_MS = 40;

/** Reads objects that exist, one at random after the other. */
export class Reader {
  readonly #stage: Stage;
  readonly #client: LabClient;
  readonly #targets: string[] = [];
  #isStopped = false;
  #running: Promise<void> = Promise.resolve();

  constructor(stage: Stage) {
    this.#stage = stage;
    this.#client = stage.client('reader');
  }

  /** Also reads this one from now on. */
  add(target: string): void {
    this.#targets.push(target);
  }

  start(): void {
    this.#running = this.#run();
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    await this.#running;
  }

  async #run(): Promise<void> {
    const { random, signal } = this.#stage;
    while (!this.#isStopped && !signal.aborted) {
      const target = this.#targets[Math.floor(random() * this.#targets.length)];
      if (target !== undefined) {
        await this.#client.request('GET', target).catch((error: unknown) => {
          if (!(error instanceof ClientError)) throw error;
        });
      }
      await this.#stage.rest(PERIOD_MS);
    }
  }
}
