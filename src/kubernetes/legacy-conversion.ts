import {
  type APIGroupDiscovery,
  type APIResourceDiscovery,
  type APISubresourceDiscovery,
  type APIVersionDiscovery,
  apiGroup,
  apiResource,
  apiSubresource,
  apiVersion,
} from './aggregated-discovery.ts';
import { DiscoveryDocumentError } from './discovery-document.ts';
import { insertApiVersions } from './kube-version.ts';
import type { APIGroupList, APIResource, APIResourceList, APIVersions } from './legacy-discovery.ts';

/** What came of asking one server for one group-version's resource list. */
export type LegacyVersionAnswer =
  | { readonly kind: 'served'; readonly list: APIResourceList }
  /** 404: this server does not have it, whatever its `/apis` says. */
  | { readonly kind: 'absent' }
  /** Anything else: nothing was learnt. */
  | { readonly kind: 'unavailable' };

/** A list that contradicts itself. Its group-version counts as Stale, as with kube-aggregator. */
export interface RejectedResourceList {
  readonly groupVersion: string;
  readonly error: DiscoveryDocumentError;
}

export interface LegacyConversion {
  /** What the server would answer on `/api` and `/apis`. */
  readonly api: readonly APIGroupDiscovery[];
  readonly apis: readonly APIGroupDiscovery[];
  readonly rejected: readonly RejectedResourceList[];
}

/**
 * Makes aggregated discovery of one server's unaggregated documents.
 *
 * `answers` by group-version (`apps/v1`, core `v1`) decide what is served: absent ones are left out though `/apis` names
 * them, served ones are included though `/apis` lacks them, and a version without an answer is Stale.
 */
export function aggregateLegacyDiscovery(
  coreVersions: APIVersions,
  groupList: APIGroupList,
  answers: ReadonlyMap<string, LegacyVersionAnswer>,
): LegacyConversion {
  const api: APIGroupDiscovery[] = [];
  const apis: APIGroupDiscovery[] = [];
  const rejected: RejectedResourceList[] = [];
  for (const [name, versions] of versionsByGroup(coreVersions, groupList, answers)) {
    const entries: APIVersionDiscovery[] = [];
    for (const version of versions) {
      const groupVersion = name === '' ? version : `${name}/${version}`;
      const answer = answers.get(groupVersion) ?? { kind: 'unavailable' };
      if (answer.kind === 'absent') continue;
      const stale = apiVersion({ version, freshness: 'Stale' });
      try {
        entries.push(answer.kind === 'served' ? aggregateResourceList(version, answer.list) : stale);
      } catch (error) {
        if (!(error instanceof DiscoveryDocumentError)) throw error;
        rejected.push({ groupVersion, error });
        entries.push(stale);
      }
    }
    if (entries.length > 0) (name === '' ? api : apis).push(apiGroup(name, entries));
  }
  return { api, apis, rejected };
}

function versionsByGroup(
  coreVersions: APIVersions,
  groupList: APIGroupList,
  answers: ReadonlyMap<string, LegacyVersionAnswer>,
): ReadonlyMap<string, readonly string[]> {
  const listed = new Map<string, readonly string[]>([['', coreVersions.versions]]);
  for (const { name, versions, preferredVersion } of groupList.groups) {
    const names = versions.map(({ version }) => version);
    // In aggregated discovery nothing but its place tells which version is preferred.
    const preferred = names.filter((version) => version === preferredVersion?.version);
    listed.set(name, [...new Set([...(listed.get(name) ?? []), ...preferred, ...names])]);
  }
  const unlisted = new Map<string, string[]>();
  for (const [groupVersion, { kind }] of answers) {
    const slash = groupVersion.indexOf('/');
    const [name, version] = [groupVersion.slice(0, Math.max(slash, 0)), groupVersion.slice(slash + 1)];
    if (kind !== 'served' || listed.get(name)?.includes(version)) continue;
    unlisted.set(name, [...(unlisted.get(name) ?? []), version]);
  }
  for (const [name, versions] of [...unlisted].sort(([left], [right]) => (left < right ? -1 : 1))) {
    listed.set(name, insertApiVersions(listed.get(name) ?? [], versions));
  }
  return listed;
}

/**
 * Converts one resource list as kube-aggregator does: `parent/subresource` names become subresources, a parent that is
 * not listed is made up with an empty kind and its subresource's scope, and a responseKind is always there because
 * client-go 0.26.0 to 0.26.3 dereferences it unchecked.
 *
 * @throws {DiscoveryDocumentError} when a subresource's scope is not its parent's.
 */
export function aggregateResourceList(version: string, list: APIResourceList): APIVersionDiscovery {
  const resources: APIResourceDiscovery[] = [];
  for (const entry of list.resources) {
    if (entry.name.includes('/')) continue;
    resources.push(
      apiResource({
        resource: entry.name,
        responseKind: responseKind(entry),
        scope: scope(entry),
        singularResource: entry.singularName,
        verbs: entry.verbs,
        shortNames: entry.shortNames,
        categories: entry.categories,
      }),
    );
  }
  const scopes = new Map(resources.map((entry) => [entry.resource, entry.scope]));
  const subresources = new Map<string, APISubresourceDiscovery[]>();
  for (const [index, entry] of list.resources.entries()) {
    const slash = entry.name.indexOf('/');
    if (slash === -1) continue;
    const [parent, subresource] = [entry.name.slice(0, slash), entry.name.slice(slash + 1)];
    if (!scopes.has(parent)) {
      scopes.set(parent, scope(entry));
      resources.push(missingParent(parent, scope(entry)));
    } else if (scopes.get(parent) !== scope(entry)) {
      const path = `$.resources[${index}].namespaced`;
      throw new DiscoveryDocumentError(path, `${entry.namespaced}`, `the same as for ${JSON.stringify(parent)}`);
    }
    const siblings = subresources.get(parent) ?? [];
    siblings.push(apiSubresource({ subresource, responseKind: responseKind(entry), verbs: entry.verbs }));
    subresources.set(parent, siblings);
  }
  return apiVersion({
    version,
    resources: resources.map((entry) => apiResource({ ...entry, subresources: subresources.get(entry.resource) })),
    freshness: 'Current',
  });
}

function missingParent(resource: string, scope: string): APIResourceDiscovery {
  const responseKind = { group: '', version: '', kind: '' };
  return apiResource({ resource, responseKind, scope, singularResource: '', verbs: [] });
}

function responseKind({ group, version, kind }: APIResource) {
  return kind === '' ? { group: '', version: '', kind: '' } : { group, version, kind };
}

function scope({ namespaced }: APIResource): string {
  return namespaced ? 'Namespaced' : 'Cluster';
}
