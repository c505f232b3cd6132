import { ClientError } from '../../client/client-error.ts';
import type { LabClient } from '../../client/lab-client.ts';
import type { Stage } from '../stage.ts';
import { Routine } from './routine.ts';

const PERIOD_MS = 40;

/** Reads objects that exist, one at random after the other. */
export class Reader {
  readonly #stage: Stage;
  readonly #client: LabClient;
  readonly #targets: string[] = [];
  readonly #routine: Routine;

  constructor(stage: Stage) {
    this.#stage = stage;
    this.#client = stage.client('reader');
    this.#routine = new Routine(stage, PERIOD_MS, () => this.#read());
  }

  /** Also reads this one from now on. */
  add(target: string): void {
    this.#targets.push(target);
  }

  start(): void {
    this.#routine.start();
  }

  stop(): Promise<void> {
    return this.#routine.stop();
  }

  async #read(): Promise<void> {
    const target = this.#targets[Math.floor(this.#stage.random() * this.#targets.length)];
    if (target === undefined) return;
    await this.#client.request('GET', target).catch((error: unknown) => {
      if (!(error instanceof ClientError)) throw error;
    });
  }
}
