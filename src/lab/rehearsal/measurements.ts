import { requestInfo } from '../../kubernetes/request-info.ts';
import { LabelledCounts } from '../../observe/labelled-counts.ts';
import type { GroupVersionResource } from '../api-object.ts';
import type { ClientRecord } from '../client/client-record.ts';
import { percentile } from './percentile.ts';
import type {
  FailedRequests,
  False404Count,
  False404Labels,
  False404s,
  PhaseLatency,
  Timeline,
  TimelineMark,
  TimelineSecond,
} from './result.ts';
import { type ServedHistory, typeName } from './served-history.ts';

const EXAMPLES = 20;
const MOST_SERIES = 10_000;
/** Answers that the clients of a rehearsal expect now and then. */
const EXPECTED = new Set([404, 405, 409, 410, 415]);
const NAMES: ReadonlyMap<number, string> = new Map([
  [401, 'Unauthorized'],
  [403, 'Forbidden'],
  [422, 'Invalid'],
  [429, 'TooManyRequests'],
  [500, 'InternalError'],
  [502, 'BadGateway'],
  [503, 'ServiceUnavailable'],
  [504, 'Timeout'],
]);

interface Second {
  requests: number;
  false404s: number;
  failed: number;
  incompleteDiscovery: number;
  collected: number;
  readonly durations: number[];
}

interface Phase {
  readonly name: string;
  readonly at: number;
  readonly durations: number[];
}

/** Counts what clients saw, while it happens. */
export class Measurements {
  readonly startedAt: number;
  readonly marks: TimelineMark[] = [];
  readonly unmet: string[] = [];
  readonly #served: ServedHistory;
  readonly #onMark: (mark: TimelineMark) => void;
  readonly #seconds: Second[] = [];
  readonly #phases: Phase[] = [];
  readonly #false404s = new Map<string, GroupVersionResource & { count: number }>();
  readonly #false404Clients = new Map<string, number>();
  /** By type and client together. */
  readonly #false404Series = new LabelledCounts<keyof False404Labels>(MOST_SERIES, {});
  readonly #false404Examples: string[] = [];
  readonly #failures = new Map<string, number>();
  requests = 0;
  false404s = 0;
  failed = 0;
  incompleteDiscovery = 0;
  collected = 0;
  leakedNamespaces = 0;
  #whileDown = 0;
  #repeated = 0;

  constructor(served: ServedHistory, onMark: (mark: TimelineMark) => void) {
    this.startedAt = Date.now();
    this.#served = served;
    this.#onMark = onMark;
  }

  mark(kind: TimelineMark['kind'], text: string): void {
    const mark: TimelineMark = { at: Date.now(), kind, text };
    this.marks.push(mark);
    if (kind === 'phase') this.#phases.push({ name: text, at: mark.at, durations: [] });
    this.#onMark(mark);
  }

  /** Phases with the time at which each began. */
  get phases(): readonly { readonly name: string; readonly at: number }[] {
    return this.#phases;
  }

  readonly record = (record: ClientRecord): void => {
    const { status, unknownResource, startedAt, durationMs, repeated } = record;
    const second = this.#second(startedAt + durationMs);
    second.requests += 1;
    this.requests += 1;
    if (repeated) this.#repeated += 1;
    if (status !== undefined) {
      second.durations.push(durationMs);
      this.#phases.findLast(({ at }) => at <= startedAt + durationMs)?.durations.push(durationMs);
    }
    if (unknownResource && this.#isFalse404(record)) second.false404s += 1;
    else if (isFailure(status)) {
      second.failed += 1;
      if (!repeated) this.#countFailure(record);
    }
  };

  incomplete(): void {
    this.#second(Date.now()).incompleteDiscovery += 1;
    this.incompleteDiscovery += 1;
  }

  collectedDependent(): void {
    this.#second(Date.now()).collected += 1;
    this.collected += 1;
  }

  false404Findings(): False404s {
    const byCount = (one: { readonly count: number }, other: { readonly count: number }) => other.count - one.count;
    return {
      total: this.false404s,
      byResource: [...this.#false404s.values()].sort(byCount),
      byClient: [...this.#false404Clients].map(([client, count]) => ({ client, count })).sort(byCount),
      whileDown: this.#whileDown,
      examples: this.#false404Examples,
    };
  }

  /** So far, by type and client. */
  false404Counts(): readonly False404Count[] {
    return [...this.#false404Series.entries()].map(({ labels, count }) => ({ ...labels, count }));
  }

  failureFindings(): FailedRequests {
    const byCause = [...this.#failures].map(([cause, count]) => ({ cause, count }));
    byCause.sort((one, other) => other.count - one.count);
    return { total: this.failed, byCause, repeated: this.#repeated };
  }

  latency(): readonly PhaseLatency[] {
    return this.#phases
      .filter(({ durations }) => durations.length > 0)
      .map(({ name, durations }) => ({
        phase: name,
        requests: durations.length,
        p50: percentile(durations, 0.5),
        p99: percentile(durations, 0.99),
      }));
  }

  timeline(): Timeline {
    this.#second(Date.now());
    const seconds = this.#seconds.map(({ durations, ...counts }, second): TimelineSecond => {
      if (durations.length === 0) return { second, ...counts };
      return { second, ...counts, p50: percentile(durations, 0.5), p99: percentile(durations, 0.99) };
    });
    return { startedAt: this.startedAt, seconds, marks: this.marks };
  }

  #second(at: number): Second {
    const index = Math.max(0, Math.floor((at - this.startedAt) / 1000));
    for (;;) {
      const second = this.#seconds[index];
      if (second !== undefined) return second;
      const counts = { requests: 0, false404s: 0, failed: 0, incompleteDiscovery: 0, collected: 0 };
      this.#seconds.push({ ...counts, durations: [] });
    }
  }

  #isFalse404({ client, method, target, startedAt, durationMs }: ClientRecord): boolean {
    const { isResourceRequest, apiGroup, apiVersion, resource } = requestInfo(method, target);
    if (!isResourceRequest) return false;
    const type = { group: apiGroup, version: apiVersion, resource };
    const name = typeName(type);
    const endedAt = startedAt + durationMs;
    if (!this.#served.servedThroughout(name, startedAt, endedAt)) {
      if (this.#served.wasServed(name, startedAt)) this.#whileDown += 1;
      return false;
    }
    const counted = this.#false404s.get(name) ?? { ...type, count: 0 };
    counted.count += 1;
    this.#false404s.set(name, counted);
    this.#false404Clients.set(client, (this.#false404Clients.get(client) ?? 0) + 1);
    this.#false404Series.add({ ...type, client });
    if (this.#false404Examples.length < EXAMPLES) this.#false404Examples.push(`${method} ${target} by ${client}`);
    this.false404s += 1;
    return true;
  }

  #countFailure({ status, message }: ClientRecord): void {
    const cause =
      status === undefined
        ? `no response: ${message?.split(':')[0] ?? 'unknown'}`
        : `${status} ${NAMES.get(status) ?? ''}`.trim();
    this.#failures.set(cause, (this.#failures.get(cause) ?? 0) + 1);
    this.failed += 1;
  }
}

function isFailure(status: number | undefined): boolean {
  return status === undefined || (status >= 400 && !EXPECTED.has(status));
}
