import type { ServerDiscovery } from '../discovery/server-discovery.ts';
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
  const servers = new Map<string, number[]>();
  for (const [position, { index }] of inputs.entries()) {
    for (const path of index?.keys() ?? []) {
      const listing = servers.get(path);
      if (listing === undefined) servers.set(path, [position]);
      else listing.push(position);
    }
  }
  const types = inputs.map(({ discovery }) => discovery && typesByPath(discovery));
  const union = new Map<string, OpenAPIEntry>();
  const merged = new Map<string, MergedEntry>();
  for (const [path, listing] of servers) {
    const parts = partsOf(path, listing, inputs, types);
    const [leading] = listing;
    const own = leading === undefined ? undefined : inputs[leading]?.index?.get(path);
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

/** The hash of a document that is merged of documents with these hashes, newest first. */
export function mergedHash(parts: readonly string[], hash: (text: string) => string): string {
  return hash(`merged\n${parts.join('\n')}`);
}

/** Types by the path of the document that describes them; a subresource is a type of its own. */
type TypesByPath = ReadonlyMap<string, readonly string[]>;

function typesByPath({ api, apis }: ServerDiscovery): TypesByPath {
  const types = new Map<string, readonly string[]>();
  for (const { metadata, versions = [] } of [...api, ...apis]) {
    for (const { version, resources = [] } of versions) {
      const path = metadata.name === '' ? `api/${version}` : `apis/${metadata.name}/${version}`;
      types.set(
        path,
        resources.flatMap(({ resource, subresources = [] }) => [
          resource,
          ...subresources.map(({ subresource }) => `${resource}/${subresource}`),
        ]),
      );
    }
  }
  return types;
}

function partsOf(
  path: string,
  [leading, ...others]: readonly number[],
  inputs: readonly OpenAPIInput[],
  types: readonly (TypesByPath | undefined)[],
): readonly { readonly server: number; readonly hash: string }[] {
  if (leading === undefined) return [];
  const hashOf = (server: number) => inputs[server]?.index?.get(path)?.hash ?? '';
  const typesOf = (server: number) => types[server]?.get(path) ?? [];
  const parts = [{ server: leading, hash: hashOf(leading) }];
  const covered = new Set(typesOf(leading));
  for (const server of others) {
    const adds = typesOf(server).filter((type) => !covered.has(type));
    if (adds.length === 0) continue;
    for (const type of adds) covered.add(type);
    const hash = hashOf(server);
    // Equal hashes are equal documents, whatever discovery says.
    if (hash === '' || parts.every((part) => part.hash !== hash)) parts.push({ server, hash });
  }
  return parts;
}
