import { NO_SERVERS, type ServerSet, type ServerSets } from './server-sets.ts';

/**
 * What the servers' discovery says about a request. In one table equal sets of servers are one array.
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
export interface GroupVersionState {
  readonly current: ServerSet;
  readonly silent: ServerSet;
}

/** Servers that list one resource or subresource with the same verbs. */
export interface Holders {
  readonly servers: ServerSet;
  readonly verbs: readonly string[];
}

/** Makes the answers of one table, each distinct one once: thousands of custom resources share a handful. */
export class LookupPool {
  readonly #sets: ServerSets;
  readonly #lookups = new Map<string, ResourceLookup>();
  readonly #endpoints = new Map<string, Endpoint>();

  /** All sets are of `sets`. */
  constructor(sets: ServerSets) {
    this.#sets = sets;
  }

  union(sets: readonly ServerSet[]): ServerSet {
    return this.#sets.union(sets);
  }

  unknown({ silent }: GroupVersionState): ResourceLookup {
    return this.#share(`u ${this.#sets.idOf(silent)}`, () => ({ kind: 'unknown', maybe: silent }));
  }

  incapable({ silent }: GroupVersionState, lacks: 'subresource' | 'verb', having: ServerSet): ResourceLookup {
    const key = `i ${lacks} ${this.#sets.idOf(having)} ${this.#sets.idOf(silent)}`;
    return this.#share(key, () => ({ kind: 'incapable', lacks, having, maybe: silent }));
  }

  /** @param holders of one resource or subresource, each server once. */
  endpoint(state: GroupVersionState, holders: readonly Holders[]): Endpoint {
    const held = holders.map(({ servers, verbs }) => `${this.#sets.idOf(servers)}:${verbs.join()}`);
    const key = `${this.#sets.idOf(state.current)} ${this.#sets.idOf(state.silent)} ${held.join(' ')}`;
    return getOrAdd(this.#endpoints, key, () => this.#endpoint(state, holders));
  }

  #endpoint(state: GroupVersionState, holders: readonly Holders[]): Endpoint {
    const byVerb = new Map<string, ServerSet[]>();
    for (const { servers, verbs } of holders) {
      for (const verb of new Set(verbs)) {
        const having = byVerb.get(verb);
        if (having === undefined) byVerb.set(verb, [servers]);
        else having.push(servers);
      }
    }
    const everybody = this.#sets.union(holders.map(({ servers }) => servers));
    return {
      listed: this.#capable(state, everybody),
      verbs: new Map([...byVerb].map(([verb, having]) => [verb, this.#capable(state, this.#sets.union(having))])),
      otherVerb: this.incapable(state, 'verb', everybody),
    };
  }

  #capable({ current, silent }: GroupVersionState, servers: ServerSet): ResourceLookup {
    const isCertain = silent.length === 0 || servers.some((server) => current.includes(server));
    const maybe = isCertain ? NO_SERVERS : silent;
    const key = `c ${this.#sets.idOf(servers)} ${this.#sets.idOf(maybe)}`;
    return this.#share(key, () => ({ kind: 'capable', servers, maybe }));
  }

  #share(key: string, make: () => ResourceLookup): ResourceLookup {
    return getOrAdd(this.#lookups, key, () => Object.freeze(make()));
  }
}

function getOrAdd<K, V>(map: Map<K, V>, key: K, make: () => V): V {
  const known = map.get(key);
  if (known !== undefined) return known;
  const made = make();
  map.set(key, made);
  return made;
}
