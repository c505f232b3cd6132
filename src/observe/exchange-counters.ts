import { type ExchangeObserver, type ExchangeRecord, reasonOf } from './exchange-record.ts';
import { LabelledCounts } from './labelled-counts.ts';
import { LatencyHistogram } from './latency-histogram.ts';
import type { Logger } from './logger.ts';

/** Answers of peers are counted per resource; a cluster has hundreds of those, and more than this are counted as one. */
const MOST_RESOURCES = 5_000;
const OTHER_TYPES = { group: '', version: '', resource: '' };

/** A status has three digits (RFC 9110 section 15); 0 stands for none. */
const DIGITS = 10;

/** Counts of one resource that peers answered for. */
export interface PeerAnswers {
  readonly group: string;
  readonly version: string;
  readonly resource: string;
  readonly byCode: Map<number, number>;
}

/** What kept a 404 that says "unknown type" from a client who asked for a type that exists. */
export type Prevention =
  /** Another server than the preferred one was asked. */
  | 'routed'
  /** A server said so of what it lists, and another one was asked. */
  | 'healed'
  /** The type had been declared a moment ago, and was waited for. */
  | 'awaited';

type TypeLabel = 'group' | 'version' | 'resource' | 'client';

/**
 * Plain numbers that the request path increments; `metrics.ts` reads them when it is scraped, so that no request pays
 * for a metrics library.
 */
export class ExchangeCounters implements ExchangeObserver {
  /** By reason of the decision, and by the first digit of the status. */
  readonly #requests = new Map<string, number[]>();
  /** Answers of peers to requests for what the preferred server does not serve. */
  readonly peerAnswers = new Map<string, PeerAnswers>();
  /** Requests that would have been answered 404 without us. */
  readonly prevented = new LabelledCounts<TypeLabel | 'how'>(MOST_RESOURCES, OTHER_TYPES);
  /** Requests that a server answered as if it did not know a type that it lists; by what became of them. */
  readonly unexpected = new LabelledCounts<TypeLabel | 'outcome'>(MOST_RESOURCES, OTHER_TYPES);
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
    this.#countRequest(reasonOf(record), Math.floor(record.status / 100));
    if (record.error !== undefined) increment(this.errors, record.error);
    this.latency.add(record.milliseconds / 1000);
    if (isPeerAnswer(record)) this.#countPeerAnswer(record);
    const how = preventionOf(record);
    if (how !== undefined) this.prevented.add({ ...typeLabels(record), how });
    const outcome = unexpectedOutcome(record);
    if (outcome !== undefined) this.unexpected.add({ ...typeLabels(record), outcome });
  }

  /** Key `REASON CODECLASS`, e.g. `PreferredCapable 2xx`. Of a client that left before there was an answer it is `canceled`. */
  get requests(): ReadonlyMap<string, number> {
    const requests = new Map<string, number>();
    for (const [reason, counts] of this.#requests) {
      for (const [digit, count] of counts.entries()) {
        if (count > 0) requests.set(`${reason} ${digit === 0 ? 'canceled' : `${digit}xx`}`, count);
      }
    }
    return requests;
  }

  retried(cause: string): void {
    increment(this.retries, cause);
  }

  defect(error: unknown): void {
    this.#logger.error('a request failed for a defect of the proxy; please report it', { error });
  }

  #countRequest(reason: string, digit: number): void {
    let counts = this.#requests.get(reason);
    if (counts === undefined) {
      counts = new Array<number>(DIGITS).fill(0);
      this.#requests.set(reason, counts);
    }
    counts[digit] = (counts[digit] ?? 0) + 1;
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

/** An answer to a request for a type that the preferred server does not serve, or did not yet. */
function preventionOf(record: ExchangeRecord): Prevention | undefined {
  const { decision, status, error, unknownType } = record;
  if (error !== undefined || decision?.kind !== 'forward') return undefined;
  // Another 404 may be as false, an error helps nobody, and nobody waited for what has no status.
  if (status === 0 || status === 404 || status >= 500) return undefined;
  if (unknownType !== undefined) return unknownType.denying.length > 0 ? 'healed' : 'awaited';
  return isPeerAnswer(record) ? 'routed' : undefined;
}

function unexpectedOutcome({ unknownType }: ExchangeRecord): 'retried' | 'unavailable' | 'relayed' | undefined {
  if (unknownType === undefined || unknownType.denying.length === 0 || unknownType.outcome === 'abandoned') {
    return undefined;
  }
  return unknownType.outcome;
}

/** What servers list has names of theirs; of a group-version that cannot say what it has, the client chose the resource's. */
function typeLabels({ info, client, decision }: ExchangeRecord): Record<TypeLabel, string> {
  const { apiGroup: group = '', apiVersion: version = '', resource = '' } = info ?? {};
  return { group, version, resource: decision?.reason === 'StaleGroupVersion' ? '' : resource, client };
}

function increment(counters: Map<string, number>, key: string): void {
  counters.set(key, (counters.get(key) ?? 0) + 1);
}

function isPeerAnswer({ decision, error }: ExchangeRecord): boolean {
  if (error !== undefined || decision?.kind !== 'forward') return false;
  return decision.reason === 'PeerServesResource' || decision.reason === 'PeerServesSubresourceOrVerb';
}
