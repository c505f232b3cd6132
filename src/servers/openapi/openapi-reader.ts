import { createHash } from 'node:crypto';
import { NO_OPENAPI, type OpenAPIIndex, parseOpenAPIIndex } from '../../openapi/openapi-index.ts';
import { FetchError, type FetchedResponse, fetchFrom } from '../../wire/fetch.ts';
import type { Fields } from '../../wire/fields.ts';
import type { DiscoveryReaderOptions } from '../discovery/discovery-reader.ts';
import { doubling, Repeater } from '../repeater.ts';
import { WeakValues } from '../weak-values.ts';

/** A server's OpenAPI as others see it at one moment. */
export interface ServerOpenAPI {
  /** Undefined while it was never read. */
  readonly index: OpenAPIIndex | undefined;
  /** It could not be read the last time, or the reading under way takes too long. */
  readonly isFailing: boolean;
  /** GET of one of its documents, as ourselves. Rejects with FetchError when there is no complete answer. */
  fetch(target: string, fields: Fields): Promise<FetchedResponse>;
  /** The index is known to be old. */
  again(): Promise<boolean>;
}

export type OpenAPIReaderOptions = Pick<
  DiscoveryReaderOptions,
  'server' | 'upstream' | 'fields' | 'intervalMs' | 'timeoutMs' | 'maxBytes' | 'logger' | 'changed'
>;

const ACCEPT = ['accept', 'application/json'];
const BACKOFF_MS = 5_000;
/** An index has some 200 bytes for each group-version. */
const INDEX_BYTES = 8 * 1024 * 1024;
/** How long an index may take. A server that is slower is not waited for, nor asked if there is another, until it has answered. */
const PATIENCE_MS = 1_000;

interface KnownIndex {
  readonly body: Buffer;
  readonly index: OpenAPIIndex;
}

/** Servers of one version have equal indexes, which are kept once. */
const indexes = new WeakValues<KnownIndex>();

function knownIndex(body: Buffer): KnownIndex {
  const key = createHash('sha256').update(body).digest('base64');
  const known = indexes.get(key);
  if (known !== undefined) return known;
  const made = { body, index: parseOpenAPIIndex(body.toString('utf8')) };
  indexes.set(key, made);
  return made;
}

/**
 * Reads one server's `/openapi/v3` again and again, apart from its discovery: what happens to one has no effect on the other.
 * What was read last stays, whatever fails later.
 */
export class OpenAPIReader {
  readonly #options: OpenAPIReaderOptions;
  readonly #reading: Repeater;
  #index: OpenAPIIndex | undefined;
  /** Of what the index was made. */
  #known: KnownIndex | undefined;
  #failure = '';
  #isReported = false;
  #isTried = false;
  #isSlow = false;
  #confirmedAt = 0;

  /** `changed` is called when what is seen of the server changes, and after the first reading in any case. */
  constructor(options: OpenAPIReaderOptions) {
    this.#options = options;
    this.#reading = new Repeater(() => this.#read(), options.intervalMs, doubling(BACKOFF_MS));
  }

  /** What is known of the server now. */
  get seen(): ServerOpenAPI {
    return {
      index: this.#index,
      isFailing: this.#isFailing,
      fetch: (target, fields) => this.#fetch(target, fields),
      again: () => this.again(),
    };
  }

  /** Why the index cannot be read at the moment; '' when it can. */
  get failure(): string {
    if (this.#failure !== '') return this.#failure;
    return this.#isSlow ? `GET /openapi/v3 has not been answered for ${PATIENCE_MS} ms` : '';
  }

  /** Milliseconds of `performance.now()` of the last successful reading; 0 before the first. */
  get confirmedAt(): number {
    return this.#confirmedAt;
  }

  /** It was read, could not be read, or takes too long: nobody has to wait for it. */
  get isTried(): boolean {
    return this.#isTried;
  }

  start(): void {
    this.#reading.start();
  }

  stop(): void {
    this.#reading.stop();
  }

  /** Reads from the beginning, as `DiscoveryReader.again`. Resolves to whether it succeeded. */
  again(): Promise<boolean> {
    return this.#reading.again();
  }

  /** As `again`, but resolves at once, without waiting, when the server has shown that it cannot answer soon. */
  async againIfPrompt(): Promise<void> {
    const isPrompt = !this.#isFailing;
    const reading = this.again();
    if (isPrompt) await reading;
  }

  inherit(previous: OpenAPIReader): void {
    this.#index = previous.#index;
    this.#known = previous.#known;
    this.#confirmedAt = previous.#confirmedAt;
    this.#isTried = previous.#isTried;
  }

  #fetch(target: string, fields: Fields, maxBytes = this.#options.maxBytes): Promise<FetchedResponse> {
    const { upstream, fields: own, timeoutMs } = this.#options;
    return fetchFrom(upstream, { method: 'GET', target, fields: [...own, ...fields], timeoutMs, maxBytes });
  }

  get #isFailing(): boolean {
    return this.#isSlow || this.#failure !== '';
  }

  async #read(): Promise<boolean> {
    const before = this.seen;
    const patience = setTimeout(() => this.#slow(), PATIENCE_MS);
    try {
      const { status, body } = await this.#fetch('/openapi/v3', ACCEPT, Math.min(this.#options.maxBytes, INDEX_BYTES));
      if (status === 200) this.#take(body);
      else if (status === 404) this.#take(undefined);
      else throw new Error(`GET /openapi/v3 was answered ${status}`);
      this.#succeeded();
      return true;
    } catch (error) {
      // Our own end is no failure of the server.
      if (!this.#reading.isStopped) this.#failed(error);
      return false;
    } finally {
      clearTimeout(patience);
      const wasSlow = this.#isSlow;
      this.#isSlow = false;
      const isNew = this.#index !== before.index || this.#isFailing !== (wasSlow || before.isFailing);
      if (isNew || !this.#isTried) this.#changed();
    }
  }

  /** `body`: undefined when the server has no index. */
  #take(body: Buffer | undefined): void {
    if (body === undefined) this.#known = undefined;
    else if (!this.#known?.body.equals(body)) this.#known = knownIndex(body);
    this.#index = this.#known?.index ?? NO_OPENAPI;
  }

  #slow(): void {
    const wasFailing = this.#isFailing;
    this.#isSlow = true;
    if (!wasFailing || !this.#isTried) this.#changed();
  }

  #succeeded(): void {
    const { logger, server } = this.#options;
    if (this.#isReported) logger.info('the OpenAPI index can be read again', { server });
    this.#isReported = false;
    this.#failure = '';
    this.#confirmedAt = performance.now();
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

  #changed(): void {
    this.#isTried = true;
    this.#options.changed();
  }
}
