import type { RequestInfo } from '../kubernetes/request-info.ts';
import { decide, isWorthRefreshing } from '../routing/decide.ts';
import type { Decision } from '../routing/decision.ts';
import { choosePreferred } from '../routing/preferred.ts';
import type { ClientState } from './client-state.ts';
import { type Control, openExchanges, type ProxySnapshot } from './proxy-snapshot.ts';

/** What routing needs to know of one exchange, attempt after attempt. */
export interface RouteInput {
  readonly info: RequestInfo;
  readonly client: ClientState;
  readonly alreadyProxied: boolean;
  /** Names of servers that failed this request already. */
  readonly tried: ReadonlySet<string>;
}

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
  const hint = { preferred, tried, alreadyProxied: input.alreadyProxied, load, now };
  return { snapshot, decision: decide(input.info, snapshot, hint) };
}

/** Whether `routed` found nobody in tables old enough that somebody may serve the type by now. */
export function needsFreshTables(routed: Route, freshnessWindowMs: number, now: number): boolean {
  return isWorthRefreshing(routed.decision, routed.snapshot, freshnessWindowMs, now);
}

function preferredPosition(
  client: ClientState,
  snapshot: ProxySnapshot,
  tried: ReadonlySet<number>,
  load: (position: number) => number,
): number | undefined {
  if (snapshot.local !== undefined) return snapshot.local;
  const known = client.preferred === undefined ? undefined : snapshot.positions.get(client.preferred);
  if (known !== undefined && snapshot.servers[known]?.ready === true && !tried.has(known)) return known;
  const chosen = choosePreferred(snapshot, load, Math.random, tried);
  if (chosen !== undefined) client.preferred = snapshot.servers[chosen]?.name;
  return chosen;
}
