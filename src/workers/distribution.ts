import type { AcceptedConnection } from '../wire/acceptor.ts';
import type { Worker } from './worker.ts';

/** Connections that wait for a worker; more than a listen queue of the kernel usually has. */
const MOST_WAITING = 4_096;

/** Connections on their way to one worker. What it never takes, because it hangs or dies, is lost with it. */
const MOST_UNTAKEN = 8;

/** Hands the connections of one listener to workers, in turn; keeps them while there is no worker. */
export class Distribution {
  readonly #give: (worker: Worker, connection: AcceptedConnection) => void;
  readonly #workers: () => readonly Worker[];
  readonly #waiting: AcceptedConnection[] = [];
  #last: Worker | undefined;

  /** `workers`: those of this moment, in any state. */
  constructor(workers: () => readonly Worker[], give: (worker: Worker, connection: AcceptedConnection) => void) {
    this.#workers = workers;
    this.#give = give;
  }

  accept(connection: AcceptedConnection): void {
    const worker = this.#next();
    if (worker !== undefined) this.#give(worker, connection);
    else if (this.#waiting.length < MOST_WAITING) this.#waiting.push(connection);
    else connection.destroy();
  }

  /** Some worker changed its state, or took what it was given. */
  workersChanged(): void {
    while (this.#waiting.length > 0) {
      const worker = this.#next();
      const connection = worker === undefined ? undefined : this.#waiting.shift();
      if (worker === undefined || connection === undefined) return;
      if (!connection.destroyed) this.#give(worker, connection);
    }
  }

  /** Ends what nobody will take. */
  close(): void {
    for (const connection of this.#waiting.splice(0)) connection.destroy();
  }

  /** The one after the last among those that have taken the most of what they got: a hung one takes nothing. */
  #next(): Worker | undefined {
    const all = this.#workers().filter(({ untaken }) => untaken < MOST_UNTAKEN);
    const ready = all.filter(({ state }) => state === 'ready');
    const able = ready.length > 0 ? ready : all.filter(({ state }) => state === 'listening');
    const least = Math.min(...able.map(({ untaken }) => untaken));
    const free = able.filter(({ untaken }) => untaken === least);
    const after = this.#last?.slot ?? -1;
    this.#last = free.find(({ slot }) => slot > after) ?? free[0];
    return this.#last;
  }
}
