import type { Decision, ForwardReason } from './decision.ts';
import type { RoutingSnapshot } from './snapshot.ts';

export type Unavailable = Extract<Decision, { kind: 'unavailable' }>;

/** To `server`, the preferred one or who stands in for it; undefined: nobody can answer. */
export function toPreferred(
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

/** A server that was never read may be the only one that serves it. */
export function notSeen({ servers }: RoutingSnapshot): Decision {
  return unavailable(
    'ServersNotSeen',
    [...servers.keys()].filter((position) => !servers[position]?.known),
  );
}

export function unavailable(reason: Unavailable['reason'], servers: readonly number[]): Unavailable {
  return { kind: 'unavailable', reason, servers };
}
