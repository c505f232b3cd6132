import type { RequestInfo } from '../kubernetes/request-info.ts';
import { isUsable } from './candidates.ts';
import { isConfined, whyNotHere } from './confinement.ts';
import { decideMetadata } from './decide-metadata.ts';
import { decideResource } from './decide-resource.ts';
import type { Decision } from './decision.ts';
import { toPreferred } from './outcomes.ts';
import type { RoutingHint } from './routing-hint.ts';
import type { RoutingSnapshot } from './snapshot.ts';

/**
 * Whether any decision can change once discovery has been read again; see product rule "nobody is capable". A type that
 * was created a moment ago is missing from every table that is older, so that a window of 0 believes none.
 */
export function isWorthRefreshing(
  decision: Decision,
  snapshot: RoutingSnapshot,
  freshnessWindowMs: number,
  now: number,
): boolean {
  const { reason } = decision;
  const unknown =
    reason === 'NobodyCapable' ||
    reason === 'NobodyLists' ||
    reason === 'ServersNotSeen' ||
    // Whoever sent the request here has read that the local server serves it.
    reason === 'NotServedHere';
  return unknown && now - snapshot.confirmedAt >= freshnessWindowMs;
}

/**
 * Chooses the server for one request: the routing table of product.md section 6 in one place.
 * Pure: equal arguments give equal decisions. A `forward` names only servers that are ready and untried, and where its
 * reason claims capability, capable ones. A sidecar's names the local server alone when the request has been forwarded
 * before, whatever the tables say: so no request goes from sidecar to sidecar twice.
 */
export function decide(request: RequestInfo, snapshot: RoutingSnapshot, hint: RoutingHint): Decision {
  const preferred = isUsable(hint.preferred, snapshot, hint) ? hint.preferred : undefined;
  if (hint.alreadyProxied) return toPreferred(preferred, 'AlreadyProxied', true, snapshot);
  if (snapshot.view === 'server-local') return toPreferred(preferred, 'ServerLocalView', false, snapshot);
  const decision = request.isResourceRequest
    ? decideResource(request, snapshot, hint, preferred)
    : decideMetadata(request.path, snapshot, hint, preferred);
  return isConfined(snapshot, hint) && decision.kind === 'unavailable' ? whyNotHere(decision, snapshot) : decision;
}
