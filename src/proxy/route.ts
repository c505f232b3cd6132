import type { RequestInfo } from '../kubernetes/request-info.ts';
import { decide, isWorthRefreshing } from '../routing/decide.ts';
import type { Decision } from '../routing/decision.ts';
import { choosePreferred } from '../routing/preferred.ts';
import type { ClientState } from './client-state.ts';
import type { ProxyContext } from './proxy-context.ts';
import { type Control, openExchanges, type ProxySnapshot } from './proxy-snapshot.ts';

/** What routing needs to know of one exchange, attempt after attempt. */
export interface RouteInput {
  readonly info: RequestInfo;
  readonly client: ClientState;
  readonly alreadyProxied: boolean;
  readonly ownOpenAPI?: boolean | undefined;
  /** Names of servers that failed this request already. */
  readonly tried: ReadonlySet<string>;
}

export type Forward = Extract<Decision, { kind: 'forward' }>;

export interface Route {
  readonly snapshot: ProxySnapshot;
  readonly decision: Decision;
}

/** Decides with the snapshot of this moment; remembers the client's preferred server. */
export function route(control: Control, input: RouteInput, now: number): Route {
  const { snapshot } = control;
  const load = (position: number) => openExchanges(snapshot.backends[position]);
  const tried = new Set<number>();
  for (const name of input.tried) {
    const position = snapshot.positions.get(name);
    if (position !== undefined) tried.add(position);
  }
  const preferred = preferredPosition(input.client, snapshot, tried, load);
  const { alreadyProxied, ownOpenAPI } = input;
  const hint = { preferred, tried, alreadyProxied, ownOpenAPI, load, now };
  return { snapshot, decision: decide(input.info, snapshot, hint) };
}

/** Of a request that nothing was tried for. */
export const NOBODY: ReadonlySet<string> = new Set();

/**
 * Routes a request for the first time and calls `use` once: at once, or after the tables were read again when nobody is
 * known to serve what is asked for and somebody may by now.
 */
export function routeFresh(
  { control, freshnessWindowMs, clock }: Pick<ProxyContext, 'control' | 'freshnessWindowMs' | 'clock'>,
  request: Omit<RouteInput, 'tried'>,
  use: (routed: Route) => void,
): void {
  const input = { ...request, tried: NOBODY };
  const now = clock();
  const routed = route(control, input, now);
  if (isWorthRefreshing(routed.decision, routed.snapshot, freshnessWindowMs, now)) {
    void control.refresh('unknown-resource').then(() => use(route(control, input, clock())));
  } else use(routed);
}

function preferredPosition(
  client: ClientState,
  snapshot: ProxySnapshot,
  tried: ReadonlySet<number>,
  load: (position: number) => number,
): number | undefined {
  if (snapshot.local !== undefined) return snapshot.local;
  const known = client.preferred === undefined ? undefined : snapshot.positions.get(client.preferred);
  const keeps = known !== undefined && snapshot.servers[known]?.ready === true;
  if (keeps && !tried.has(known)) return known;
  const chosen = choosePreferred(snapshot, load, Math.random, tried);
  // One failed attempt is no reason to leave a server for good: it may have been the connection's failure alone.
  if (chosen !== undefined && !keeps) client.preferred = snapshot.servers[chosen]?.name;
  return chosen;
}
