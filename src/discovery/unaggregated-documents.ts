import { toAPIGroup, toAPIGroupList, toAPIResourceList, toAPIVersions } from '../kubernetes/aggregated-conversion.ts';
import type { APIGroupDiscovery } from '../kubernetes/aggregated-discovery.ts';
import {
  wireAPIGroup,
  wireAPIGroupList,
  wireAPIResourceList,
  wireAPIVersions,
} from '../kubernetes/legacy-representation.ts';

/** Makes the object whose JSON is the document. */
export type UnaggregatedDocument = () => object;

/**
 * Unaggregated `/api`. It names addresses at which clients find the API; ours is the one under which the client asked, the
 * Host field (`authority`), so that who follows it comes here again and every replica gives the same answer.
 */
export function apiVersionsDocument(
  api: readonly APIGroupDiscovery[],
  authority: string | undefined,
): UnaggregatedDocument {
  const addresses = authority === undefined ? [] : [{ clientCIDR: '0.0.0.0/0', serverAddress: authority }];
  return () => wireAPIVersions(toAPIVersions(api, addresses));
}

/**
 * The unaggregated documents that say what aggregated discovery of a root says, by path: `/api/VERSION` of `/api`;
 * `/apis`, `/apis/GROUP` and `/apis/GROUP/VERSION` of `/apis`. For `/api` itself see `apiVersionsDocument`.
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
