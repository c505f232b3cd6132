import { buffer } from 'node:stream/consumers';
import { setTimeout as delay } from 'node:timers/promises';
import { type Answer, type ClientOptions, type HttpClient, type HttpRequest, httpClient } from './http-client.ts';

/** One answer, or the failure to get one. Times are `performance.now()` of the end of the exchange. */
export type Polled =
  | ({ readonly kind: 'answer'; readonly at: number } & Answer)
  /** `cut`: the head of an answer had come. */
  | { readonly kind: 'failed'; readonly at: number; readonly cut: boolean; readonly reason: string };

/** Between two requests of one poller: dense enough to meet every moment of an outage, sparse enough for two processors. */
const PAUSE_MS = 5;

/** Asks the same again and again, one request after the other, and keeps every answer. */
export class Poller {
  readonly polled: Polled[] = [];
  readonly #client: HttpClient;
  readonly #request: HttpRequest;
  readonly #running: Promise<void>;
  #stopped = false;

  constructor(client: ClientOptions, request: HttpRequest) {
    this.#client = httpClient(client);
    this.#request = request;
    this.#running = this.#run();
  }

  /** Ends after the request under way. */
  async stop(): Promise<readonly Polled[]> {
    this.#stopped = true;
    await this.#running;
    this.#client.close();
    return this.polled;
  }

  /** Resolves with the first answer after now that `accept` takes; rejects after a minute. */
  async next(accept: (polled: Polled) => boolean): Promise<Polled> {
    const from = performance.now();
    while (performance.now() - from < 60_000) {
      const found = this.polled.find((polled) => polled.at > from && accept(polled));
      if (found !== undefined) return found;
      await delay(PAUSE_MS);
    }
    throw new Error(`no such answer within a minute; the last one: ${describePolled(this.polled.at(-1))}`);
  }

  async #run(): Promise<void> {
    while (!this.#stopped) {
      this.polled.push(await this.#poll());
      await delay(PAUSE_MS);
    }
  }

  async #poll(): Promise<Polled> {
    let cut = false;
    try {
      const { status, headers, body } = await this.#client.open(this.#request);
      cut = true;
      const whole = await buffer(body);
      return { kind: 'answer', at: performance.now(), status, headers, body: whole };
    } catch (error) {
      return { kind: 'failed', at: performance.now(), cut, reason: String(error) };
    }
  }
}

export function describePolled(polled: Polled | undefined): string {
  if (polled === undefined) return 'nothing';
  if (polled.kind === 'failed') return `${polled.cut ? 'cut off: ' : ''}${polled.reason}`;
  return `${polled.status} ${polled.body.toString('utf8').slice(0, 500)}`;
}

export function hasStatus(status: number): (polled: Polled) => boolean {
  return (polled) => polled.kind === 'answer' && polled.status === status;
}
