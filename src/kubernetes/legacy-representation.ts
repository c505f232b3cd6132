import type { APIGroup, APIGroupList, APIResource, APIResourceList, APIVersions } from './legacy-discovery.ts';

/*
 * The objects whose JSON is what kube-apiserver writes: fields in the order of Go's structs, empty optional ones left out.
 */

export function wireAPIVersions({ kind, versions, serverAddressByClientCIDRs }: APIVersions) {
  return { kind, versions, serverAddressByClientCIDRs };
}

export function wireAPIGroupList({ kind, groups }: APIGroupList) {
  return { kind, apiVersion: 'v1', groups: groups.map(wireGroup) };
}

export function wireAPIGroup(group: APIGroup) {
  return { kind: 'APIGroup', apiVersion: 'v1', ...wireGroup(group) };
}

/** The core group's lists are the only ones without apiVersion. */
export function wireAPIResourceList({ kind, groupVersion, resources }: APIResourceList) {
  const isCore = !groupVersion.includes('/');
  return { kind, ...(!isCore && { apiVersion: 'v1' }), groupVersion, resources: resources.map(wireResource) };
}

function wireGroup({ name, versions, preferredVersion }: APIGroup) {
  return { name, versions, ...(preferredVersion && { preferredVersion }) };
}

function wireResource(entry: APIResource) {
  const { name, singularName, namespaced, group, version, kind, verbs } = entry;
  const { shortNames, categories, storageVersionHash } = entry;
  return {
    name,
    singularName,
    namespaced,
    ...(group !== '' && { group }),
    ...(version !== '' && { version }),
    kind,
    verbs,
    ...(shortNames.length > 0 && { shortNames }),
    ...(categories.length > 0 && { categories }),
    ...(storageVersionHash !== '' && { storageVersionHash }),
  };
}
