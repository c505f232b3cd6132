import { isConfined } from './confinement.ts';
import { leastLoaded } from './least-loaded.ts';
import { has, type ReadyServers, readyAmong, readyServers } from './ready-servers.ts';
import type { RoutingHint } from './routing-hint.ts';
import type { RoutingSnapshot } from './snapshot.ts';

/** Ready, untried, and allowed to answer. */
export function isUsable(position: number | undefined, snapshot: RoutingSnapshot, hint: RoutingHint): boolean {
  if (position === undefined || (isConfined(snapshot, hint) && position !== snapshot.local)) return false;
  return snapshot.servers[position]?.ready === true && !hint.tried.has(position);
}

/** The least loaded of the newest usable servers; `candidates` stand newest first, as all positions do. */
export function best(candidates: readonly number[], snapshot: RoutingSnapshot, hint: RoutingHint): number | undefined {
  if (isConfined(snapshot, hint)) return localAmong(candidates, snapshot, hint);
  return firstLeft(readyAmong(snapshot, candidates), hint);
}

/** The local server, for a request that may go to no other: any client can confine its own, which must not cost more. */
export function localAmong(
  candidates: readonly number[],
  snapshot: RoutingSnapshot,
  hint: RoutingHint,
): number | undefined {
  const { local } = snapshot;
  return local !== undefined && has(candidates, local) && isUsable(local, snapshot, hint) ? local : undefined;
}

/** Who answers for a local server that cannot what any server could. */
export function standIn(snapshot: RoutingSnapshot, hint: RoutingHint): number | undefined {
  if (snapshot.local === undefined || isConfined(snapshot, hint)) return undefined;
  return firstLeft(readyServers(snapshot), hint);
}

function firstLeft({ versions }: ReadyServers, hint: RoutingHint): number | undefined {
  for (const positions of versions) {
    const chosen = leastLoaded(positions, hint);
    if (chosen !== undefined) return chosen;
  }
  return undefined;
}
