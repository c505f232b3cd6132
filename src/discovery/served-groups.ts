import type { APIGroupDiscovery } from '../kubernetes/aggregated-discovery.ts';
import type { ServerDiscovery } from './server-discovery.ts';
import { type ServerSet, ServerSets } from './server-sets.ts';

/** What one server serves, and its index. */
export interface ServedDocument {
  readonly server: number;
  readonly discovery: ServerDiscovery;
}

/** One group as all its servers describe it: each description once, with those who share it. */
export type ServedGroup = readonly { readonly servers: ServerSet; readonly group: APIGroupDiscovery }[];

/**
 * The groups of several servers by name. Servers of one version have equal documents, so that this, and what is made of it,
 * grows with the number of different documents and not with the number of servers.
 */
export interface ServedGroups {
  /** The core group is ''. */
  readonly groups: ReadonlyMap<string, ServedGroup>;
  readonly sets: ServerSets;
}

/** So many different sets of servers are kept for later tables, which hardly need more than a few. */
const MOST_SETS = 2_000;

/**
 * @param inputs each server once, in any order. Documents and groups are told apart by identity.
 * @param previous those of before: a group that did not change is taken over as the same object.
 */
export function servedGroups(inputs: readonly ServedDocument[], previous?: ServedGroups): ServedGroups {
  const before = previous !== undefined && previous.sets.size < MOST_SETS ? previous : undefined;
  const sets = before?.sets ?? new ServerSets();
  const documents = serversByDocument(inputs);
  const everybody = sets.of([...documents.values()].flat().sort(ascending));
  const named = new Map<string, Map<APIGroupDiscovery, ServerSet[]>>();
  for (const [{ api, apis }, servers] of documents) {
    for (const groups of [api, apis]) {
      for (const group of groups) {
        const name = group.metadata.name;
        const descriptions = named.get(name) ?? new Map<APIGroupDiscovery, ServerSet[]>();
        named.set(name, descriptions);
        const sharing = descriptions.get(group);
        if (sharing === undefined) descriptions.set(group, [servers]);
        else sharing.push(servers);
      }
    }
  }
  const groups = new Map<string, ServedGroup>();
  for (const [name, descriptions] of named) {
    const served = [...descriptions].map(([group, sharing]) => ({
      servers: sharing.length === documents.size ? everybody : sets.union(sharing),
      group,
    }));
    const known = before?.groups.get(name);
    groups.set(name, known !== undefined && isSame(known, served) ? known : served);
  }
  return { groups, sets };
}

function serversByDocument(inputs: readonly ServedDocument[]): ReadonlyMap<ServerDiscovery, number[]> {
  const documents = new Map<ServerDiscovery, number[]>();
  for (const { server, discovery } of inputs) {
    const servers = documents.get(discovery);
    if (servers === undefined) documents.set(discovery, [server]);
    else servers.push(server);
  }
  for (const servers of documents.values()) servers.sort(ascending);
  return documents;
}

function isSame(one: ServedGroup, other: ServedGroup): boolean {
  return (
    one.length === other.length &&
    one.every(({ servers, group }, i) => other[i]?.group === group && other[i]?.servers === servers)
  );
}

function ascending(left: number, right: number): number {
  return left - right;
}
