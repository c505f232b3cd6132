import type { MembershipStatus } from '../membership/membership.ts';
import type { ExchangeCounters } from '../observe/exchange-counters.ts';
import type { PublishingStatus } from '../publishing/publisher.ts';
import type { EngineName } from '../wire/engine-name.ts';
import type { ProxyStatus } from './status.ts';

/** What `GET /status` answers; also the output of `mvproxy status --output json`. */
export interface StatusReport extends ProxyStatus {
  readonly kind: 'ProxyStatus';
  /** RFC 3339. */
  readonly generatedAt: string;
  /** Of this program. */
  readonly version: string;
  readonly startedAt: string;
  readonly uptimeSeconds: number;
  /** Requests can be served. */
  readonly ready: boolean;
  /** Why they cannot, in clauses; empty when they can. */
  readonly unreadiness: readonly string[];
  /** Why the view is server-local; '' when it is merged. */
  readonly viewCondition: string;
  /** Discovery that was not confirmed for so long is listed as Stale. */
  readonly staleAfterSeconds: number;
  readonly decisions: DecisionCounts;
  readonly membership: MembershipStatus;
  /** Absent where nothing is published. */
  readonly publishing: PublishingStatus | undefined;
  readonly http2Engine: EngineName;
  /** Where the other workers of this proxy answer for themselves; empty where it is one process. */
  readonly otherWorkers: readonly string[];
}

/** What became of requests since the start. */
export interface DecisionCounts {
  readonly requests: number;
  readonly byDecision: readonly { readonly decision: string; readonly code: string; readonly count: number }[];
  readonly false404sPrevented: Readonly<Record<'routed' | 'healed' | 'awaited', number>>;
  readonly unexpected404s: Readonly<Record<'retried' | 'unavailable' | 'relayed', number>>;
  /** By what happened to the attempt before. */
  readonly retries: Readonly<Record<string, number>>;
  /** Answers of the proxy itself, by error code. */
  readonly errors: Readonly<Record<string, number>>;
}

export interface StatusReportParts {
  readonly status: ProxyStatus;
  readonly version: string;
  /** Epoch milliseconds. */
  readonly startedAt: number;
  readonly now: number;
  readonly unreadiness: readonly string[];
  readonly viewCondition: string;
  readonly staleAfterSeconds: number;
  readonly counters: ExchangeCounters;
  readonly membership: MembershipStatus;
  readonly publishing: PublishingStatus | undefined;
  readonly http2Engine: EngineName;
  readonly otherWorkers: readonly string[];
}

export function statusReport({
  status,
  startedAt,
  now,
  counters,
  unreadiness,
  ...parts
}: StatusReportParts): StatusReport {
  const { version, viewCondition, staleAfterSeconds, membership, publishing, http2Engine, otherWorkers } = parts;
  return {
    kind: 'ProxyStatus',
    generatedAt: new Date(now).toISOString(),
    version,
    startedAt: new Date(startedAt).toISOString(),
    uptimeSeconds: (now - startedAt) / 1000,
    ready: unreadiness.length === 0,
    unreadiness,
    viewCondition,
    staleAfterSeconds,
    ...status,
    decisions: decisionCounts(counters),
    membership,
    publishing,
    http2Engine,
    otherWorkers,
  };
}

function decisionCounts(counters: ExchangeCounters): DecisionCounts {
  const byDecision = [...counters.requests].map(([key, count]) => {
    const [decision = '', code = ''] = key.split(' ');
    return { decision, code, count };
  });
  const false404sPrevented = { routed: 0, healed: 0, awaited: 0 };
  for (const { labels, count } of counters.prevented.entries()) {
    if (isKeyOf(false404sPrevented, labels.how)) false404sPrevented[labels.how] += count;
  }
  const unexpected404s = { retried: 0, unavailable: 0, relayed: 0 };
  for (const { labels, count } of counters.unexpected.entries()) {
    if (isKeyOf(unexpected404s, labels.outcome)) unexpected404s[labels.outcome] += count;
  }
  return {
    requests: byDecision.reduce((sum, { count }) => sum + count, 0),
    byDecision: byDecision.sort((left, right) => right.count - left.count || compare(left, right)),
    false404sPrevented,
    unexpected404s,
    retries: Object.fromEntries(counters.retries),
    errors: Object.fromEntries(counters.errors),
  };
}

function compare(left: DecisionCounts['byDecision'][number], right: DecisionCounts['byDecision'][number]): number {
  return `${left.decision} ${left.code}` < `${right.decision} ${right.code}` ? -1 : 1;
}

function isKeyOf<Key extends string>(record: Readonly<Record<Key, unknown>>, key: string): key is Key {
  return Object.hasOwn(record, key);
}
