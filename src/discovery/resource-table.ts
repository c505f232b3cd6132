import type { APIVersionDiscovery } from '../kubernetes/aggregated-discovery.ts';
import { type Endpoint, type Holders, LookupPool, type ResourceLookup, UNKNOWN } from './resource-lookup.ts';
import { type ServedDocument, type ServedGroup, type ServedGroups, servedGroups } from './served-groups.ts';
import { NO_SERVERS, type ServerSet, type ServerSets } from './server-sets.ts';

/** Who serves what, of several servers. Immutable. A look-up allocates nothing, and servers do not add to its cost. */
export interface ResourceTable {
  /**
   * All five as in RequestInfo. The verbs of discovery decide, with three exceptions: the path prefix `proxy` asks for the
   * subresource of that name; a connection (`attach`, `exec`, `portforward`, `proxy`) takes every HTTP method, so that it
   * is listed decides; and so it does for a verb that RequestInfo leaves empty, such as that of OPTIONS.
   */
  lookup(group: string, version: string, resource: string, subresource: string, verb: string): ResourceLookup;
  /** `Namespaced` or `Cluster`; undefined where nobody lists the resource, or servers differ. */
  scope(group: string, version: string, resource: string): string | undefined;
}

interface ResourceEntry {
  readonly scope: string | undefined;
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

/** The answers of the tables that share their sets of servers. */
const pools = new WeakMap<ServerSets, LookupPool>();
/** What was made of a group. Tables that follow each other share the groups that did not change. */
const madeOf = new WeakMap<ServedGroup, GroupEntry>();

/** @param inputs each server once, in any order. */
export function buildResourceTable(inputs: readonly ServedDocument[]): ResourceTable {
  return resourceTableOf(servedGroups(inputs));
}

/** A group is made ready when somebody asks for it first, which takes microseconds: many are never asked for. */
export function resourceTableOf({ groups, sets }: ServedGroups): ResourceTable {
  const pool = pools.get(sets) ?? new LookupPool(sets);
  pools.set(sets, pool);
  const entries = new Map([...groups].map(([name, served]) => [name, entryOf(served, pool)]));
  return {
    lookup(group, version, resource, subresource, verb) {
      const list = entries.get(group)?.version(version);
      if (list === undefined) return UNKNOWN;
      const entry = list.resources.get(resource);
      if (entry === undefined) return list.otherResource;
      const asked = verb === 'proxy' ? 'proxy' : subresource;
      const endpoint = asked === '' ? entry.self : entry.subresources.get(asked);
      if (endpoint === undefined) return entry.otherSubresource;
      if (!VERBS.has(verb) || CONNECTIONS.has(asked)) return endpoint.listed;
      return endpoint.verbs.get(verb) ?? endpoint.otherVerb;
    },
    scope: (group, version, resource) => entries.get(group)?.version(version)?.resources.get(resource)?.scope,
  };
}

function entryOf(served: ServedGroup, pool: LookupPool): GroupEntry {
  const known = madeOf.get(served);
  if (known !== undefined) return known;
  const entry = new GroupEntry(served, pool);
  madeOf.set(served, entry);
  return entry;
}

class GroupEntry {
  readonly #served: ServedGroup;
  readonly #pool: LookupPool;
  #versions: ReadonlyMap<string, VersionEntry> | undefined;

  constructor(served: ServedGroup, pool: LookupPool) {
    this.#served = served;
    this.#pool = pool;
  }

  version(name: string): VersionEntry | undefined {
    this.#versions ??= this.#made();
    return this.#versions.get(name);
  }

  #made(): ReadonlyMap<string, VersionEntry> {
    const listings = new Map<string, Listing[]>();
    for (const { servers, group } of this.#served) {
      for (const list of group.versions ?? []) {
        const same = listings.get(list.version);
        if (same === undefined) listings.set(list.version, [{ servers, list }]);
        else same.push({ servers, list });
      }
    }
    return mapValues(listings, (lists) => versionEntry(this.#pool, lists));
  }
}

/** One description of one group-version, and who has it. */
interface Listing {
  readonly servers: ServerSet;
  readonly list: APIVersionDiscovery;
}

/** Who lists a resource or subresource, by number of the listing, and with which verbs. */
class Listed {
  readonly listings: number[] = [];
  readonly byVerbs: { readonly verbs: readonly string[]; readonly listings: number[] }[] = [];

  add(listing: number, verbs: readonly string[]): void {
    this.listings.push(listing);
    const same = this.byVerbs.find((entry) => isEqual(entry.verbs, verbs));
    if (same === undefined) this.byVerbs.push({ verbs, listings: [listing] });
    else same.listings.push(listing);
  }
}

class ListedResource extends Listed {
  readonly subresources = new Map<string, Listed>();
  readonly scopes = new Set<string>();
}

function versionEntry(pool: LookupPool, lists: readonly Listing[]): VersionEntry {
  const resources = new Map<string, ListedResource>();
  for (const [number, { list }] of lists.entries()) {
    for (const entry of list.resources ?? []) {
      const resource = resources.get(entry.resource) ?? new ListedResource();
      resources.set(entry.resource, resource);
      resource.add(number, entry.verbs);
      resource.scopes.add(entry.scope);
      for (const sub of entry.subresources ?? []) {
        const subresource = resource.subresources.get(sub.subresource) ?? new Listed();
        resource.subresources.set(sub.subresource, subresource);
        subresource.add(number, sub.verbs);
      }
    }
  }
  const everybody = pool.union(lists.map(({ servers }) => servers));
  const serversOf = (listings: readonly number[]) =>
    listings.length === lists.length
      ? everybody
      : pool.union(listings.map((number) => lists[number]?.servers ?? NO_SERVERS));
  const holdersOf = ({ byVerbs }: Listed): Holders[] =>
    byVerbs.map(({ verbs, listings }) => ({ servers: serversOf(listings), verbs }));
  const serversWhere = (accept: (list: APIVersionDiscovery) => boolean) =>
    pool.union(lists.filter(({ list }) => accept(list)).map(({ servers }) => servers));
  const state = {
    current: serversWhere((list) => list.freshness !== 'Stale'),
    silent: serversWhere((list) => list.freshness === 'Stale' && !list.resources?.length),
  };
  return {
    resources: mapValues(resources, (resource) => ({
      scope: resource.scopes.size === 1 ? [...resource.scopes][0] : undefined,
      self: pool.endpoint(state, holdersOf(resource)),
      subresources: mapValues(resource.subresources, (sub) => pool.endpoint(state, holdersOf(sub))),
      otherSubresource: pool.incapable(state, 'subresource', serversOf(resource.listings)),
    })),
    otherResource: pool.unknown(state),
  };
}

function isEqual(one: readonly string[], other: readonly string[]): boolean {
  return one === other || (one.length === other.length && one.every((text, i) => text === other[i]));
}

function mapValues<K, V, W>(map: ReadonlyMap<K, V>, change: (value: V) => W): ReadonlyMap<K, W> {
  return new Map([...map].map(([key, value]) => [key, change(value)]));
}
