import type { ServerDiscovery } from '../../discovery/server-discovery.ts';
import { discoveryOf, type Listing } from '../../discovery/testing/discovery-of.ts';
import { parseServerVersion } from '../../kubernetes/kube-version.ts';
import type { SkewServer } from '../skew-server.ts';

/** A server in a few words: its release (`1.34.4`), also its name, and what it serves. */
export function skewServer(
  release: string,
  serves: Listing | ServerDiscovery | undefined,
  overrides: Partial<SkewServer> = {},
): SkewServer {
  return {
    name: release,
    version: parseServerVersion(release),
    ready: true,
    condition: '',
    discoveryAgeSeconds: 1,
    discovery: serves === undefined ? undefined : isDiscovery(serves) ? serves : discoveryOf(serves),
    ...overrides,
  };
}

/** Hashes by resource, by group-version. */
export function hashesOf(listing: Readonly<Record<string, Readonly<Record<string, string>>>>) {
  return new Map(Object.entries(listing).map(([name, hashes]) => [name, new Map(Object.entries(hashes))]));
}

function isDiscovery(serves: Listing | ServerDiscovery): serves is ServerDiscovery {
  return 'apis' in serves && Array.isArray(serves.apis);
}
