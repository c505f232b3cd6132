/** Servers by index, ascending. */
export type ServerSet = readonly number[];

export const NO_SERVERS: ServerSet = Object.freeze([]);

/** Makes equal sets one frozen array, so that they take memory once and are compared by identity. */
export class ServerSets {
  readonly #sets = new Map<string, ServerSet>();
  readonly #ids = new Map<ServerSet, number>([[NO_SERVERS, 0]]);

  /** How many different ones there are. */
  get size(): number {
    return this.#sets.size;
  }

  /** @param servers ascending. */
  of(servers: readonly number[]): ServerSet {
    if (servers.length === 0) return NO_SERVERS;
    if (this.#ids.has(servers)) return servers;
    const key = servers.join();
    const known = this.#sets.get(key);
    if (known !== undefined) return known;
    const set = Object.freeze([...servers]);
    this.#sets.set(key, set);
    this.#ids.set(set, this.#sets.size);
    return set;
  }

  /** Of all of them together. */
  union(sets: readonly ServerSet[]): ServerSet {
    const [only = NO_SERVERS, ...others] = sets;
    if (others.length === 0) return this.of(only);
    return this.of([...new Set(sets.flat())].sort((left, right) => left - right));
  }

  /** A number that stands for a set of `of`. */
  idOf(set: ServerSet): number {
    return this.#ids.get(this.of(set)) ?? 0;
  }
}
