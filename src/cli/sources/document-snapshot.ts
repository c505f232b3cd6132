import { mergeDiscovery } from '../../discovery/merge.ts';
import { publishDiscovery } from '../../discovery/published-discovery.ts';
import { resourceTableOf } from '../../discovery/resource-table.ts';
import { servedGroups } from '../../discovery/served-groups.ts';
import { compareServerVersions } from '../../kubernetes/kube-version.ts';
import { uniteOpenAPI } from '../../openapi/openapi-union.ts';
import type { ProxySnapshot } from '../../proxy/proxy-snapshot.ts';
import { groupIndexOf } from '../../routing/group-index.ts';
import type { RoutableServer, RoutingSnapshot } from '../../routing/snapshot.ts';
import type { DocumentServer } from './document-server.ts';

/** What a gateway in front of the servers would route by, if all of them were ready and it had read them just now. */
export type DocumentSnapshot = RoutingSnapshot & Pick<ProxySnapshot, 'published' | 'publishedOpenAPI'>;

/** @param servers newest first. */
export async function documentSnapshot(servers: readonly DocumentServer[]): Promise<DocumentSnapshot> {
  const served = servedGroups(servers.map(({ discovery }, server) => ({ server, discovery })));
  let ageRank = 0;
  const routable = servers.map(({ name, version }, position): RoutableServer => {
    const newer = servers[position - 1]?.version;
    const isAsOld = version === newer || (version && newer && compareServerVersions(version, newer) === 0);
    if (position > 0 && !isAsOld) ageRank++;
    return { name, version, ageRank, ready: true, condition: '', known: true, readAt: 0, readable: true };
  });
  return {
    generation: 1,
    servers: routable,
    positions: new Map(servers.map(({ name }, position) => [name, position])),
    table: resourceTableOf(served),
    groups: groupIndexOf(served),
    openapi: uniteOpenAPI(
      servers.map(({ discovery }) => ({ index: undefined, discovery })),
      String,
    ),
    local: undefined,
    view: 'merged',
    confirmedAt: 0,
    incompleteUntil: 0,
    published: await publishDiscovery(mergeDocuments(servers)),
    publishedOpenAPI: undefined,
  };
}

/** The merged view that a proxy in front of the servers would publish. */
export function mergeDocuments(servers: readonly DocumentServer[]) {
  return mergeDiscovery(
    servers.map(({ name, version, discovery }) => ({ server: name, version, ready: true, fresh: true, discovery })),
  );
}
