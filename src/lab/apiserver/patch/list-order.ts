/**
 * Items that `order` names stand in its order; the others stand where `original` had them, seen from those: each before
 * the first ordered item that it preceded there.
 */
export function inOrder(
  items: readonly unknown[],
  order: readonly unknown[],
  original: readonly unknown[],
  identity: (item: unknown) => unknown,
): readonly unknown[] {
  const position = (list: readonly unknown[]) => new Map(list.map((item, at) => [identity(item), at] as const));
  const wanted = position(order);
  const before = position(original);
  const by = (places: ReadonlyMap<unknown, number>) => (left: unknown, right: unknown) =>
    (places.get(identity(left)) ?? -1) - (places.get(identity(right)) ?? -1);
  const named = items.filter((item) => wanted.has(identity(item))).toSorted(by(wanted));
  const others = items.filter((item) => !wanted.has(identity(item))).toSorted(by(before));
  const result: unknown[] = [];
  let next = 0;
  for (const item of named) {
    const at = before.get(identity(item));
    while (next < others.length && at !== undefined && (before.get(identity(others[next])) ?? Infinity) < at) {
      result.push(others[next++]);
    }
    result.push(item);
  }
  return [...result, ...others.slice(next)];
}
