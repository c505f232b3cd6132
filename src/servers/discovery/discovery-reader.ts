import { united } from '../../discovery/united.ts';
import { parseServerVersion, type ServerVersion } from '../../kubernetes/kube-version.ts';
import type { ReadingResult } from '../../observe/discovery-counters.ts';
import type { Logger } from '../../observe/logger.ts';
import { fetchFrom } from '../../wire/fetch.ts';
import type { Fields } from '../../wire/fields.ts';
import type { Upstream } from '../../wire/upstream.ts';
import { doubling, Repeater } from '../repeater.ts';
import { type FetchedDiscovery, fetchDiscovery } from './discovery-fetch.ts';
import { type DiscoveryErrorReason, DiscoveryFetchError, discoveryErrorReason } from './discovery-fetch-error.ts';
import { firstLoss } from './lost-resource.ts';

export interface DiscoveryReaderOptions {
  /** Of the server, for the log. */
  readonly server: string;
  readonly upstream: Upstream;
  /** Sent with every request: who we are. */
  readonly fields: Fields;
  /** Where the server says whether it is ready. */
  readonly readyPath: string;
  readonly intervalMs: number;
  readonly timeoutMs: number;
  readonly maxBytes: number;
  readonly logger: Logger;
  /** Milliseconds that never step back. */
  readonly clock: () => number;
  /** Called after every successful reading, and when the reason of a failure changes. */
  readonly changed: () => void;
  /** Called at the end of every reading. */
  readonly counted: (result: ReadingResult) => void;
}

/** Longest pause between attempts to read a failing server's discovery (product.md section 7). */
const BACKOFF_MS = 5_000;
const VERSION_BYTES = 64 * 1024;
const READY_BYTES = 64 * 1024;
const NO_CONDITIONS = { '/api': undefined, '/apis': undefined };

/** Reads one server's version and API metadata again and again. What was read last stays, whatever fails later. */
export class DiscoveryReader {
  readonly #options: DiscoveryReaderOptions;
  readonly #reading: Repeater;
  #version: ServerVersion | undefined;
  #versionKnown = false;
  #fetched: FetchedDiscovery | undefined;
  #beganAt = 0;
  #confirmedAt = 0;
  #failure = '';
  #reason: DiscoveryErrorReason | undefined;
  #isRefused = false;
  readonly #errors = new Map<DiscoveryErrorReason, number>();

  constructor(options: DiscoveryReaderOptions) {
    this.#options = options;
    this.#reading = new Repeater(() => this.#read(), options.intervalMs, doubling(BACKOFF_MS));
  }

  get version(): ServerVersion | undefined {
    return this.#version;
  }

  /** The last good documents. */
  get fetched(): FetchedDiscovery | undefined {
    return this.#fetched;
  }

  /** Epoch milliseconds at which the last successful reading began: it saw everything older. 0 before the first. */
  get beganAt(): number {
    return this.#beganAt;
  }

  /** Epoch milliseconds at which the last successful reading ended; 0 before the first. */
  get confirmedAt(): number {
    return this.#confirmedAt;
  }

  /** Why the documents cannot be read at the moment; '' when they can. */
  get failure(): string {
    return this.#failure;
  }

  /** The same in one word; undefined when they can. */
  get reason(): DiscoveryErrorReason | undefined {
    return this.#reason;
  }

  /** Readings that failed, in whole or in part, since the start. */
  get errors(): ReadonlyMap<DiscoveryErrorReason, number> {
    return this.#errors;
  }

  /** The server will not let us read, which waiting does not change. */
  get isRefused(): boolean {
    return this.#isRefused;
  }

  /** Milliseconds for which the reading under way has lasted; 0 when there is none. */
  get busyMs(): number {
    return this.#reading.busyMs;
  }

  start(): void {
    this.#reading.start();
  }

  stop(): void {
    this.#reading.stop();
  }

  /** Reads from the beginning: a reading under way may have seen what was before. Resolves to whether it succeeded. */
  again(): Promise<boolean> {
    return this.#reading.again();
  }

  /** The server may be another binary by now: the next reading asks for its version too. */
  forgetVersion(): void {
    this.#versionKnown = false;
  }

