import type { ServerDiscovery } from '../../discovery/server-discovery.ts';
import {
  type APIGroupDiscovery,
  type APIVersionDiscovery,
  apiGroup,
  apiVersion,
} from '../../kubernetes/aggregated-discovery.ts';

/**
 * `read` with the resources of `previous` in every group-version that is Stale and lists none: nobody learnt anything of
 * them, as when an extension API server is down while kube-apiserver restarts, so that they are what they were.
 */
export function withKeptResources(read: ServerDiscovery, previous: ServerDiscovery | undefined): ServerDiscovery {
  if (previous === undefined) return read;
  return { api: kept(read.api, previous.api), apis: kept(read.apis, previous.apis) };
}

function kept(
  groups: readonly APIGroupDiscovery[],
  previous: readonly APIGroupDiscovery[],
): readonly APIGroupDiscovery[] {
  if (!groups.some(hasUnread)) return groups;
  const byPrevious = made.get(groups) ?? new WeakMap<readonly APIGroupDiscovery[], readonly APIGroupDiscovery[]>();
  made.set(groups, byPrevious);
  const known = byPrevious.get(previous) ?? withKept(groups, previous);
  byPrevious.set(previous, known);
  return known;
}

/** Servers that share documents share what is made of them. */
const made = new WeakMap<
  readonly APIGroupDiscovery[],
  WeakMap<readonly APIGroupDiscovery[], readonly APIGroupDiscovery[]>
>();

function withKept(
  groups: readonly APIGroupDiscovery[],
  previous: readonly APIGroupDiscovery[],
): readonly APIGroupDiscovery[] {
  const known = new Map(
    previous.flatMap(({ metadata, versions = [] }) =>
      versions.map(({ version, resources }) => [`${metadata.name}/${version}`, resources] as const),
    ),
  );
  return groups.map((group) => {
    if (!hasUnread(group)) return group;
    const { name } = group.metadata;
    const versions = (group.versions ?? []).map((entry) =>
      isUnread(entry) ? apiVersion({ ...entry, resources: known.get(`${name}/${entry.version}`) }) : entry,
    );
    return apiGroup(name, versions);
  });
}

function hasUnread({ versions = [] }: APIGroupDiscovery): boolean {
  return versions.some(isUnread);
}

function isUnread({ freshness, resources = [] }: APIVersionDiscovery): boolean {
  return freshness === 'Stale' && resources.length === 0;
}
