import {
  type APIGroupDiscovery,
  type APIResourceDiscovery,
  type APIVersionDiscovery,
  apiGroup,
  apiResource,
  apiVersion,
} from '../../../kubernetes/aggregated-discovery.ts';
import { compareApiVersions, insertApiVersions } from '../../../kubernetes/kube-version.ts';
import type { GroupVersionResource } from '../../api-object.ts';
import type { CustomType } from '../served-type.ts';
import type { CustomResourceDefinition, CustomResourceVersion } from './custom-resource-definition.ts';

/** In this order, which is not alphabetical, kube-apiserver lists them. */
const VERBS = ['delete', 'deletecollection', 'get', 'list', 'patch', 'create', 'update', 'watch'];
const VERBS_WHILE_TERMINATING = ['delete', 'deletecollection', 'get', 'list', 'watch'];
const SUBRESOURCE_VERBS = ['get', 'patch', 'update'];

/**
 * `groups` of `/apis` with what the definitions add, as a kube-apiserver lists it: new groups last and by name, versions
 * by Kubernetes version order, resources by name. Where both have a resource, the definition's counts.
 */
export function withCustomGroups(
  groups: readonly APIGroupDiscovery[],
  definitions: Iterable<CustomResourceDefinition>,
): readonly APIGroupDiscovery[] {
  const added = customVersions(definitions);
  const known = groups.map((group) => {
    const versions = added.get(group.metadata.name);
    added.delete(group.metadata.name);
    return versions === undefined ? group : withVersions(group, versions);
  });
  const fresh = [...added].sort(([left], [right]) => (left < right ? -1 : 1));
  return [...known, ...fresh.map(([name, versions]) => withVersions(apiGroup(name, []), versions))];
}

/** What a definition adds to what discovery says of its type; undefined when this version is not served. */
export function customType(
  definition: CustomResourceDefinition,
  { group, version, resource }: GroupVersionResource,
): CustomType | undefined {
  if (definition.group !== group || definition.names.plural !== resource) return undefined;
  const entry = definition.versions.find(({ name, served }) => served && name === version);
  if (entry === undefined) return undefined;
  return {
    definition: definition.name,
    schema: entry.schema,
    printerColumns: entry.printerColumns,
    scale: scalePaths(entry),
    terminating: definition.terminating,
  };
}

type Resources = Map<string, APIResourceDiscovery>;

/** Group → version → resources by name. */
function customVersions(definitions: Iterable<CustomResourceDefinition>): Map<string, Map<string, Resources>> {
  const groups = new Map<string, Map<string, Resources>>();
  for (const definition of definitions) {
    for (const version of definition.versions) {
      if (!version.served) continue;
      const versions = groups.get(definition.group) ?? new Map<string, Resources>();
      const resources: Resources = versions.get(version.name) ?? new Map();
      resources.set(definition.names.plural, customResource(definition, version));
      versions.set(version.name, resources);
      groups.set(definition.group, versions);
    }
  }
  return groups;
}

function withVersions(group: APIGroupDiscovery, added: ReadonlyMap<string, Resources>): APIGroupDiscovery {
  const known = new Map((group.versions ?? []).map((version) => [version.version, version]));
  const names =
    known.size === 0
      ? [...added.keys()].sort(compareApiVersions)
      : insertApiVersions(
          [...known.keys()],
          [...added.keys()].filter((name) => !known.has(name)),
        );
  return apiGroup(
    group.metadata.name,
    names.map((version) => withResources(version, known.get(version), added.get(version))),
  );
}

function withResources(
  version: string,
  known: APIVersionDiscovery | undefined,
  added: Resources | undefined,
): APIVersionDiscovery {
  if (added === undefined && known !== undefined) return known;
  const resources: Resources = new Map((known?.resources ?? []).map((entry) => [entry.resource, entry]));
  for (const name of [...(added?.keys() ?? [])].sort()) {
    const entry = added?.get(name);
    if (entry !== undefined) resources.set(name, entry);
  }
  return apiVersion({ version, resources: [...resources.values()], freshness: 'Current' });
}

function customResource(definition: CustomResourceDefinition, version: CustomResourceVersion): APIResourceDiscovery {
  const { group, names, namespaced, terminating } = definition;
  const responseKind = { group, version: version.name, kind: names.kind };
  const scale = { group: 'autoscaling', version: 'v1', kind: 'Scale' };
  return apiResource({
    resource: names.plural,
    responseKind,
    scope: namespaced ? 'Namespaced' : 'Cluster',
    singularResource: names.singular,
    verbs: terminating ? VERBS_WHILE_TERMINATING : VERBS,
    shortNames: names.shortNames,
    categories: names.categories,
    subresources: [
      ...(version.hasStatus ? [{ subresource: 'status', responseKind, verbs: SUBRESOURCE_VERBS }] : []),
      ...(version.scale ? [{ subresource: 'scale', responseKind: scale, verbs: SUBRESOURCE_VERBS }] : []),
    ],
  });
}

function scalePaths({ scale }: CustomResourceVersion): CustomType['scale'] {
  if (scale === undefined) return undefined;
  const path = (field: string) => (typeof scale[field] === 'string' ? scale[field] : '');
  return {
    specReplicasPath: path('specReplicasPath'),
    statusReplicasPath: path('statusReplicasPath'),
    labelSelectorPath: path('labelSelectorPath') || undefined,
  };
}
