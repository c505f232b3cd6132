import type { ServerDiscovery } from '../discovery/server-discovery.ts';
import type { APIResourceDiscovery } from '../kubernetes/aggregated-discovery.ts';
import { type OpenAPIEntry, type OpenAPIIndex, openAPIAddress } from './openapi-index.ts';

/** One server's part in the union. */
export interface OpenAPIInput {
  /** Undefined when it was never read. */
  readonly index: OpenAPIIndex | undefined;
  /** Its OpenAPI does not answer, or not in time, whatever else it does. */
  readonly isFailing?: boolean | undefined;
  readonly discovery: ServerDiscovery | undefined;
}

/** Which servers have which document; servers by their position, ascending. */
export interface OpenAPIListing {
  /** By path below `/openapi/v3/`. */
  readonly servers: ReadonlyMap<string, readonly number[]>;
  /** Servers whose index was never read: they may have anything. */
  readonly unread: readonly number[];
  /** Servers that should not be asked if there is another. */
  readonly failing: ReadonlySet<number>;
}

/** A document that no server has whole. */
export interface MergedEntry extends OpenAPIEntry {
  /** The servers whose documents it is made of, newest first, and what each calls its own. */
  readonly parts: readonly { readonly server: number; readonly hash: string }[];
}

export interface OpenAPIUnion extends OpenAPIListing {
  /** What `/openapi/v3` says. */
  readonly index: OpenAPIIndex;
  /** The entries that are merged, by path. */
  readonly merged: ReadonlyMap<string, MergedEntry>;
}

/**
 * The union of the servers' indexes. Each path has the entry of the first server that lists it, ready or not, so that
 * replicas agree. Where other servers serve types of a group-version that this one's discovery lacks, its document would
 * contradict the merged view: the entry then stands for a document that is merged of as few servers' as needed.
 *
 * @param inputs by position, newest server first.
 * @param hash makes the hash of a merged document of a text that names its parts.
 */
export function uniteOpenAPI(inputs: readonly OpenAPIInput[], hash: (text: string) => string): OpenAPIUnion {
  const witnesses = witnessesOf(inputs);
  const servers = listingOf(witnesses);
  const union = new Map<string, OpenAPIEntry>();
  const merged = new Map<string, MergedEntry>();
  for (const path of servers.keys()) {
    const listing = witnesses.filter(({ index }) => index.has(path));
    const parts = partsOf(path, listing);
    const own = listing[0]?.index.get(path);
    if (own === undefined) continue;
    if (parts.length < 2) {
      union.set(path, own);
      continue;
    }
    const name = mergedHash(
      parts.map((part) => part.hash),
      hash,
    );
    const entry = { url: openAPIAddress(path, name), hash: name, parts };
    union.set(path, entry);
    merged.set(path, entry);
  }
  const positionsWhere = (accept: (input: OpenAPIInput) => boolean) =>
    inputs.flatMap((input, position) => (accept(input) ? [position] : []));
  const unread = positionsWhere(({ index }) => index === undefined);
  const failing = new Set(positionsWhere(({ isFailing }) => isFailing === true));
  return { servers, unread, failing, index: union, merged };
}

/** Servers with the same index and discovery, in the place of the first of them: the others have nothing to add. */
interface Witness {
  readonly index: OpenAPIIndex;
  readonly types: TypesByPath;
  readonly servers: readonly [number, ...number[]];
}

function witnessesOf(inputs: readonly OpenAPIInput[]): readonly Witness[] {
  const witnesses: Witness[] = [];
  const byIndex = new Map<OpenAPIIndex, Map<ServerDiscovery | undefined, number[]>>();
  for (const [position, { index, discovery }] of inputs.entries()) {
    if (index === undefined) continue;
    const byDiscovery = byIndex.get(index) ?? new Map<ServerDiscovery | undefined, number[]>();
    byIndex.set(index, byDiscovery);
    const same = byDiscovery.get(discovery);
    if (same !== undefined) {
      same.push(position);
      continue;
    }
    const servers: [number, ...number[]] = [position];
    byDiscovery.set(discovery, servers);
    witnesses.push({ index, types: discovery === undefined ? NO_TYPES : typesByPath(discovery), servers });
  }
  return witnesses;
}

/** Equal sets of servers are one array. */
function listingOf(witnesses: readonly Witness[]): ReadonlyMap<string, readonly number[]> {
  const having = new Map<string, number[]>();
  for (const [number, { index }] of witnesses.entries()) {
    for (const path of index.keys()) {
      const same = having.get(path);
      if (same === undefined) having.set(path, [number]);
      else same.push(number);
    }
  }
  const sets = new Map<string, readonly number[]>();
  const setOf = (numbers: readonly number[]) => {
    const key = numbers.length === witnesses.length ? 'all' : numbers.join();
    const known = sets.get(key);
    if (known !== undefined) return known;
    const servers = numbers.flatMap((number) => witnesses[number]?.servers ?? []).sort((left, right) => left - right);
    sets.set(key, servers);
    return servers;
  };
  return new Map([...having].map(([path, numbers]) => [path, setOf(numbers)]));
}

/** The hash of a document that is merged of documents with these hashes, newest first. */
export function mergedHash(parts: readonly string[], hash: (text: string) => string): string {
  return hash(`merged\n${parts.join('\n')}`);
}

/** Types by the path of the document that describes them; a subresource is a type of its own. */
type TypesByPath = ReadonlyMap<string, readonly string[]>;

const NO_TYPES: TypesByPath = new Map();
/** Discovery changes rarely, and one of hundreds of servers' at a time. */
const knownTypes = new WeakMap<ServerDiscovery, TypesByPath>();
/** Documents share what they have in common. */
const typesOfLists = new WeakMap<readonly APIResourceDiscovery[], readonly string[]>();

function typesByPath(discovery: ServerDiscovery): TypesByPath {
  const known = knownTypes.get(discovery);
  if (known !== undefined) return known;
  const types = new Map<string, readonly string[]>();
  for (const { metadata, versions = [] } of [...discovery.api, ...discovery.apis]) {
    for (const { version, resources = [] } of versions) {
      const path = metadata.name === '' ? `api/${version}` : `apis/${metadata.name}/${version}`;
      types.set(path, typesOf(resources));
    }
  }
  knownTypes.set(discovery, types);
  return types;
}

function typesOf(resources: readonly APIResourceDiscovery[]): readonly string[] {
  const known = typesOfLists.get(resources);
  if (known !== undefined) return known;
  const types = resources.flatMap(({ resource, subresources = [] }) => [
    resource,
    ...subresources.map(({ subresource }) => `${resource}/${subresource}`),
  ]);
  typesOfLists.set(resources, types);
  return types;
}

function partsOf(
  path: string,
  [leading, ...others]: readonly Witness[],
): readonly { readonly server: number; readonly hash: string }[] {
  if (leading === undefined) return [];
  const partOf = ({ index, servers: [server] }: Witness) => ({ server, hash: index.get(path)?.hash ?? '' });
  const parts = [partOf(leading)];
  const covered = new Set(leading.types.get(path));
  const seen = new Set([leading.types.get(path)]);
  for (const witness of others) {
    const types = witness.types.get(path);
    if (types === undefined || seen.has(types)) continue;
    seen.add(types);
    const adds = types.filter((type) => !covered.has(type));
    if (adds.length === 0) continue;
    for (const type of adds) covered.add(type);
    const part = partOf(witness);
    // Equal hashes are equal documents, whatever discovery says.
    if (part.hash === '' || parts.every(({ hash }) => hash !== part.hash)) parts.push(part);
  }
  return parts;
}
