import { NO_OPENAPI, type OpenAPIIndex, parseOpenAPIIndex } from '../openapi/openapi-index.ts';
import { FetchError, type FetchedResponse, fetchFrom } from '../wire/fetch.ts';
import type { Fields } from '../wire/fields.ts';
import type { DiscoveryReaderOptions } from './discovery-reader.ts';
import { Repeater } from './repeater.ts';

/** A server's OpenAPI as others see it at one moment. */
export interface ServerOpenAPI {
  /** Undefined while it was never read. */
  readonly index: OpenAPIIndex | undefined;
  /** GET of one of its documents, as ourselves. Rejects with FetchError when there is no complete answer. */
  fetch(target: string, fields: Fields): Promise<FetchedResponse>;
  /** The index is known to be old. */
  again(): Promise<boolean>;
}

export type OpenAPIReaderOptions = Pick<
  DiscoveryReaderOptions,
  'server' | 'upstream' | 'fields' | 'intervalMs' | 'timeoutMs' | 'maxBytes' | 'logger' | 'changed'
>;

const BACKOFF_MS = 5_000;
/** How long readiness and refreshes wait for an index. A server that is slower is not waited for until it has answered. */
const PATIENCE_MS = 1_000;

/**
 * Reads one server's `/openapi/v3` again and again, apart from its discovery: what happens to one has no effect on the other.
 * What was read last stays, whatever fails later.
 */
export class OpenAPIReader {
  readonly #options: OpenAPIReaderOptions;
  readonly #reading: Repeater;
  #index: OpenAPIIndex | undefined;
  #body: Buffer | undefined;
  #failure = '';
  #isReported = false;
  #isTried = false;
  #patience: NodeJS.Timeout | undefined;

  /** `changed` is called after readings that brought something new, the first in any case. */
  constructor(options: OpenAPIReaderOptions) {
    this.#options = options;
    this.#reading = new Repeater(() => this.#read(), options.intervalMs, BACKOFF_MS);
  }

  /** What is known of the server now. */
  get seen(): ServerOpenAPI {
    return {
      index: this.#index,
      fetch: (target, fields) => this.#fetch(target, fields),
      again: () => this.again(),
    };
  }

  /** Why the index cannot be read at the moment; '' when it can. */
  get failure(): string {
    return this.#failure;
  }

  /** It was read, could not be read, or takes too long: nobody has to wait for it. */
  get isTried(): boolean {
    return this.#isTried;
  }

  start(): void {
    this.#patience = setTimeout(() => this.#tried(), PATIENCE_MS);
    this.#patience.unref();
    this.#reading.start();
  }

  stop(): void {
    clearTimeout(this.#patience);
    this.#reading.stop();
  }

  /** Reads from the beginning, as `DiscoveryReader.again`. Resolves to whether it succeeded. */
  again(): Promise<boolean> {
    return this.#reading.again();
  }

  /** As `again`, but resolves at once, without waiting, when the server has shown that it cannot answer soon. */
  async againIfPrompt(): Promise<void> {
    const isPrompt = this.#failure === '' && this.#reading.busyMs < PATIENCE_MS;
    const reading = this.again();
    if (isPrompt) await reading;
  }

  inherit(previous: OpenAPIReader): void {
    this.#index = previous.#index;
    this.#body = previous.#body;
    this.#isTried = previous.#isTried;
  }

  #fetch(target: string, fields: Fields): Promise<FetchedResponse> {
    const { upstream, fields: own, timeoutMs, maxBytes } = this.#options;
    return fetchFrom(upstream, { method: 'GET', target, fields: [...own, ...fields], timeoutMs, maxBytes });
  }

  async #read(): Promise<boolean> {
    const { logger, server } = this.#options;
    try {
      const { status, body } = await this.#fetch('/openapi/v3', ['accept', 'application/json']);
      if (status === 200) this.#take(body);
      else if (status === 404) this.#change(NO_OPENAPI, undefined);
      else throw new Error(`GET /openapi/v3 was answered ${status}`);
      if (this.#isReported) logger.info('the OpenAPI index can be read again', { server });
      this.#isReported = false;
      this.#failure = '';
      return true;
    } catch (error) {
      this.#failed(error);
      return false;
    } finally {
      this.#tried();
    }
  }

  #take(body: Buffer): void {
    if (!this.#body?.equals(body)) this.#change(parseOpenAPIIndex(body.toString('utf8')), body);
  }

  #change(index: OpenAPIIndex, body: Buffer | undefined): void {
    this.#body = body;
    if (this.#index === index) return;
    this.#index = index;
    if (this.#isTried) this.#options.changed();
  }

  #failed(error: unknown): void {
    const reason = error instanceof Error ? error.message : String(error);
    if (reason === this.#failure) return;
    this.#failure = reason;
    // That a server cannot be reached at all is said by whoever reads its discovery.
    if (error instanceof FetchError && error.failure.cause !== 'reset') return;
    const { logger, server } = this.#options;
    logger.warn('the OpenAPI index cannot be read; the last good one is kept', { server, reason });
    this.#isReported = true;
  }

  #tried(): void {
    if (this.#isTried) return;
    this.#isTried = true;
    this.#options.changed();
  }
}
