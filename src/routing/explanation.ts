import type { RequestInfo } from '../kubernetes/request-info.ts';
import { type Capability, capabilityOf, capabilityText } from './capability.ts';
import { decide, isWorthRefreshing, type RoutingHint } from './decide.ts';
import type { Decision } from './decision.ts';
import { decisionText } from './decision-text.ts';
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

/** Positions of the servers that clients of this proxy may prefer. */
export function preferredCandidates(snapshot: RoutingSnapshot, asked?: number): readonly number[] {
  const only = asked ?? snapshot.local;
  return only === undefined ? snapshot.servers.flatMap(({ ready }, at) => (ready ? [at] : [])) : [only];
}

/** What `decide` decides for each preferred server, those with one and the same outcome together. */
export function explainOutcomes(
  request: RequestInfo,
  snapshot: RoutingSnapshot,
  { preferred: asked, load, now, freshnessWindowMs }: ExplanationOptions,
): readonly OutcomeExplanation[] {
  const candidates = preferredCandidates(snapshot, asked);
  const nameOf = (position: number) => snapshot.servers[position]?.name ?? '';
  const [only, ...others] = candidates;
  const title = only !== undefined && others.length === 0 ? nameOf(only) : 'The preferred server';
  const found = new Map<string, { readonly outcome: Omit<OutcomeExplanation, 'preferred'>; names: string[] }>();
  for (const preferred of candidates.length === 0 ? [undefined] : candidates) {
    const decision = decide(request, snapshot, { preferred, tried: new Set(), alreadyProxied: false, load, now });
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
