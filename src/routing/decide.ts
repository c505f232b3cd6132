import type { RequestInfo } from '../kubernetes/request-info.ts';
import type { Decision, ForwardReason } from './decision.ts';
import { type DiscoveryPath, discoveryPath, isAboutServer } from './discovery-path.ts';
import { type Choice, leastLoaded } from './least-loaded.ts';
import { has, type ReadyServers, readyAmong, readyServers } from './ready-servers.ts';
import { isWrite, type WritePolicy } from './routing-policy.ts';
import type { RoutingSnapshot } from './snapshot.ts';

type Unavailable = Extract<Decision, { kind: 'unavailable' }>;

/** What a decision knows besides the request and the snapshot. */
export interface RoutingHint extends Choice {
  /** Position of the server this client's requests go to when nothing else decides. */
  readonly preferred: number | undefined;
  /** A trusted peer routed the request here (KEP-4020's loop guard). */
  readonly alreadyProxied: boolean;
  /** A proxy sent the request here, or its sender pretends so (`passed-proxies.ts`): a sidecar asks its own server alone. */
  readonly forwarded?: boolean | undefined;
  /** The client asks for one server's own OpenAPI document. */
  readonly ownOpenAPI?: boolean | undefined;
  /** Default `any`. */
  readonly writes?: WritePolicy | undefined;
  /** Epoch milliseconds. */
  readonly now: number;
}

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

function decideResource(
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
    if (server === undefined) return unavailable('CapableServersNotReady', found.maybe);
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

function decideMetadata(
  requested: string,
  snapshot: RoutingSnapshot,
  hint: RoutingHint,
  preferred: number | undefined,
): Decision {
  const path: DiscoveryPath | undefined = discoveryPath(requested);
  if (path?.kind === 'openapi') {
    if (hint.ownOpenAPI) return toPreferred(preferred, 'NonResource', false, snapshot);
    return decideOpenAPI(path.document, snapshot, hint, preferred);
  }
  if (path?.kind === 'group') {
    const listing = snapshot.groups.serversOf(path.group, path.version);
    if (listing.length === 0) {
      if (hint.now < snapshot.incompleteUntil) return notSeen(snapshot);
      return toPreferred(preferred ?? standIn(snapshot, hint), 'NobodyLists', false, snapshot);
    }
    if (preferred === undefined || !has(listing, preferred)) {
      const server = best(listing, snapshot, hint);
      if (server === undefined) return unavailable('CapableServersNotReady', listing);
      return { kind: 'forward', server, reason: 'PeerListsGroup', final: false };
    }
  }
  if (preferred !== undefined || snapshot.local === undefined) {
    return toPreferred(preferred, 'NonResource', false, snapshot);
  }
  if (isAboutServer(requested)) return unavailable('LocalServerNotReady', [snapshot.local]);
  return toPreferred(standIn(snapshot, hint), 'LocalNotReady', false, snapshot);
}

/**
 * A server answers a wrong hash with the address that has its own. Who follows it must come to the same server again, so
 * that a document's servers are taken in order, whatever their load.
 */
function decideOpenAPI(
  document: string | undefined,
  snapshot: RoutingSnapshot,
  hint: RoutingHint,
  preferred: number | undefined,
): Decision {
  const { servers, unread, failing } = snapshot.openapi;
  const listing = document === undefined ? undefined : (servers.get(document) ?? []);
  const usable = (candidates: readonly number[]) => {
    let first: number | undefined;
    for (const position of candidates) {
      if (!isUsable(position, snapshot, hint)) continue;
      if (!failing.has(position)) return position;
      first ??= position;
    }
    return first;
  };
  if (listing === undefined || listing.length === 0) {
    // Of a server whose index cannot be read nobody knows that it does not have the document.
    const server = usable(listing === undefined ? readyServers(snapshot).positions : unread);
    if (server !== undefined || listing === undefined) return toPreferred(server, 'NewestOpenAPI', false, snapshot);
    if (hint.now < snapshot.incompleteUntil) return notSeen(snapshot);
    return toPreferred(preferred ?? standIn(snapshot, hint), 'NobodyLists', false, snapshot);
  }
  const server = usable(listing);
  if (server === undefined) return unavailable('CapableServersNotReady', listing);
  return { kind: 'forward', server, reason: 'NewestOpenAPI', final: false };
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

/** The least loaded of the newest usable servers; `candidates` stand newest first, as all positions do. */
function best(candidates: readonly number[], snapshot: RoutingSnapshot, hint: RoutingHint): number | undefined {
  return isConfined(snapshot, hint)
    ? candidates.find((position) => isUsable(position, snapshot, hint))
    : firstLeft(readyAmong(snapshot, candidates), hint);
}

function firstLeft({ versions }: ReadyServers, hint: RoutingHint): number | undefined {
  for (const positions of versions) {
    const chosen = leastLoaded(positions, hint);
    if (chosen !== undefined) return chosen;
  }
  return undefined;
}

/** Who answers for a local server that cannot what any server could. */
function standIn(snapshot: RoutingSnapshot, hint: RoutingHint): number | undefined {
  if (snapshot.local === undefined || isConfined(snapshot, hint)) return undefined;
  return firstLeft(readyServers(snapshot), hint);
}

/** The local server alone may answer. */
function isConfined({ local }: RoutingSnapshot, { alreadyProxied, forwarded }: RoutingHint): boolean {
  return local !== undefined && (alreadyProxied || forwarded === true);
}

function isUsable(position: number | undefined, snapshot: RoutingSnapshot, hint: RoutingHint): boolean {
  if (position === undefined || (isConfined(snapshot, hint) && position !== snapshot.local)) return false;
  return snapshot.servers[position]?.ready === true && !hint.tried.has(position);
}

function whyNotHere(decision: Unavailable, { local }: RoutingSnapshot): Decision {
  if (local === undefined || decision.reason === 'ServersNotSeen') return decision;
  const others = decision.reason === 'CapableServersNotReady' && !has(decision.servers, local);
  return others ? unavailable('NotServedHere', decision.servers) : unavailable('LocalServerNotReady', [local]);
}

function positionsWhere(snapshot: RoutingSnapshot, accept: (position: number) => boolean): number[] {
  return [...snapshot.servers.keys()].filter(accept);
}

function toPreferred(
  server: number | undefined,
  reason: ForwardReason,
  final: boolean,
  { local, view }: RoutingSnapshot,
): Decision {
  if (server !== undefined) return { kind: 'forward', server, reason, final };
  const onlyLocal = reason === 'AlreadyProxied' || view === 'server-local';
  return local !== undefined && onlyLocal
    ? unavailable('LocalServerNotReady', [local])
    : unavailable('NoServerReady', []);
}

function notSeen(snapshot: RoutingSnapshot): Decision {
  return unavailable(
    'ServersNotSeen',
    positionsWhere(snapshot, (position) => !snapshot.servers[position]?.known),
  );
}

function unavailable(reason: Unavailable['reason'], servers: readonly number[]): Unavailable {
  return { kind: 'unavailable', reason, servers };
}
