import {
  type ExchangeObserver,
  type ExchangeRecord,
  hasKnownType,
  type RelayedForm,
  reasonOf,
} from './exchange-record.ts';
import { LabelledCounts } from './labelled-counts.ts';
import { LatencyHistogram } from './latency-histogram.ts';
import type { Logger } from './logger.ts';
import { TypeUsage } from './type-usage.ts';

/** A cluster has hundreds of resources; combinations of labels beyond this are counted as one. */
const MOST_RESOURCES = 5_000;
/** Servers come and go; metrics of those that are gone are dropped when somebody scrapes. */
const MOST_SERVERS = 2_000;
const OTHER_TYPES = { group: '', version: '', resource: '' };

/** A status has three digits (RFC 9110 section 15); 0 stands for none. */
const DIGITS = 10;

/** What kept a 404 that says "unknown type" from a client who asked for a type that exists. */
export type Prevention =
  /** Another server than the preferred one was asked. */
  | 'routed'
  /** A server said so of what it lists, and another one was asked. */
  | 'healed'
  /** The type had been declared a moment ago, and was waited for. */
  | 'awaited';

type TypeLabel = 'group' | 'version' | 'resource';

/**
 * Answers that a server gives before it looks whether it knows the type (apiserver pkg/server/config.go, DefaultBuildHandlerChain):
 * who may not ask, or not now, is told so by every server.
 */
const BEFORE_TYPES: ReadonlySet<number> = new Set([401, 403, 429]);

/** The proxy adds tenths of a millisecond where nothing has to be waited for. */
const ADDED_BOUNDS = [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.5, 1, 5];

/**
 * Plain numbers that the request path increments; `metrics.ts` reads them when it is scraped, so that no request pays
 * for a metrics library.
 */
export class ExchangeCounters implements ExchangeObserver {
  /** By reason of the decision, and by the first digit of the status. */
  readonly #requests = new Map<string, number[]>();
  /** Requests for what the preferred server does not serve, by status; 503 where no other server could be asked. */
  readonly rerouted = new LabelledCounts<TypeLabel | 'code'>(MOST_RESOURCES, OTHER_TYPES);
  /** Of them, those that no server answered: none could be reached, or what was sent to one failed. */
  readonly unrouted = new LabelledCounts<TypeLabel | 'type'>(MOST_RESOURCES, OTHER_TYPES);
  /** Requests that would have been answered 404 without us. */
  readonly prevented = new LabelledCounts<TypeLabel | 'client' | 'how'>(MOST_RESOURCES, OTHER_TYPES);
  /** Requests that a server answered as if it did not know a type that it lists; by what became of them. */
  readonly unexpected = new LabelledCounts<TypeLabel | 'client' | 'outcome'>(MOST_RESOURCES, OTHER_TYPES);
  readonly retries = new Map<string, number>();
  /** Our own error answers by code. */
  readonly errors = new Map<string, number>();
  /** Who uses which type. */
  readonly usage = new TypeUsage();
  /** Aggregated discovery that was answered from the merged view. */
  mergedRoots = 0;
  /** Discovery that servers answered although the merged view has it, by why. */
  readonly relayedForms = new Map<RelayedForm, number>();
  /** Of them, `/api` and `/apis` in the server-local view. */
  serverLocalRoots = 0;
  /** Time to the response head. */
  readonly latency = new LatencyHistogram();
  /** Time in which servers had a request, by the server that answered. */
  readonly upstream = new Map<string, LatencyHistogram>();
  /** All of the time to the response head but that, of requests that a server answered. */
  readonly added = new LatencyHistogram(ADDED_BOUNDS);
  readonly #logger: Logger;

  constructor(logger: Logger) {
    this.#logger = logger;
  }

