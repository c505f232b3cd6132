/** Servers by index, ascending. In one table equal sets are one array. */
export type ServerSet = readonly number[];

/**
 * What the servers' discovery says about a request.
 *
 * `maybe` are servers that list the group-version as Stale and without resources: their extension API server was down
 * when they were asked, so nothing follows from what they do not list. It is empty when a server whose list is Current is
 * capable.
 */
export type ResourceLookup =
  /** No server lists the resource under this group and version. */
  | { readonly kind: 'unknown'; readonly maybe: ServerSet }
  /** The servers in `having` list the resource (`lacks: 'subresource'`), or also the subresource (`lacks: 'verb'`). */
  | {
      readonly kind: 'incapable';
      readonly lacks: 'subresource' | 'verb';
      readonly having: ServerSet;
      readonly maybe: ServerSet;
    }
  | { readonly kind: 'capable'; readonly servers: ServerSet; readonly maybe: ServerSet };

const NO_SERVERS: ServerSet = Object.freeze([]);

/** The answer for a group-version that no server lists. */
export const UNKNOWN: ResourceLookup = Object.freeze({ kind: 'unknown', maybe: NO_SERVERS });

/** What can be asked of one resource or subresource, with the answers. */
export interface Endpoint {
  /** When it only matters that it is listed. */
  readonly listed: ResourceLookup;
  readonly verbs: ReadonlyMap<string, ResourceLookup>;
  readonly otherVerb: ResourceLookup;
}

/** Which servers list a group-version as Current, and which as Stale and without resources. */
interface GroupVersionState {
  readonly current: readonly number[];
  readonly silent: readonly number[];
}

/** Makes the answers of one table, each distinct one once: thousands of custom resources share a handful. */
export class LookupPool {
  readonly #sets = new Map<string, ServerSet>();
  readonly #lookups = new Map<string, ResourceLookup>();
  readonly #endpoints = new Map<string, Endpoint>();

  unknown(state: GroupVersionState): ResourceLookup {
    return this.#share({ kind: 'unknown', maybe: this.#set(state.silent) });
  }

  incapable(state: GroupVersionState, lacks: 'subresource' | 'verb', having: readonly number[]): ResourceLookup {
    return this.#share({ kind: 'incapable', lacks, having: this.#set(having), maybe: this.#set(state.silent) });
  }

  capable(state: GroupVersionState, servers: readonly number[]): ResourceLookup {
    const certain = servers.some((server) => state.current.includes(server));
    return this.#share({
      kind: 'capable',
      servers: this.#set(servers),
      maybe: certain ? NO_SERVERS : this.#set(state.silent),
    });
  }

  endpoint(
    state: GroupVersionState,
    servers: readonly number[],
    verbs: ReadonlyMap<string, readonly number[]>,
  ): Endpoint {
    const key = JSON.stringify([state, servers, [...verbs]]);
    const known = this.#endpoints.get(key);
    if (known !== undefined) return known;
    const endpoint = {
      listed: this.capable(state, servers),
      verbs: new Map([...verbs].map(([verb, having]) => [verb, this.capable(state, having)])),
      otherVerb: this.incapable(state, 'verb', servers),
    };
    this.#endpoints.set(key, endpoint);
    return endpoint;
  }

  #set(servers: readonly number[]): ServerSet {
    if (servers.length === 0) return NO_SERVERS;
    return getOrAdd(this.#sets, servers.join(), () => Object.freeze([...servers]));
  }

  #share(lookup: ResourceLookup): ResourceLookup {
    return getOrAdd(this.#lookups, JSON.stringify(lookup), () => Object.freeze(lookup));
  }
}

function getOrAdd<K, V>(map: Map<K, V>, key: K, make: () => V): V {
  const known = map.get(key);
  if (known !== undefined) return known;
  const made = make();
  map.set(key, made);
  return made;
}
