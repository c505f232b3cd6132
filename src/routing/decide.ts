import type { RequestInfo } from '../kubernetes/request-info.ts';
import type { Decision, ForwardReason } from './decision.ts';
import { type DiscoveryPath, discoveryPath } from './discovery-path.ts';
import type { RoutingSnapshot } from './snapshot.ts';

/** What a decision knows besides the request and the snapshot. */
export interface RoutingHint {
  /** Position of the server this client's requests go to when nothing else decides. */
  readonly preferred: number | undefined;
  /** Positions that failed this request already; they are not named again. */
  readonly tried: ReadonlySet<number>;
  /** A trusted peer routed the request here (KEP-4020's loop guard). */
  readonly alreadyProxied: boolean;
  /** The client asks for one server's own OpenAPI document. */
  readonly ownOpenAPI?: boolean | undefined;
  /** Open requests per server; the least loaded of equals is taken. */
  readonly load: (server: number) => number;
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
  const unknown = reason === 'NobodyCapable' || reason === 'NobodyLists' || reason === 'ServersNotSeen';
  return unknown && now - snapshot.confirmedAt >= freshnessWindowMs;
}

/**
 * Chooses the server for one request: the routing table of product.md section 6 in one place.
 * Pure: equal arguments give equal decisions. A `forward` names only servers that are ready and untried, and where its
 * reason claims capability, capable ones.
 */
export function decide(request: RequestInfo, snapshot: RoutingSnapshot, hint: RoutingHint): Decision {
  const preferred = isUsable(hint.preferred, snapshot, hint) ? hint.preferred : undefined;
  if (hint.alreadyProxied) return toPreferred(preferred, 'AlreadyProxied', true);
  if (snapshot.view === 'server-local') return toPreferred(preferred, 'ServerLocalView', false);
  if (!request.isResourceRequest) return decideMetadata(discoveryPath(request.path), snapshot, hint, preferred);

  const found = snapshot.table.lookup(
    request.apiGroup,
    request.apiVersion,
    request.resource,
    request.subresource,
    request.verb,
  );
  if (found.kind === 'capable') {
    if (preferred !== undefined && found.servers.includes(preferred)) {
      return { kind: 'forward', server: preferred, reason: 'PreferredCapable', final: true };
    }
    const server = best(found.servers, snapshot, hint);
    if (server === undefined) return unavailable('CapableServersNotReady', found.servers);
    return { kind: 'forward', server, reason: peerReason(request, snapshot, hint, found.servers), final: true };
  }
  if (found.maybe.length > 0) {
    const server =
      preferred !== undefined && found.maybe.includes(preferred) ? preferred : best(found.maybe, snapshot, hint);
    if (server === undefined) return unavailable('CapableServersNotReady', found.maybe);
    return { kind: 'forward', server, reason: 'StaleGroupVersion', final: true };
  }
  if (hint.now < snapshot.incompleteUntil) return notSeen(snapshot);
  if (found.kind === 'incapable') {
    // The answer of a server that knows the type (405, or 404 for the subresource) says more than one that does not.
    const knows = preferred !== undefined && found.having.includes(preferred);
    const server = knows ? preferred : (best(found.having, snapshot, hint) ?? preferred);
    return toPreferred(server, 'NobodyCapable', false);
  }
  return toPreferred(preferred, 'NobodyCapable', false);
}

function decideMetadata(
  path: DiscoveryPath | undefined,
  snapshot: RoutingSnapshot,
  hint: RoutingHint,
  preferred: number | undefined,
): Decision {
  if (path?.kind === 'openapi') {
    if (hint.ownOpenAPI) return toPreferred(preferred, 'NonResource', false);
    return decideOpenAPI(path.document, snapshot, hint, preferred);
  }
  if (path?.kind === 'group') {
    const listing = snapshot.groups.serversOf(path.group, path.version);
    if (listing.length === 0) {
      return hint.now < snapshot.incompleteUntil ? notSeen(snapshot) : toPreferred(preferred, 'NobodyLists', false);
    }
    if (preferred === undefined || !listing.includes(preferred)) {
      const server = best(listing, snapshot, hint);
      if (server === undefined) return unavailable('CapableServersNotReady', listing);
      return { kind: 'forward', server, reason: 'PeerListsGroup', final: false };
    }
  }
  return toPreferred(preferred, 'NonResource', false);
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
    const ready = candidates.filter((position) => isUsable(position, snapshot, hint));
    return ready.find((position) => !failing.has(position)) ?? ready[0];
  };
  if (listing === undefined || listing.length === 0) {
    // Of a server whose index cannot be read nobody knows that it does not have the document.
    const server = usable(listing === undefined ? [...snapshot.servers.keys()] : unread);
    if (server !== undefined || listing === undefined) return toPreferred(server, 'NewestOpenAPI', false);
    return hint.now < snapshot.incompleteUntil ? notSeen(snapshot) : toPreferred(preferred, 'NobodyLists', false);
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
  if (preferred === undefined || capable.includes(preferred)) return 'PreferredNotReady';
  const type = snapshot.table.lookup(request.apiGroup, request.apiVersion, request.resource, '', '');
  return type.kind === 'capable' && type.servers.includes(preferred)
    ? 'PeerServesSubresourceOrVerb'
    : 'PeerServesResource';
}

/** The least loaded of the newest usable servers; `candidates` stand newest first, as all positions do. */
function best(candidates: readonly number[], snapshot: RoutingSnapshot, hint: RoutingHint): number | undefined {
  let chosen: number | undefined;
  let rank = 0;
  let least = Number.POSITIVE_INFINITY;
  for (const position of candidates) {
    const server = snapshot.servers[position];
    if (server === undefined || !isUsable(position, snapshot, hint)) continue;
    if (chosen !== undefined && server.ageRank !== rank) break;
    const load = hint.load(position);
    if (load >= least) continue;
    chosen = position;
    rank = server.ageRank;
    least = load;
  }
  return chosen;
}

function isUsable(position: number | undefined, snapshot: RoutingSnapshot, hint: RoutingHint): boolean {
  return position !== undefined && snapshot.servers[position]?.ready === true && !hint.tried.has(position);
}

function positionsWhere(snapshot: RoutingSnapshot, accept: (position: number) => boolean): number[] {
  return [...snapshot.servers.keys()].filter(accept);
}

function toPreferred(server: number | undefined, reason: ForwardReason, final: boolean): Decision {
  return server === undefined ? unavailable('NoServerReady', []) : { kind: 'forward', server, reason, final };
}

function notSeen(snapshot: RoutingSnapshot): Decision {
  return unavailable(
    'ServersNotSeen',
    positionsWhere(snapshot, (position) => !snapshot.servers[position]?.known),
  );
}

function unavailable(
  reason: Extract<Decision, { kind: 'unavailable' }>['reason'],
  servers: readonly number[],
): Decision {
  return { kind: 'unavailable', reason, servers };
}
