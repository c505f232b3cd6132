import type { ServerDiscovery } from '../../discovery/server-discovery.ts';
import type { APIGroupDiscovery } from '../../kubernetes/aggregated-discovery.ts';
import { WeakValues } from '../weak-values.ts';

/*
 * Servers of one version say the same, so that what hundreds of them say is kept once, and whoever builds on it tells what
 * is new by identity. Nothing that is shared is ever changed.
 */

const groups = new WeakValues<APIGroupDiscovery>();
const pairs = new WeakMap<readonly APIGroupDiscovery[], WeakMap<readonly APIGroupDiscovery[], ServerDiscovery>>();

/** The group that `text` is the JSON of, in the form of `serverDiscovery`; made if nobody has it. */
export function sharedGroup(text: string, make: () => APIGroupDiscovery): APIGroupDiscovery {
  const known = groups.get(text);
  if (known !== undefined) return known;
  const group = make();
  groups.set(text, group);
  return group;
}

/** One object for the same two lists. */
export function sharedDiscovery({ api, apis }: ServerDiscovery): ServerDiscovery {
  const byApis = pairs.get(api) ?? new WeakMap<readonly APIGroupDiscovery[], ServerDiscovery>();
  pairs.set(api, byApis);
  const known = byApis.get(apis);
  if (known !== undefined) return known;
  const discovery = { api, apis };
  byApis.set(apis, discovery);
  return discovery;
}
