import { type ServerVersion, versionText as serverVersionText } from '../kubernetes/kube-version.ts';
import type { RoutingPolicy } from '../routing/routing-policy.ts';
import type { ServerMonitor } from '../servers/server-monitor.ts';
import type { ServerRegistry } from '../servers/server-registry.ts';
import type { Ask } from '../surfacing/server-questions.ts';
import { fetchFrom } from '../wire/fetch.ts';
import type { Fields } from '../wire/fields.ts';
import { AdminError } from './admin-page.ts';

/** What the pages about servers read. */
export interface ControlView {
  /** Of this moment. */
  registry(): ServerRegistry;
  /** Who the proxy is to its servers. */
  identity(): Fields;
  /** Epoch milliseconds. */
  clock(): number;
  /** Tables younger than this are believed when they list nobody. */
  readonly freshnessWindowMs: number;
  /** Default: nothing but capability, readiness and load decides. */
  readonly policy?: RoutingPolicy | undefined;
}

/** The monitor of that server. @throws {AdminError} naming the servers there are. */
export function monitorOf(registry: ServerRegistry, name: string): ServerMonitor {
  const monitor = registry.monitors.find(({ spec }) => spec.name === name);
  if (monitor !== undefined) return monitor;
  const names = registry.monitors.map(({ spec }) => spec.name).join(', ');
  throw new AdminError('UnknownServer', `There is no server "${name}". The servers are: ${names}.`);
}

/** For one question to one server. */
const TIMEOUT_MS = 3_000;
const MAX_BYTES = 16 * 1024 * 1024;

/** Asks the server at this moment, as the proxy itself; `fields` say who that is. */
export function askerOf({ connections }: ServerMonitor, fields: Fields): Ask {
  return (target, accept) =>
    fetchFrom(connections.discovery, {
      method: 'GET',
      target,
      fields: [...fields, 'accept', accept],
      timeoutMs: TIMEOUT_MS,
      maxBytes: MAX_BYTES,
    });
}

/** Seconds since discovery was read last; undefined: never. */
export function ageSeconds(confirmedAt: number, now: number): number | undefined {
  return confirmedAt === 0 ? undefined : Math.max(0, now - confirmedAt) / 1000;
}

/** `1.37.2`; '' when the server has not told. */
export function versionText(version: ServerVersion | undefined): string {
  return version === undefined ? '' : serverVersionText(version);
}
