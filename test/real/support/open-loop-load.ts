import type { LoadConnection, LoadRequest } from './load-connection.ts';
import { describeExchanged, type Outcome, outcomeOf } from './outcome.ts';

/** One request of a load. */
export interface LoadTask extends LoadRequest {
  readonly kind: 'read' | 'write';
  /** Of the object that a write makes. */
  readonly name?: string;
  /** Whether an answer in the 200s is what a server that serves the type would say. */
  readonly isRight: (text: string) => boolean;
}

/** How one request ended. Times are `performance.now()`. */
export interface LoadResult {
  readonly kind: 'read' | 'write';
  readonly name: string | undefined;
  /** When it had to be sent: what a busy client adds counts as waiting. */
  readonly dueAt: number;
  readonly endedAt: number;
  readonly outcome: Outcome;
  /** '' when the outcome is `right`. */
  readonly detail: string;
}

export interface OpenLoopOptions {
  /** Used in turn. */
  readonly connections: readonly LoadConnection[];
  readonly perSecond: number;
  /** The request with that number; each is asked for once. */
  readonly task: (index: number) => LoadTask;
  /** Numbers in [0, 1) that choose the connection. */
  readonly random: () => number;
}

const TICK_MS = 2;

/**
 * Sends requests at a fixed rate whether or not earlier ones were answered, as the sum of many clients does: a server that
 * stalls meets all who would have come meanwhile, and each of them is counted with all it waited.
 */
export class OpenLoopLoad {
  readonly results: LoadResult[] = [];
  readonly startedAt = performance.now();
  readonly #options: OpenLoopOptions;
  readonly #timer: NodeJS.Timeout;
  readonly #open = new Set<Promise<void>>();
  #sent = 0;

  /** Starts at once. */
  constructor(options: OpenLoopOptions) {
    this.#options = options;
    this.#timer = setInterval(() => this.#sendDue(), TICK_MS);
  }

  /** Sends nothing more; resolves when everything sent has ended. */
  async stop(): Promise<readonly LoadResult[]> {
    clearInterval(this.#timer);
    await Promise.all(this.#open);
    return this.results;
  }

  #sendDue(): void {
    const { perSecond } = this.#options;
    const now = performance.now();
    for (;;) {
      const dueAt = this.startedAt + (this.#sent * 1000) / perSecond;
      if (dueAt > now) return;
      this.#send(this.#sent, dueAt);
      this.#sent += 1;
    }
  }

  #send(index: number, dueAt: number): void {
    const { connections, task, random } = this.#options;
    const connection = connections[Math.floor(random() * connections.length)];
    if (connection === undefined) throw new RangeError('a load needs connections');
    const { kind, name, isRight, ...request } = task(index);
    const sent = connection.exchange(request).then((exchanged) => {
      const outcome = outcomeOf(exchanged, isRight);
      const detail = outcome === 'right' ? '' : describeExchanged(exchanged);
      this.results.push({ kind, name, dueAt, endedAt: performance.now(), outcome, detail });
      this.#open.delete(sent);
    });
    this.#open.add(sent);
  }
}
