import type { RequestInfo } from '../kubernetes/request-info.ts';
import { type Capability, capabilityOf, capabilityText } from './capability.ts';
import { decide, isWorthRefreshing } from './decide.ts';
import type { Decision } from './decision.ts';
import { decisionText } from './decision-text.ts';
import { suitingServers } from './preferred.ts';
import type { RoutingHint } from './routing-hint.ts';
import { NO_POLICY, type RoutingPolicy } from './routing-policy.ts';
import type { RoutingSnapshot } from './snapshot.ts';

/** What one server has to do with a request. */
export interface ServerExplanation {
  readonly name: string;
  readonly ready: boolean;
  /** Why it gets no requests; '' when it does. */
  readonly condition: string;
  /** null for paths that name no resource. */
  readonly capability: Capability | null;
  /** The same in words: `knows jobs, not the verb create`. */
  readonly text: string;
}

/** What becomes of a request whose client prefers one of some servers. */
export interface OutcomeExplanation {
  /** Names. Empty when no server is ready. */
  readonly preferred: readonly string[];
  readonly answeredBy: 'preferred' | 'other' | 'proxy';
  /** Who answers if it is another than the preferred server; else ''. */
  readonly server: string;
  /** A name of `ForwardReason` or `UnavailableReason`. */
  readonly reason: Decision['reason'];
  /** Discovery is read again before this is believed. */
  readonly refreshesFirst: boolean;
  readonly text: string;
}

export interface ExplanationOptions {
  /** Explains for clients of this server alone. Default: the local one; else every ready one in turn. */
  readonly preferred?: number | undefined;
  readonly load: RoutingHint['load'];
  readonly now: number;
  readonly freshnessWindowMs: number;
  /** Default: nothing but capability, readiness and load decides. */
  readonly policy?: RoutingPolicy | undefined;
  /** Explains for clients that say they are of v1.`minor` and prefer servers that are not older. */
  readonly minor?: number | undefined;
}

/** Every server's capability, newest server first. */
export function explainServers(request: RequestInfo, snapshot: RoutingSnapshot): readonly ServerExplanation[] {
  return snapshot.servers.map(({ name, ready, condition }, position) => {
    const capability = request.isResourceRequest ? capabilityOf(position, request, snapshot) : null;
    return {
      name,
      ready,
      condition,
      capability,
      text: capability === null ? '' : capabilityText(capability, request),
    };
  });
}

/** Positions of the servers that clients of this proxy may prefer, or those of v1.`minor`. */
export function preferredCandidates(snapshot: RoutingSnapshot, asked?: number, minor?: number): readonly number[] {
  const only = asked ?? snapshot.local;
  return only === undefined ? suitingServers(snapshot, minor) : [only];
}

/** Why only some servers are preferred for clients of v1.`minor`; '' when that makes no difference. */
export function preferenceText(snapshot: RoutingSnapshot, minor: number | undefined): string {
  if (minor === undefined) return '';
  if (snapshot.local !== undefined)
    return "The version of the client makes no difference: its server is the proxy's own.";
  const suiting = suitingServers(snapshot, minor);
  const [first] = suiting;
  if (first === undefined) return '';
  const names = suiting.map((position) => snapshot.servers[position]?.name).join(', ');
  const { version } = snapshot.servers[first] ?? {};
  const isNotOlder = version !== undefined && (version.major > 1 || version.minor >= minor);
  return isNotOlder
    ? `A client of v1.${minor} prefers servers that are not older: ${names}.`
    : `A client of v1.${minor} prefers servers that are not older. None is ready, so that the newest are taken: ${names}.`;
}

/** What `decide` decides for each preferred server, those with one and the same outcome together. */
export function explainOutcomes(
  request: RequestInfo,
  snapshot: RoutingSnapshot,
  { preferred: asked, load, now, freshnessWindowMs, policy = NO_POLICY, minor }: ExplanationOptions,
): readonly OutcomeExplanation[] {
  const { writes } = policy;
  const candidates = preferredCandidates(snapshot, asked, minor);
  const nameOf = (position: number) => snapshot.servers[position]?.name ?? '';
  const [only, ...others] = candidates;
  const title = only !== undefined && others.length === 0 ? nameOf(only) : 'The preferred server';
  const found = new Map<string, { readonly outcome: Omit<OutcomeExplanation, 'preferred'>; names: string[] }>();
  for (const preferred of candidates.length === 0 ? [undefined] : candidates) {
    const hint = { preferred, tried: new Set<number>(), alreadyProxied: false, writes, load, draw: 0, now };
    const decision = decide(request, snapshot, hint);
    const isPreferred = decision.kind === 'forward' && decision.server === preferred;
    const refreshesFirst = isWorthRefreshing(decision, snapshot, freshnessWindowMs, now);
    const text = decisionText(decision, request, snapshot, { position: preferred, name: title });
    const again = refreshesFirst ? ' Before that, the discovery of all servers is read again.' : '';
    const outcome = {
      answeredBy: decision.kind === 'unavailable' ? 'proxy' : isPreferred ? 'preferred' : 'other',
      server: decision.kind === 'unavailable' || isPreferred ? '' : nameOf(decision.server),
      reason: decision.reason,
      refreshesFirst,
      text: `${text}${again}`,
    } as const;
    const key = JSON.stringify(outcome);
    const same = found.get(key) ?? { outcome, names: [] };
    found.set(key, same);
    if (preferred !== undefined) same.names.push(nameOf(preferred));
  }
  return [...found.values()].map(({ outcome, names }) => ({ preferred: names, ...outcome }));
}
