/** A piece of discovery and the server that says it. Lists of these go from the newest server to the oldest. */
export interface Held<T> {
  readonly server: string;
  /** Whether the server is ready and the piece fresh, so that Current in it can be believed. */
  readonly vouched: boolean;
  readonly value: T;
}

export type HeldByServers<T> = readonly [Held<T>, ...Held<T>[]];

/** Maps what every server says: the same servers, another value. */
export function pick<T, U>(held: readonly Held<T>[], value: (item: T) => U): readonly Held<U>[] {
  return held.map((entry) => ({ ...entry, value: value(entry.value) }));
}

/** Merges the servers' lists entry by entry, in the order that `order` makes of the lists of names. */
export function mergeByName<T>(
  lists: readonly Held<readonly T[]>[],
  nameOf: (item: T) => string,
  order: (names: readonly (readonly string[])[]) => readonly string[],
  merge: (name: string, held: HeldByServers<T>) => T,
): readonly T[] {
  const byName = new Map<string, [Held<T>, ...Held<T>[]]>();
  for (const { server, vouched, value: items } of lists) {
    for (const value of items) {
      const same = byName.get(nameOf(value));
      if (same === undefined) byName.set(nameOf(value), [{ server, vouched, value }]);
      else same.push({ server, vouched, value });
    }
  }
  return order(lists.map(({ value }) => value.map(nameOf))).flatMap((name) => {
    const held = byName.get(name);
    return held === undefined ? [] : [merge(name, held)];
  });
}
