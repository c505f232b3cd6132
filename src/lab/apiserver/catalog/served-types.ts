import type { APIGroupDiscovery, APIResourceDiscovery } from '../../../kubernetes/aggregated-discovery.ts';
import type { GroupVersionResource } from '../../api-object.ts';
import type { CustomType, ServedSubresource, ServedType } from '../served-type.ts';

/** What a CustomResourceDefinition adds to what discovery says of its type. */
export type CustomTypeOf = (type: GroupVersionResource) => CustomType | undefined;

/** The types that a discovery document lists, in its order. Parents that only hold subresources are left out. */
export function servedTypes(
  groups: readonly APIGroupDiscovery[],
  customTypeOf: CustomTypeOf = () => undefined,
): readonly ServedType[] {
  return groups.flatMap(({ metadata: { name: group }, versions = [] }) =>
    versions.flatMap(({ version, resources = [] }) =>
      resources
        .filter(({ responseKind }) => responseKind !== undefined && responseKind.kind !== '')
        .map((entry) => servedType({ group, version, resource: entry.resource }, entry, customTypeOf)),
    ),
  );
}

function servedType(
  type: GroupVersionResource,
  { responseKind, scope, singularResource, verbs, shortNames, categories, subresources }: APIResourceDiscovery,
  customTypeOf: CustomTypeOf,
): ServedType {
  const kind = responseKind?.kind ?? '';
  return {
    ...type,
    kind,
    listKind: `${kind}List`,
    singular: singularResource,
    namespaced: scope === 'Namespaced',
    verbs,
    shortNames: shortNames ?? [],
    categories: categories ?? [],
    subresources: new Map(
      (subresources ?? []).map((entry): [string, ServedSubresource] => [
        entry.subresource,
        {
          // Empty group and version of a responseKind stand for those the entry is listed under.
          group: entry.responseKind?.version ? entry.responseKind.group : type.group,
          version: entry.responseKind?.version || type.version,
          kind: entry.responseKind?.kind ?? '',
          verbs: entry.verbs,
        },
      ]),
    ),
    custom: customTypeOf(type),
  };
}
