import type {
  APIGroupDiscovery,
  APIResourceDiscovery,
  APISubresourceDiscovery,
  APIVersionDiscovery,
  GroupVersionKind,
} from './aggregated-discovery.ts';
import type {
  APIGroup,
  APIGroupList,
  APIResource,
  APIResourceList,
  APIVersions,
  GroupVersionForDiscovery,
  ServerAddressByClientCIDR,
} from './legacy-discovery.ts';

/*
 * The unaggregated documents that say what aggregated ones say: the way back from legacy-conversion.ts. What aggregated
 * discovery does not have is empty: no storageVersionHash, and acceptedTypes find no place.
 */

/** `GET /api`, of the groups that aggregated `/api` lists. */
export function toAPIVersions(
  api: readonly APIGroupDiscovery[],
  serverAddressByClientCIDRs: readonly ServerAddressByClientCIDR[],
): APIVersions {
  const versions = api.flatMap((group) => (group.versions ?? []).map(({ version }) => version));
  return { kind: 'APIVersions', versions, serverAddressByClientCIDRs };
}

/** `GET /apis`. Groups without a version are left out, as such documents cannot name a preferred one. */
export function toAPIGroupList(apis: readonly APIGroupDiscovery[]): APIGroupList {
  return { kind: 'APIGroupList', groups: apis.filter(({ versions }) => versions?.length).map(toAPIGroup) };
}

/** `GET /apis/GROUP`, and an entry of `/apis`. Preferred is what clients prefer: the first version that is not Stale. */
export function toAPIGroup({ metadata: { name }, versions = [] }: APIGroupDiscovery): APIGroup {
  const preferred = versions.find(({ freshness }) => freshness !== 'Stale') ?? versions[0];
  return {
    name,
    versions: versions.map((version) => groupVersionOf(name, version)),
    ...(preferred && { preferredVersion: groupVersionOf(name, preferred) }),
  };
}

/**
 * `GET /api/VERSION` (group '') and `GET /apis/GROUP/VERSION`: each resource, then its subresources. A parent that is in
 * the document only to hold subresources has no entry of its own.
 */
export function toAPIResourceList(group: string, { version, resources = [] }: APIVersionDiscovery): APIResourceList {
  const listed = { group, version };
  return {
    kind: 'APIResourceList',
    groupVersion: group === '' ? version : `${group}/${version}`,
    resources: resources.flatMap((entry) => [
      ...(isHolder(entry) ? [] : [resourceEntry(listed, entry)]),
      ...(entry.subresources ?? []).map((subresource) => subresourceEntry(listed, entry, subresource)),
    ]),
  };
}

type Listed = Pick<GroupVersionKind, 'group' | 'version'>;

function isHolder({ responseKind, verbs, subresources }: APIResourceDiscovery): boolean {
  return (responseKind?.kind ?? '') === '' && verbs.length === 0 && subresources !== undefined;
}

function resourceEntry(listed: Listed, entry: APIResourceDiscovery): APIResource {
  return {
    name: entry.resource,
    singularName: entry.singularResource,
    namespaced: entry.scope === 'Namespaced',
    ...kindOf(listed, entry.responseKind),
    verbs: entry.verbs,
    shortNames: entry.shortNames ?? [],
    categories: entry.categories ?? [],
    storageVersionHash: '',
  };
}

function subresourceEntry(
  listed: Listed,
  { resource, scope }: APIResourceDiscovery,
  { subresource, responseKind, verbs }: APISubresourceDiscovery,
): APIResource {
  return {
    name: `${resource}/${subresource}`,
    singularName: '',
    namespaced: scope === 'Namespaced',
    ...kindOf(listed, responseKind),
    verbs,
    shortNames: [],
    categories: [],
    storageVersionHash: '',
  };
}

/** Group and version are written only where they differ from the list's own. */
function kindOf(listed: Listed, responseKind: GroupVersionKind | undefined): GroupVersionKind {
  const { group, version, kind } = responseKind ?? { group: '', version: '', kind: '' };
  const same = group === listed.group && version === listed.version;
  return same ? { group: '', version: '', kind } : { group, version, kind };
}

function groupVersionOf(group: string, { version }: APIVersionDiscovery): GroupVersionForDiscovery {
  return { groupVersion: group === '' ? version : `${group}/${version}`, version };
}
