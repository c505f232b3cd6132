import type { ExchangeObserver, ExchangeRecord } from './exchange-record.ts';
import { LatencyHistogram } from './latency-histogram.ts';
import type { Logger } from './logger.ts';

/** Answers of peers are counted per resource; a cluster has hundreds of those, and more than this are counted as one. */
const MOST_RESOURCES = 5_000;

/** Counts of one resource that peers answered for. */
export interface PeerAnswers {
  readonly group: string;
  readonly version: string;
  readonly resource: string;
  readonly byCode: Map<number, number>;
}

/**
 * How many of a peer's answers kept a false 404 from the client. Its own 404, its errors and an answer that nobody waited
 * for (0) kept nothing from anybody.
 */
export function falseNotFoundsPrevented({ byCode }: Pick<PeerAnswers, 'byCode'>): number {
  let sum = 0;
  for (const [code, count] of byCode) if (code !== 0 && code !== 404 && code < 500) sum += count;
  return sum;
}

/**
 * Plain numbers that the request path increments; `metrics.ts` reads them when it is scraped, so that no request pays
 * for a metrics library.
 */
export class ExchangeCounters implements ExchangeObserver {
  /** Key `REASON CODECLASS`, e.g. `PreferredCapable 2xx`. */
  readonly requests = new Map<string, number>();
  /** Answers of peers to requests for what the preferred server does not serve. */
  readonly peerAnswers = new Map<string, PeerAnswers>();
  readonly retries = new Map<string, number>();
  /** Our own error answers by code. */
  readonly errors = new Map<string, number>();
  /** Time to the response head. */
  readonly latency = new LatencyHistogram();
  readonly #logger: Logger;

  constructor(logger: Logger) {
    this.#logger = logger;
  }

  answered(record: ExchangeRecord): void {
    increment(this.requests, `${reasonOf(record)} ${codeClass(record.status)}`);
    if (record.error !== undefined) increment(this.errors, record.error);
    this.latency.add(record.milliseconds / 1000);
    if (isPeerAnswer(record)) this.#countPeerAnswer(record);
  }

  retried(cause: string): void {
    increment(this.retries, cause);
  }

  defect(error: unknown): void {
    this.#logger.error('a request failed for a defect of the proxy; please report it', { error });
  }

  #countPeerAnswer({ info, status }: ExchangeRecord): void {
    const { apiGroup: group = '', apiVersion: version = '', resource = '' } = info ?? {};
    const named = `${group}/${version}/${resource}`;
    const isNew = !this.peerAnswers.has(named);
    const key = isNew && this.peerAnswers.size >= MOST_RESOURCES ? '' : named;
    const answers = this.peerAnswers.get(key) ?? newAnswers(key === '' ? ['', '', ''] : [group, version, resource]);
    this.peerAnswers.set(key, answers);
    answers.byCode.set(status, (answers.byCode.get(status) ?? 0) + 1);
  }
}

function newAnswers([group, version, resource]: readonly [string, string, string]): PeerAnswers {
  return { group, version, resource, byCode: new Map() };
}

function increment(counters: Map<string, number>, key: string): void {
  counters.set(key, (counters.get(key) ?? 0) + 1);
}

function isPeerAnswer({ decision, error }: ExchangeRecord): boolean {
  if (error !== undefined || decision?.kind !== 'forward') return false;
  return decision.reason === 'PeerServesResource' || decision.reason === 'PeerServesSubresourceOrVerb';
}

function reasonOf({ decision, error }: ExchangeRecord): string {
  if (decision !== undefined) return decision.reason;
  return error === undefined ? 'MergedDiscovery' : 'Refused';
}

/** `canceled`: the client left before there was an answer. */
function codeClass(status: number): string {
  return status === 0 ? 'canceled' : `${Math.floor(status / 100)}xx`;
}
