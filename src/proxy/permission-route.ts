import { isConfined } from '../routing/confinement.ts';
import type { Decision } from '../routing/decision.ts';
import { choosePreferred } from '../routing/preferred.ts';
import type { RoutableServer } from '../routing/snapshot.ts';
import { type Control, openExchanges, type ProxySnapshot } from './proxy-snapshot.ts';
import { type Route, type RouteInput, route } from './route.ts';

/**
 * Which server is asked whether a caller may read metadata that is answered from the merged view. Any server may be, because
 * all of them judge by the same rules: the one the request would go to, unless it was asked before (`tried`, by name) or its
 * own metadata cannot be read and another one's can.
 */
export function permissionRoute(control: Control, request: RouteInput, now: number): Route {
  const { tried = NOBODY } = request;
  const avoided = unreadableAmong(control.snapshot.servers);
  if (avoided.some((name) => !tried.has(name))) {
    const routed = anyRoute(control, { ...request, tried: new Set([...tried, ...avoided]) }, now);
    if (routed.decision.kind === 'forward') return routed;
  }
  return anyRoute(control, request, now);
}

const NOBODY: ReadonlySet<string> = new Set();

const unreadable = new WeakMap<readonly RoutableServer[], readonly string[]>();

/** Found out once for each snapshot, as whatever costs more with more servers. */
function unreadableAmong(servers: readonly RoutableServer[]): readonly string[] {
  const known = unreadable.get(servers);
  if (known !== undefined) return known;
  const found = servers.filter(({ ready, readable }) => ready && !readable).map(({ name }) => name);
  unreadable.set(servers, found);
  return found;
}

function anyRoute(control: Control, request: RouteInput, now: number): Route {
  const routed = route(control, request, now);
  if (routed.decision.kind === 'forward') return routed;
  const { snapshot } = routed;
  const decision = isConfined(snapshot, request) ? undefined : toAnybody(snapshot, request.tried ?? NOBODY);
  return decision === undefined ? routed : { ...routed, decision };
}

/** A sidecar has no preferred server but its own. */
function toAnybody(snapshot: ProxySnapshot, tried: ReadonlySet<string>): Decision | undefined {
  const server = choosePreferred(snapshot, {
    load: (position) => openExchanges(snapshot.backends[position]),
    random: Math.random,
    tried: new Set([...tried].flatMap((name) => snapshot.positions.get(name) ?? [])),
  });
  return server === undefined ? undefined : { kind: 'forward', server, reason: 'NonResource', final: false };
}