  inherit(previous: DiscoveryReader): void {
    this.#fetched = previous.#fetched;
    this.#version = previous.#version;
    this.#beganAt = previous.#beganAt;
    this.#confirmedAt = previous.#confirmedAt;
    for (const [reason, count] of previous.#errors) this.#errors.set(reason, count);
  }

  /** A server that is too busy to say its version keeps the one it had; false. */
  async readVersion(): Promise<boolean> {
    const { upstream, fields, timeoutMs } = this.#options;
    const request = { method: 'GET', target: '/version', fields, timeoutMs, maxBytes: VERSION_BYTES };
    const { status, body } = await fetchFrom(upstream, request);
    if (status === 429 || status >= 500) return false;
    this.#versionKnown = true;
    this.#version = status === 200 ? parseServerVersion(gitVersionOf(body)) : undefined;
    return true;
  }

  async #read(): Promise<boolean> {
    const { clock, logger, server, changed, counted } = this.#options;
    const beganAt = clock();
    const before = this.#fetched;
    try {
      if (!this.#versionKnown) await this.readVersion();
      this.#fetched = await this.#fetchWhole();
      this.#beganAt = beganAt;
      this.#confirmedAt = clock();
      counted(this.#fetched === before ? 'unchanged' : 'changed');
      this.#isRefused = false;
      const { problem } = this.#fetched;
      if (problem !== undefined) this.#failed(problem);
      else if (this.#failure !== '') {
        logger.info('discovery can be read again', { server });
        this.#failure = '';
        this.#reason = undefined;
      }
      changed();
      return problem?.reason !== 'not-ready';
    } catch (error) {
      // Our own end is no failure of the server.
      if (this.#reading.isStopped) return false;
      counted('failed');
      this.#isRefused = error instanceof DiscoveryFetchError && error.isRefusal;
      if (this.#failed(error)) changed();
      return false;
    }
  }

  /** Whether the failure is another one than before. */
  #failed(error: unknown): boolean {
    const failure = error instanceof Error ? error.message : String(error);
    const reason = discoveryErrorReason(error);
    this.#errors.set(reason, (this.#errors.get(reason) ?? 0) + 1);
    if (failure === this.#failure) return false;
    const { logger, server } = this.#options;
    logger.warn('discovery cannot be read; what was read last is kept', { server, reason, failure });
    this.#failure = failure;
    this.#reason = reason;
    return true;
  }

  /**
   * A kube-apiserver answers a second or two before custom resources and aggregated APIs are in its discovery, and is not
   * ready until they are. Types that are missing are therefore believed to be gone only if they are still missing after
   * the server has said that it is ready. Until then it has both what it had and what is new.
   */
  async #fetchWhole(): Promise<FetchedDiscovery> {
    const previous = this.#fetched;
    const fetched = await fetchDiscovery(this.#options, previous);
    if (previous === undefined || fetched === previous) return fetched;
    const loss = firstLoss(fetched.discovery, previous.discovery);
    if (loss === undefined) return fetched;
    const { upstream, fields, readyPath, timeoutMs } = this.#options;
    const request = { method: 'GET', target: readyPath, fields, timeoutMs, maxBytes: READY_BYTES };
    const { status } = await fetchFrom(upstream, request);
    if (status === 200) return fetchDiscovery(this.#options, fetched);
    const problem = new DiscoveryFetchError(
      'not-ready',
      `${loss} is not listed any more, but ${readyPath} is answered ${status}: a server that is starting does not list all it serves`,
    );
    // Without conditions: what is unchanged by then must be looked at again.
    return { ...fetched, discovery: united(fetched.discovery, previous.discovery), conditions: NO_CONDITIONS, problem };
  }
}

/** '' for an answer that does not tell. */
function gitVersionOf(body: Buffer): string {
  try {
    const parsed: unknown = JSON.parse(body.toString('utf8'));
    if (typeof parsed !== 'object' || parsed === null || !('gitVersion' in parsed)) return '';
    return typeof parsed.gitVersion === 'string' ? parsed.gitVersion : '';
  } catch {
    return '';
  }
}
