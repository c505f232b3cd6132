import { toAPIGroup, toAPIGroupList, toAPIResourceList } from '../kubernetes/aggregated-conversion.ts';
import type { APIGroupDiscovery } from '../kubernetes/aggregated-discovery.ts';
import { wireAPIGroup, wireAPIGroupList, wireAPIResourceList } from '../kubernetes/legacy-representation.ts';

/** Makes the object whose JSON is the document. */
export type UnaggregatedDocument = () => object;

/**
 * The unaggregated documents that say what aggregated discovery of a root says, by path: `/api/VERSION` of `/api`;
 * `/apis`, `/apis/GROUP` and `/apis/GROUP/VERSION` of `/apis`. `/api` is missing, because it names addresses of a server.
 *
 * A resource list cannot say that it is Stale, so that a Stale version has none, though its group names it: clients that
 * cannot read a version's list take it for unavailable, which is what Stale means to clients of the aggregated form.
 */
export function unaggregatedDocuments(
  root: '/api' | '/apis',
  groups: readonly APIGroupDiscovery[],
): ReadonlyMap<string, UnaggregatedDocument> {
  const documents = new Map<string, UnaggregatedDocument>();
  if (root === '/apis') documents.set(root, () => wireAPIGroupList(toAPIGroupList(groups)));
  for (const group of groups) {
    const { metadata, versions = [] } = group;
    const path = root === '/api' ? root : `${root}/${metadata.name}`;
    if (root === '/apis' && versions.length > 0) documents.set(path, () => wireAPIGroup(toAPIGroup(group)));
    for (const version of versions) {
      if (version.freshness === 'Stale') continue;
      documents.set(`${path}/${version.version}`, () => wireAPIResourceList(toAPIResourceList(metadata.name, version)));
    }
  }
  return documents;
}
