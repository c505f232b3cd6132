import type { ApiClient, BodyEnd } from './api-client.ts';
import { WatchLines } from './watch-lines.ts';

/** How one watch ended that this side did not leave. */
export type WatchOver =
  | { readonly kind: 'ended'; readonly end: BodyEnd; readonly rest: string }
  | { readonly kind: 'failed'; readonly why: string };

/**
 * An informer without a store: lists once, then watches from the list's resourceVersion, and from the last event's again
 * whenever a watch ends. It never lists again, so that a gap cannot be papered over.
 */
export class FollowedList {
  /** `name@resourceVersion` of every event, in the order of arrival. */
  readonly events: string[] = [];
  /** How watches ended, in order. */
  readonly overs: WatchOver[] = [];
  readonly #client: ApiClient;
  readonly #path: string;
  readonly #started = Promise.withResolvers<void>();
  #resourceVersion = '';
  #cancel: (() => void) | undefined;
  #closed = false;
  /** It failed, and says why in `overs`. */
  #isOver = false;
  #wanted: { readonly last: string; readonly resolve: () => void } | undefined;

  constructor(client: ApiClient, path: string) {
    this.#client = client;
    this.#path = path;
    this.#run().catch((error: unknown) => {
      this.#started.reject(error);
      this.overs.push({ kind: 'failed', why: String(error) });
      this.#isOver = true;
      this.#wanted?.resolve();
    });
  }

  /** Resolves when the first watch is open. */
  get started(): Promise<void> {
    return this.#started.promise;
  }

  /** Resolves when that event has come, or never will. */
  async until(last: string): Promise<void> {
    if (this.#isOver || this.events.includes(last)) return;
    await new Promise<void>((resolve) => {
      this.#wanted = { last, resolve };
    });
  }

  close(): void {
    this.#closed = true;
    this.#cancel?.();
    this.#client.close();
  }

  async #run(): Promise<void> {
    const { status, text } = await this.#client.request({ path: this.#path });
    if (status !== 200) throw new Error(`the list was answered ${status} ${text}`);
    this.#resourceVersion = JSON.parse(text).metadata.resourceVersion;
    while (!this.#closed) await this.#watch();
  }

  async #watch(): Promise<void> {
    const path = `${this.#path}?watch=true&resourceVersion=${this.#resourceVersion}`;
    const { status, body, cancel } = await this.#client.open({ path });
    if (status !== 200) throw new Error(`a watch was answered ${status}`);
    this.#cancel = cancel;
    this.#started.resolve();
    const lines = new WatchLines(body, (line) => this.#event(line));
    const end = await lines.end;
    if (!this.#closed) this.overs.push({ kind: 'ended', end, rest: lines.rest });
  }

  #event(line: string): void {
    const { type, object } = JSON.parse(line);
    if (type === 'ERROR') throw new Error(`a watch failed: ${line}`);
    const { name, resourceVersion } = object.metadata;
    this.#resourceVersion = resourceVersion;
    const event = `${name}@${resourceVersion}`;
    this.events.push(event);
    if (this.#wanted?.last === event) this.#wanted.resolve();
  }
}
