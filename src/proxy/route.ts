import type { RequestInfo } from '../kubernetes/request-info.ts';
import { decide, isWorthRefreshing } from '../routing/decide.ts';
import type { Decision } from '../routing/decision.ts';
import { choosePreferred, type PreferenceInput, reconsidered, suits } from '../routing/preferred.ts';
import type { RoutingPolicy } from '../routing/routing-policy.ts';
import type { ClientState } from './client-state.ts';
import type { ProxyContext } from './proxy-context.ts';
import { type Control, openExchanges, type ProxySnapshot } from './proxy-snapshot.ts';

/** What routing needs to know of one exchange, attempt after attempt. */
export interface RouteInput {
  readonly info: RequestInfo;
  readonly client: ClientState;
  readonly alreadyProxied: boolean;
  /** It says that it has passed another proxy. */
  readonly forwarded?: boolean | undefined;
  readonly ownOpenAPI?: boolean | undefined;
  /** N of a sender of v1.N that prefers servers which are not older. */
  readonly minor?: number | undefined;
  /** Default: nothing but capability, readiness and load decides. */
  readonly policy?: RoutingPolicy | undefined;
  /** Names of servers that failed this request already; absent: none did. */
  readonly tried?: ReadonlySet<string> | undefined;
}

export type Forward = Extract<Decision, { kind: 'forward' }>;

export interface Route {
  readonly snapshot: ProxySnapshot;
  readonly decision: Decision;
  /** Position of the client's preferred server. */
  readonly preferred?: number | undefined;
  /** Milliseconds of the clock. */
  readonly decidedAt: number;
}

/** Decides with the snapshot of this moment; remembers the client's preferred server. */
export function route(control: Control, input: RouteInput, now: number): Route {
  const { snapshot } = control;
  const load = (position: number) => openExchanges(snapshot.backends[position]);
  const tried = positionsOf(input.tried, snapshot);
  const { info, client, alreadyProxied, forwarded, ownOpenAPI, minor, policy } = input;
  const choosing = { load, random: Math.random, tried, minor };
  const preferred = snapshot.local ?? preferredPosition(client, snapshot, choosing, policy?.rebalanceMs ?? 0, now);
  client.draw ??= Math.random();
  const { draw } = client;
  const writes = policy?.writes;
  const hint = { preferred, tried, alreadyProxied, forwarded, ownOpenAPI, writes, load, draw, now };
  return { snapshot, decision: decide(info, snapshot, hint), preferred, decidedAt: now };
}

const NOBODY: ReadonlySet<number> = new Set();

function positionsOf(names: ReadonlySet<string> | undefined, { positions }: ProxySnapshot): ReadonlySet<number> {
  if (names === undefined || names.size === 0) return NOBODY;
  const found = new Set<number>();
  for (const name of names) {
    const position = positions.get(name);
    if (position !== undefined) found.add(position);
  }
  return found;
}

/**
 * Routes a request for the first time, `now`, and calls `use` once: at once, or after the tables were read again when nobody is
 * known to serve what is asked for and somebody may by now.
 */
export function routeFresh(
  { control, freshnessWindowMs, clock }: Pick<ProxyContext, 'control' | 'freshnessWindowMs' | 'clock'>,
  input: RouteInput,
  now: number,
  use: (routed: Route) => void,
): void {
  const routed = route(control, input, now);
  if (isWorthRefreshing(routed.decision, routed.snapshot, freshnessWindowMs, now)) {
    void control.refresh('unknown-resource').then(() => use(route(control, input, clock())));
  } else use(routed);
}

/**
 * The client's server while it is ready and suits the sender's version. Whom it does not suit gets another one, which is
 * remembered beside it: a connection that several clients share (a balancer's, an aggregator's) moves none of the others.
 */
function preferredPosition(
  client: ClientState,
  snapshot: ProxySnapshot,
  choosing: PreferenceInput,
  rebalanceMs: number,
  now: number,
): number | undefined {
  const known = readyPosition(client.preferred, snapshot);
  if (known !== undefined && !suits(snapshot, known, choosing.minor)) {
    const newer = readyPosition(client.preferredNewer, snapshot);
    const keeps = newer !== undefined && suits(snapshot, newer, choosing.minor);
    if (keeps && !choosing.tried.has(newer)) return newer;
    const chosen = choosePreferred(snapshot, choosing);
    if (chosen !== undefined && !keeps) client.preferredNewer = snapshot.servers[chosen]?.name;
    return chosen;
  }
  if (known !== undefined && !choosing.tried.has(known)) {
    if (rebalanceMs > 0) return rebalanced(client, snapshot, known, choosing, rebalanceMs, now);
    return known;
  }
  const chosen = choosePreferred(snapshot, choosing);
  // One failed attempt is no reason to leave a server for good: it may have been the connection's failure alone.
  if (chosen !== undefined && known === undefined) {
    client.preferred = snapshot.servers[chosen]?.name;
    client.reconsiderAt = undefined;
  }
  return chosen;
}

/** Looks from time to time, each client at its own time, whether others have much less to do. */
function rebalanced(
  client: ClientState,
  snapshot: ProxySnapshot,
  known: number,
  choosing: PreferenceInput,
  rebalanceMs: number,
  now: number,
): number {
  const isDue = client.reconsiderAt !== undefined && now >= client.reconsiderAt;
  if (!isDue && client.reconsiderAt !== undefined) return known;
  client.reconsiderAt = now + rebalanceMs * (1 + choosing.random());
  if (!isDue || choosing.tried.size > 0) return known;
  const position = reconsidered(snapshot, known, choosing);
  if (position !== known) client.preferred = snapshot.servers[position]?.name;
  return position;
}

function readyPosition(name: string | undefined, snapshot: ProxySnapshot): number | undefined {
  const position = name === undefined ? undefined : snapshot.positions.get(name);
  return position !== undefined && snapshot.servers[position]?.ready === true ? position : undefined;
}
