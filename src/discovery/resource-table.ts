import type { APIVersionDiscovery } from '../kubernetes/aggregated-discovery.ts';
import { type Endpoint, LookupPool, type ResourceLookup, UNKNOWN } from './resource-lookup.ts';
import type { ServerDiscovery } from './server-discovery.ts';

/** Who serves what, of several servers. Immutable. A look-up allocates nothing, and servers do not add to its cost. */
export interface ResourceTable {
  /**
   * All five as in RequestInfo. The verbs of discovery decide, with three exceptions: the path prefix `proxy` asks for the
   * subresource of that name; a connection (`attach`, `exec`, `portforward`, `proxy`) takes every HTTP method, so that it
   * is listed decides; and so it does for a verb that RequestInfo leaves empty, such as that of OPTIONS.
   */
  lookup(group: string, version: string, resource: string, subresource: string, verb: string): ResourceLookup;
}

interface ResourceEntry {
  readonly self: Endpoint;
  readonly subresources: ReadonlyMap<string, Endpoint>;
  readonly otherSubresource: ResourceLookup;
}

interface VersionEntry {
  readonly resources: ReadonlyMap<string, ResourceEntry>;
  readonly otherResource: ResourceLookup;
}

const VERBS: ReadonlySet<string> = new Set([
  'get',
  'list',
  'watch',
  'create',
  'update',
  'patch',
  'delete',
  'deletecollection',
]);
const CONNECTIONS: ReadonlySet<string> = new Set(['attach', 'exec', 'portforward', 'proxy']);

/** @param inputs each server once, in any order. */
export function buildResourceTable(
  inputs: readonly { readonly server: number; readonly discovery: ServerDiscovery }[],
): ResourceTable {
  const listings = new Map<string, Map<string, Listing[]>>();
  for (const { server, discovery } of [...inputs].sort((left, right) => left.server - right.server)) {
    for (const group of [...discovery.api, ...discovery.apis]) {
      const versions = listings.get(group.metadata.name) ?? new Map<string, Listing[]>();
      listings.set(group.metadata.name, versions);
      for (const list of group.versions ?? []) {
        versions.set(list.version, [...(versions.get(list.version) ?? []), { server, list }]);
      }
    }
  }
  const pool = new LookupPool();
  const groups = mapValues(listings, (versions) => mapValues(versions, (lists) => versionEntry(pool, lists)));
  return {
    lookup(group, version, resource, subresource, verb) {
      const list = groups.get(group)?.get(version);
      if (list === undefined) return UNKNOWN;
      const entry = list.resources.get(resource);
      if (entry === undefined) return list.otherResource;
      const asked = verb === 'proxy' ? 'proxy' : subresource;
      const endpoint = asked === '' ? entry.self : entry.subresources.get(asked);
      if (endpoint === undefined) return entry.otherSubresource;
      if (!VERBS.has(verb) || CONNECTIONS.has(asked)) return endpoint.listed;
      return endpoint.verbs.get(verb) ?? endpoint.otherVerb;
    },
  };
}

/** One server's list of one group-version. */
interface Listing {
  readonly server: number;
  readonly list: APIVersionDiscovery;
}

/** Who lists a resource or subresource, and with which verbs. */
class Listed {
  readonly servers: number[] = [];
  readonly verbs = new Map<string, number[]>();

  add(server: number, verbs: readonly string[]): void {
    this.servers.push(server);
    for (const verb of verbs) {
      const servers = this.verbs.get(verb);
      if (servers === undefined) this.verbs.set(verb, [server]);
      else servers.push(server);
    }
  }
}

class ListedResource extends Listed {
  readonly subresources = new Map<string, Listed>();
}

function versionEntry(pool: LookupPool, lists: readonly Listing[]): VersionEntry {
  const resources = new Map<string, ListedResource>();
  for (const { server, list } of lists) {
    for (const entry of list.resources ?? []) {
      const resource = resources.get(entry.resource) ?? new ListedResource();
      resources.set(entry.resource, resource);
      resource.add(server, entry.verbs);
      for (const sub of entry.subresources ?? []) {
        const subresource = resource.subresources.get(sub.subresource) ?? new Listed();
        resource.subresources.set(sub.subresource, subresource);
        subresource.add(server, sub.verbs);
      }
    }
  }
  const indexes = (where: (list: APIVersionDiscovery) => boolean) =>
    lists.filter(({ list }) => where(list)).map(({ server }) => server);
  const state = {
    current: indexes((list) => list.freshness !== 'Stale'),
    silent: indexes((list) => list.freshness === 'Stale' && !list.resources?.length),
  };
  return {
    resources: mapValues(resources, ({ servers, verbs, subresources }) => ({
      self: pool.endpoint(state, servers, verbs),
      subresources: mapValues(subresources, (sub) => pool.endpoint(state, sub.servers, sub.verbs)),
      otherSubresource: pool.incapable(state, 'subresource', servers),
    })),
    otherResource: pool.unknown(state),
  };
}

function mapValues<K, V, W>(map: ReadonlyMap<K, V>, change: (value: V) => W): ReadonlyMap<K, W> {
  return new Map([...map].map(([key, value]) => [key, change(value)]));
}
