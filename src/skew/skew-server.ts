import type { ServerDiscovery } from '../discovery/server-discovery.ts';
import { compareServerVersions, type ServerVersion, versionText } from '../kubernetes/kube-version.ts';

/** One server of a comparison. */
export interface SkewServer {
  /** Unique among the servers. */
  readonly name: string;
  /** Undefined when it has not told. */
  readonly version: ServerVersion | undefined;
  readonly ready: boolean;
  /** Why it is not ready, or why nothing is known of it; '' otherwise. */
  readonly condition: string;
  readonly discoveryAgeSeconds: number | undefined;
  /** Its own; undefined when it was never read. */
  readonly discovery: ServerDiscovery | undefined;
  /** Groups that it says something about; absent: all. A recorded release cannot tell which custom types a cluster has. */
  readonly isAbout?: ((group: string) => boolean) | undefined;
  /** Absent: it was not asked. */
  readonly storage?: StorageVersions | undefined;
}

/** What a server says of how it writes objects (`storageVersionHash` of the unaggregated resource lists). */
export interface StorageVersions {
  /** By group-version (`apps/v1`, core `v1`) and resource; '' for a resource that is not stored. Lists that could not be read are not there. */
  readonly hashes: ReadonlyMap<string, ReadonlyMap<string, string>>;
  /** Why lists are missing, the first reason; '' when none is. */
  readonly problem: string;
}

/** Newest version first, servers that have not told theirs last; ties by name. */
export function inSkewOrder<Server extends Pick<SkewServer, 'name' | 'version'>>(servers: readonly Server[]): Server[] {
  return servers.toSorted((left, right) => byAge(left, right) || (left.name < right.name ? -1 : 1));
}

function byAge(
  { version: left }: Pick<SkewServer, 'version'>,
  { version: right }: Pick<SkewServer, 'version'>,
): number {
  if (left === undefined || right === undefined) return Number(left === undefined) - Number(right === undefined);
  return compareServerVersions(right, left);
}

/** `new (1.37.2) and old (1.34.4)`; a server that is called as its version is not called twice. */
export function serversText(servers: readonly Pick<SkewServer, 'name' | 'version'>[]): string {
  const names = servers.map(({ name, version }) =>
    version === undefined || versionText(version) === name ? name : `${name} (${versionText(version)})`,
  );
  return names.length < 2 ? (names[0] ?? 'no server') : `${names.slice(0, -1).join(', ')} and ${names.at(-1)}`;
}
