import {
  type APIGroupDiscovery,
  type APIResourceDiscovery,
  type APIVersionDiscovery,
  apiGroup,
  apiVersion,
} from '../kubernetes/aggregated-discovery.ts';
import { OWN_GROUPS } from '../kubernetes/own-groups.ts';
import type { ServerDiscovery } from './server-discovery.ts';

/**
 * What `before` has and `after` has not of the types built into kube-apiserver: whole resources, also where only a
 * subresource or a verb is gone. Undefined when nothing is. Such types go with a restart alone; those of custom resources
 * and aggregated APIs are deleted by somebody, and are not counted.
 */
export function lostTypes(before: ServerDiscovery, after: ServerDiscovery): ServerDiscovery | undefined {
  const api = lostGroups(before.api, after.api);
  const apis = lostGroups(before.apis, after.apis);
  return api.length === 0 && apis.length === 0 ? undefined : { api, apis };
}

function lostGroups(
  before: readonly APIGroupDiscovery[],
  after: readonly APIGroupDiscovery[],
): readonly APIGroupDiscovery[] {
  if (before === after) return [];
  return before.flatMap((group) => {
    const { name } = group.metadata;
    const same = after.find(({ metadata }) => metadata.name === name);
    if (same === group || !OWN_GROUPS.has(name)) return [];
    const versions = (group.versions ?? []).flatMap((version) => lostVersion(version, same?.versions ?? []));
    return versions.length === 0 ? [] : [apiGroup(name, versions)];
  });
}

function lostVersion(
  before: APIVersionDiscovery,
  after: readonly APIVersionDiscovery[],
): readonly APIVersionDiscovery[] {
  const same = after.find(({ version }) => version === before.version);
  const left = new Map((same?.resources ?? []).map((entry) => [entry.resource, entry]));
  const resources = (before.resources ?? []).filter((entry) => !hasAll(left.get(entry.resource), entry));
  return same !== undefined && resources.length === 0 ? [] : [apiVersion({ ...before, resources })];
}

function hasAll(after: APIResourceDiscovery | undefined, before: APIResourceDiscovery): boolean {
  if (after === undefined || !includesAll(after.verbs, before.verbs)) return false;
  const left = new Map((after.subresources ?? []).map((entry) => [entry.subresource, entry.verbs]));
  return (before.subresources ?? []).every(({ subresource, verbs }) => includesAll(left.get(subresource), verbs));
}

function includesAll(names: readonly string[] | undefined, wanted: readonly string[]): boolean {
  return names !== undefined && wanted.every((name) => names.includes(name));
}
