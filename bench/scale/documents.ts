import { type ServerDiscovery, serverDiscovery } from '../../src/discovery/server-discovery.ts';
import {
  type APIGroupDiscovery,
  type APIResourceDiscovery,
  apiGroup,
  apiResource,
  apiSubresource,
  apiVersion,
} from '../../src/kubernetes/aggregated-discovery.ts';

/** How much the servers' documents have in common. */
export type Variety =
  /** Three versions; an older one lacks some groups of the next newer one. */
  | 'versions'
  /** The same, and every server has one type that no other has. */
  | 'own-type'
  /** The same, and no group of one server equals that of another. */
  | 'all-different';

export interface Population {
  readonly servers: number;
  /** Group-version-resources of the newest server. */
  readonly types: number;
  readonly variety: Variety;
}

export const VERSIONS = ['v1.37.2', 'v1.36.3', 'v1.34.4'] as const;

const TYPES_PER_GROUP = 10;
const VERBS = ['create', 'delete', 'deletecollection', 'get', 'list', 'patch', 'update', 'watch'];
const STATUS_VERBS = ['get', 'patch', 'update'];

/** Which of `VERSIONS` a server has. */
export function versionOf(server: number): number {
  return server % VERSIONS.length;
}

/** What one server serves. `extra`: types that were added since, each in a group that exists. */
export function documentOf(
  server: number,
  { types, variety }: Population,
  extra: readonly string[] = [],
): ServerDiscovery {
  const groups: APIGroupDiscovery[] = [];
  const count = Math.ceil(types / TYPES_PER_GROUP) - versionOf(server);
  for (let g = 0; g < count; g++) {
    const names = Array.from(
      { length: Math.min(TYPES_PER_GROUP, types - g * TYPES_PER_GROUP) },
      (_, t) => `things${t}`,
    );
    if (g === 0) {
      names.push(...extra);
      if (variety === 'own-type') names.push(`own${server}`);
    }
    const shortNames = variety === 'all-different' ? [`s${server}`] : [];
    groups.push(groupOf(groupName(g), names, shortNames));
  }
  return serverDiscovery([groupOf('', ['pods'], [])], groups);
}

export function groupName(group: number): string {
  return `g${group}.example.com`;
}

function groupOf(name: string, resources: readonly string[], shortNames: readonly string[]): APIGroupDiscovery {
  return apiGroup(name, [
    apiVersion({
      version: 'v1',
      resources: resources.map((each) => resourceOf(each, shortNames)),
      freshness: 'Current',
    }),
  ]);
}

function resourceOf(resource: string, shortNames: readonly string[]): APIResourceDiscovery {
  const kind = `${resource.charAt(0).toUpperCase()}${resource.slice(1)}`;
  const responseKind = { group: '', version: '', kind };
  return apiResource({
    resource,
    responseKind,
    scope: 'Namespaced',
    singularResource: resource.slice(0, -1),
    verbs: VERBS,
    shortNames,
    categories: undefined,
    subresources: [
      apiSubresource({ subresource: 'status', responseKind, acceptedTypes: undefined, verbs: STATUS_VERBS }),
    ],
  });
}
