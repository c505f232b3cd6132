import { createHash } from 'node:crypto';
import type { ServerDiscovery } from '../discovery/server-discovery.ts';

/**
 * What native servers keep of a peer's discovery and route by: group, version and resource. Equal strings for equal sets.
 * Groups of custom resources are left out, because natives take those from no peer, and they come and go at any time.
 */
export function servedTypes({ api, apis }: ServerDiscovery): string {
  const types = [...api, ...apis]
    .filter(({ metadata: { name } }) => isBuiltIn(name))
    .flatMap(({ metadata: { name }, versions = [] }) =>
      versions.flatMap(({ version, resources = [] }) =>
        resources.map(({ resource }) => `${name}/${version}/${resource}`),
      ),
    );
  return createHash('sha256').update(types.sort().join('\n')).digest('base64');
}

/** Kubernetes' own groups have no dot or end so; custom ones may as well, which costs a reading too many. */
function isBuiltIn(group: string): boolean {
  return !group.includes('.') || group.endsWith('.k8s.io');
}