  answered(record: ExchangeRecord): void {
    this.#countRequest(reasonOf(record), Math.floor(record.status / 100));
    if (record.error !== undefined) increment(this.errors, record.error);
    this.#countTimes(record);
    this.usage.count(record);
    if (record.decision === undefined) {
      if (record.error === undefined && isRoot(record.info?.path)) this.mergedRoots++;
      return;
    }
    if (needsPeer(record)) this.#countRerouted(record);
    const how = preventionOf(record);
    const outcome = unexpectedOutcome(record);
    if (how === undefined && outcome === undefined) return;
    const { client } = record;
    const { group, version, resource } = typeLabels(record);
    if (how !== undefined) this.prevented.add({ group, version, resource, client, how });
    if (outcome !== undefined) this.unexpected.add({ group, version, resource, client, outcome });
  }

  /** Forgets what was measured of other servers than these. */
  keepOnly(servers: ReadonlySet<string>): void {
    for (const server of this.upstream.keys()) if (!servers.has(server)) this.upstream.delete(server);
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

  relayedDiscovery(form: RelayedForm, isRoot: boolean): void {
    increment(this.relayedForms, form);
    if (isRoot && form === 'server-local') this.serverLocalRoots++;
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

  #countTimes({ milliseconds, upstreamMilliseconds, server, status }: ExchangeRecord): void {
    this.latency.add(milliseconds / 1000);
    if (server === undefined || upstreamMilliseconds === undefined || status === 0) return;
    this.added.add(Math.max(0, milliseconds - upstreamMilliseconds) / 1000);
    let upstream = this.upstream.get(server);
    if (upstream === undefined) {
      if (this.upstream.size >= MOST_SERVERS) return;
      upstream = new LatencyHistogram();
      this.upstream.set(server, upstream);
    }
    upstream.add(upstreamMilliseconds / 1000);
  }

  #countRerouted(record: ExchangeRecord): void {
    const { decision, error, status } = record;
    const { group, version, resource } = typeLabels(record);
    if (decision?.kind === 'unavailable') {
      this.unrouted.add({ group, version, resource, type: 'endpoint_resolution' });
      return;
    }
    if (error !== undefined) this.unrouted.add({ group, version, resource, type: 'proxy_transport' });
    this.rerouted.add({ group, version, resource, code: String(status) });
  }
}

function isRoot(path: string | undefined): boolean {
  return path === '/apis' || path === '/api';
}

/** An answer to a request for a type that the preferred server does not serve, or did not yet. */
function preventionOf(record: ExchangeRecord): Prevention | undefined {
  const { decision, status, error, unknownType } = record;
  if (error !== undefined || decision?.kind !== 'forward') return undefined;
  // Another 404 may be as false, an error helps nobody, and nobody waited for what has no status.
  if (status === 0 || status === 404 || status >= 500) return undefined;
  if (unknownType !== undefined) return unknownType.denying.length > 0 ? 'healed' : 'awaited';
  return isForPeer(record) && !BEFORE_TYPES.has(status) ? 'routed' : undefined;
}

function unexpectedOutcome({ unknownType }: ExchangeRecord): 'retried' | 'unavailable' | 'relayed' | undefined {
  if (unknownType === undefined || unknownType.denying.length === 0 || unknownType.outcome === 'abandoned') {
    return undefined;
  }
  return unknownType.outcome;
}

function typeLabels(record: ExchangeRecord): Record<TypeLabel, string> {
  const { apiGroup: group = '', apiVersion: version = '', resource = '' } = record.info ?? {};
  return { group, version, resource: hasKnownType(record) ? resource : '' };
}

function increment<K>(counters: Map<K, number>, key: K): void {
  counters.set(key, (counters.get(key) ?? 0) + 1);
}

/** The preferred server could not answer: another one does, or would have to. */
function needsPeer(record: ExchangeRecord): boolean {
  return record.decision?.reason === 'CapableServersNotReady' || isForPeer(record);
}

function isForPeer({ decision }: ExchangeRecord): boolean {
  return decision?.reason === 'PeerServesResource' || decision?.reason === 'PeerServesSubresourceOrVerb';
}
