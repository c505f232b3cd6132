import {
  type APIGroupDiscovery,
  apiGroup,
  apiResource,
  apiSubresource,
  apiVersion,
  type DiscoveryFreshness,
} from '../../kubernetes/aggregated-discovery.ts';
import type { MergeInput } from '../merge.ts';
import { type ServerDiscovery, serverDiscovery } from '../server-discovery.ts';

/** Verbs by `resource` or `resource/subresource`, by group-version (`apps/v1`, core `v1`); all in the order served. */
export type Listing = Readonly<Record<string, Readonly<Record<string, readonly string[]>>>>;

/** A short way to write what a server serves; `stale` are the group-versions whose extension API server is down. */
export function discoveryOf(listing: Listing, stale: readonly string[] = []): ServerDiscovery {
  const groups = Object.entries(listing).map(([groupVersion, resources]) => {
    const [version = '', group = ''] = groupVersion.split('/').reverse();
    return groupOf(group, version, resources, stale.includes(groupVersion) ? 'Stale' : 'Current');
  });
  const core = ({ metadata: { name } }: APIGroupDiscovery) => name === '';
  return serverDiscovery(
    groups.filter(core),
    groups.filter((group) => !core(group)),
  );
}

/** The newest of the servers is `1.37.0`, the next `1.36.0` and so on. */
export function newestFirst(...discoveries: readonly ServerDiscovery[]): readonly MergeInput[] {
  return discoveries.map((discovery, i) => ({
    server: `server-${discoveries.length - i}`,
    version: { major: 1, minor: 37 - i, patch: 0 },
    ready: true,
    fresh: true,
    discovery,
  }));
}

function groupOf(
  group: string,
  version: string,
  listing: Readonly<Record<string, readonly string[]>>,
  freshness: DiscoveryFreshness,
): APIGroupDiscovery {
  const resources = Object.entries(listing)
    .filter(([name]) => !name.includes('/'))
    .map(([resource, verbs]) =>
      apiResource({
        resource,
        responseKind: { group: '', version: '', kind: resource.toUpperCase() },
        scope: 'Namespaced',
        singularResource: '',
        verbs,
        subresources: Object.entries(listing)
          .filter(([name]) => name.startsWith(`${resource}/`))
          .map(([name, subVerbs]) => apiSubresource({ subresource: name.slice(resource.length + 1), verbs: subVerbs })),
      }),
    );
  return apiGroup(group, [apiVersion({ version, resources, freshness })]);
}
