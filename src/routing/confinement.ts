import type { Decision } from './decision.ts';
import { type Unavailable, unavailable } from './outcomes.ts';
import { has } from './ready-servers.ts';
import type { RoutingHint } from './routing-hint.ts';
import type { RoutingSnapshot } from './snapshot.ts';

type Confined = Pick<RoutingHint, 'alreadyProxied' | 'forwarded'>;

/**
 * Whether the local server alone may answer: a request that has been forwarded before, or whose sender pretends so, goes from
 * a sidecar to no other server, so that none goes in circles whatever the tables of the sidecars say.
 */
export function isConfined(
  { local }: Pick<RoutingSnapshot, 'local'>,
  { alreadyProxied, forwarded }: Confined,
): boolean {
  return local !== undefined && (alreadyProxied || forwarded === true);
}

/** The reason of a request that is confined and that the local server cannot answer: its own, not that of the others. */
export function whyNotHere(decision: Unavailable, { local }: RoutingSnapshot): Decision {
  if (local === undefined || decision.reason === 'ServersNotSeen') return decision;
  const others = decision.reason === 'CapableServersNotReady' && !has(decision.servers, local);
  return others ? unavailable('NotServedHere', decision.servers) : unavailable('LocalServerNotReady', [local]);
}
