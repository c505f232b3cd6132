import { setTimeout as delay } from 'node:timers/promises';
import { type Answer, type HttpClient, type HttpRequest, header } from './http-client.ts';

/** What was said from one answer on, until the next sighting. */
export interface Sighting {
  /** `performance.now()` when the answer had come. */
  readonly at: number;
  readonly value: string;
}

export interface SightingsOptions {
  /** Asked again and again, one after the other, conditionally once an answer had an ETag. */
  readonly request: HttpRequest;
  /** The point of an answer; 304 repeats the one before. A failure to get an answer is a sighting that begins with `failed`. */
  readonly read: (answer: Answer) => string;
  /** Milliseconds between two requests. */
  readonly pauseMs: number;
}

interface Waiter {
  readonly accept: (value: string) => boolean;
  readonly resolve: (sighting: Sighting) => void;
}

const TIMEOUT_MS = 120_000;
/** A request without an answer for as long has failed; Node says nothing of HTTP/2 streams that a dying server closes. */
const PATIENCE_MS = 10_000;

/** Watches what one endpoint says, and remembers when it began to say something else. */
export class Sightings {
  /** In the order of time; neighbours differ. */
  readonly changes: Sighting[] = [];
  /** How many answers said what. */
  readonly counts = new Map<string, number>();
  readonly #client: HttpClient;
  readonly #options: SightingsOptions;
  readonly #waiters = new Set<Waiter>();
  readonly #running: Promise<void>;
  #stopped = false;

  constructor(client: HttpClient, options: SightingsOptions) {
    this.#client = client;
    this.#options = options;
    this.#running = this.#run();
  }

  get values(): readonly string[] {
    return this.changes.map(({ value }) => value);
  }

  /** The first sighting from `from` on, or of what is said now, that `accept` takes; rejects after two minutes. */
  async until(accept: (value: string) => boolean, from = 0): Promise<Sighting> {
    const latest = this.changes.at(-1);
    const found = this.changes.find((change) => (change.at >= from || change === latest) && accept(change.value));
    if (found !== undefined) return found;
    const { promise, resolve, reject } = Promise.withResolvers<Sighting>();
    const waiter = { accept, resolve };
    this.#waiters.add(waiter);
    const timer = setTimeout(() => {
      reject(new Error(`${this.#options.request.target}: still ${this.changes.at(-1)?.value} after two minutes`));
    }, TIMEOUT_MS);
    return promise.finally(() => {
      clearTimeout(timer);
      this.#waiters.delete(waiter);
    });
  }

  /** Ends after the request under way. */
  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#running;
  }

  async #run(): Promise<void> {
    const { request, read, pauseMs } = this.#options;
    const { headers = [] } = request;
    let etag: string | undefined;
    while (!this.#stopped) {
      try {
        const condition = etag === undefined ? [] : ['if-none-match', etag];
        const answer = await withinPatience(this.#client.request({ ...request, headers: [...headers, ...condition] }));
        const said = answer.status === 304 ? this.changes.at(-1)?.value : read(answer);
        if (answer.status === 200) etag = header(answer, 'etag');
        if (said !== undefined) this.#saw(said);
      } catch (error) {
        etag = undefined;
        this.#saw(`failed: ${error instanceof Error ? error.message : error}`);
      }
      await delay(pauseMs);
    }
  }

  #saw(value: string): void {
    this.counts.set(value, (this.counts.get(value) ?? 0) + 1);
    const sighting = { at: performance.now(), value };
    if (this.changes.at(-1)?.value === value) return;
    this.changes.push(sighting);
    for (const { accept, resolve } of this.#waiters) if (accept(value)) resolve(sighting);
  }
}

function withinPatience<T>(promise: Promise<T>): Promise<T> {
  const { promise: late, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new Error(`no answer within ${PATIENCE_MS} ms`)), PATIENCE_MS);
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}
