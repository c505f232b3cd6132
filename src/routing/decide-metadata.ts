import { best, isUsable, localAmong, standIn } from './candidates.ts';
import { isConfined } from './confinement.ts';
import type { Decision } from './decision.ts';
import { type DiscoveryPath, discoveryPath, isAboutServer } from './discovery-path.ts';
import { notSeen, toPreferred, unavailable } from './outcomes.ts';
import { has, readyServers } from './ready-servers.ts';
import type { RoutingHint } from './routing-hint.ts';
import type { RoutingSnapshot } from './snapshot.ts';

/** Of a request for anything but a resource: API metadata, OpenAPI, and what is about a server itself; `preferred` is usable. */
export function decideMetadata(
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
    if (isConfined(snapshot, hint)) return localAmong(candidates, snapshot, hint);
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
