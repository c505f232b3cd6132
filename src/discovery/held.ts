/** Those who say the same, newest first. */
export interface Holder {
  readonly server: string;
  /** Smaller for newer servers. */
  readonly rank: number;
}

/** A piece of discovery and the servers that say it. Lists of these go from the newest server to the oldest. */
export interface Held<T> {
  readonly holders: readonly Holder[];
  /** Whether one of them is ready and its piece fresh, so that Current in it can be believed. */
  readonly vouched: boolean;
  readonly value: T;
}

export type HeldByServers<T> = readonly [Held<T>, ...Held<T>[]];

/**
 * What several servers say with one and the same object, once, in the place of the newest of them. The merge of hundreds of
 * servers thereby takes as long as that of their different documents.
 */
export function distinct<T>(held: readonly Held<T>[]): readonly Held<T>[] {
  const byValue = new Map<T, Held<T>[]>();
  for (const entry of held) {
    const same = byValue.get(entry.value);
    if (same === undefined) byValue.set(entry.value, [entry]);
    else same.push(entry);
  }
  if (byValue.size === held.length) return held;
  return [...byValue].map(([value, same]) => ({
    holders: same.flatMap(({ holders }) => holders).sort((left, right) => left.rank - right.rank),
    vouched: same.some(({ vouched }) => vouched),
    value,
  }));
}

/** Maps what every server says: the same servers, another value. */
export function pick<T, U>(held: readonly Held<T>[], value: (item: T) => U): readonly Held<U>[] {
  return held.map((entry) => ({ ...entry, value: value(entry.value) }));
}

/** Merges the servers' lists entry by entry, in the order that `order` makes of the lists of names. */
export function mergeByName<T, U = T>(
  lists: readonly Held<readonly T[]>[],
  nameOf: (item: T) => string,
  order: (names: readonly (readonly string[])[]) => readonly string[],
  merge: (name: string, held: HeldByServers<T>) => U,
): readonly U[] {
  const byName = new Map<string, [Held<T>, ...Held<T>[]]>();
  for (const { holders, vouched, value: items } of lists) {
    for (const value of items) {
      const same = byName.get(nameOf(value));
      if (same === undefined) byName.set(nameOf(value), [{ holders, vouched, value }]);
      else same.push({ holders, vouched, value });
    }
  }
  return order(lists.map(({ value }) => value.map(nameOf))).flatMap((name) => {
    const held = byName.get(name);
    return held === undefined ? [] : [merge(name, held)];
  });
}
