import type { RequestInfo } from '../kubernetes/request-info.ts';
import { best, standIn } from './candidates.ts';
import type { Decision, ForwardReason } from './decision.ts';
import { leastLoaded } from './least-loaded.ts';
import { notSeen, toPreferred, unavailable } from './outcomes.ts';
import { has, type ReadyServers, readyAmong } from './ready-servers.ts';
import type { RoutingHint } from './routing-hint.ts';
import { isWrite, type WritePolicy } from './routing-policy.ts';
import type { RoutingSnapshot } from './snapshot.ts';

/** Of a request for a resource; `preferred` is usable. */
export function decideResource(
  request: RequestInfo,
  snapshot: RoutingSnapshot,
  hint: RoutingHint,
  preferred: number | undefined,
): Decision {
  const { apiGroup, apiVersion, resource, subresource, verb } = request;
  const found = snapshot.table.lookup(apiGroup, apiVersion, resource, subresource, verb);
  if (found.kind === 'capable') return decideCapable(request, snapshot, hint, preferred, found.servers);
  if (found.maybe.length > 0) {
    const server =
      preferred !== undefined && has(found.maybe, preferred) ? preferred : best(found.maybe, snapshot, hint);
    if (server === undefined) return { ...unavailable('CapableServersNotReady', found.maybe), maybe: true };
    return { kind: 'forward', server, reason: 'StaleGroupVersion', final: true };
  }
  if (hint.now < snapshot.incompleteUntil) return notSeen(snapshot);
  const anybody = preferred ?? standIn(snapshot, hint);
  if (found.kind === 'incapable') {
    // The answer of a server that knows the type (405, or 404 for the subresource) says more than one that does not.
    const knows = preferred !== undefined && has(found.having, preferred);
    const server = knows ? preferred : (best(found.having, snapshot, hint) ?? anybody);
    return toPreferred(server, 'NobodyCapable', false, snapshot);
  }
  return toPreferred(anybody, 'NobodyCapable', false, snapshot);
}

function decideCapable(
  request: RequestInfo,
  snapshot: RoutingSnapshot,
  hint: RoutingHint,
  preferred: number | undefined,
  capable: readonly number[],
): Decision {
  const own = preferred !== undefined && has(capable, preferred) ? preferred : undefined;
  const writes = snapshot.local === undefined && isWrite(request) ? (hint.writes ?? 'any') : 'any';
  if (own !== undefined && writes === 'any') return toCapable(own, 'PreferredCapable');
  const ready = readyAmong(snapshot, capable);
  const server = writes === 'any' ? best(capable, snapshot, hint) : bestForWrites(ready, snapshot, hint, own, writes);
  if (server === undefined) return unavailable('CapableServersNotReady', capable);
  if (server === own) return toCapable(server, 'PreferredCapable');
  if (own !== undefined) return toCapable(server, writes === 'oldest' ? 'WritesOldest' : 'WritesNewest');
  return toCapable(server, peerReason(request, snapshot, hint, capable));
}

function toCapable(server: number, reason: ForwardReason): Decision {
  return { kind: 'forward', server, reason, final: true };
}

/** A server of the newest or oldest version that is left; `own`, the client's, if it is of that version. */
function bestForWrites(
  { versions }: ReadyServers,
  snapshot: RoutingSnapshot,
  hint: RoutingHint,
  own: number | undefined,
  writes: Exclude<WritePolicy, 'any'>,
): number | undefined {
  for (const positions of writes === 'newest' ? versions : versions.toReversed()) {
    const chosen = leastLoaded(positions, hint);
    if (chosen === undefined) continue;
    const isOwnAsGood = own !== undefined && snapshot.servers[own]?.ageRank === snapshot.servers[chosen]?.ageRank;
    return isOwnAsGood ? own : chosen;
  }
  return undefined;
}

function peerReason(
  request: RequestInfo,
  snapshot: RoutingSnapshot,
  hint: RoutingHint,
  capable: readonly number[],
): ForwardReason {
  const { preferred } = hint;
  if (preferred === undefined || has(capable, preferred)) return 'PreferredNotReady';
  const type = snapshot.table.lookup(request.apiGroup, request.apiVersion, request.resource, '', '');
  return type.kind === 'capable' && has(type.servers, preferred) ? 'PeerServesSubresourceOrVerb' : 'PeerServesResource';
}
