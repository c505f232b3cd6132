/**
 * The order that the native feature makes of several (KEP-4020; facts of apimachinery pkg/util/sort): the first list that
 * holds every name as it is; else every list's neighbours as edges, the least name first among those that nothing precedes;
 * and by name altogether if that leads in a circle.
 *
 * @param lists in the order of server IDs.
 */
export function nativeConsensus(lists: readonly (readonly string[])[]): readonly string[] {
  const names = [...new Set(lists.flat())].sort();
  const complete = lists.find((list) => list.length === names.length && new Set(list).size === names.length);
  if (complete !== undefined) return complete;
  const before = new Map(names.map((name) => [name, new Set<string>()]));
  for (const list of lists) {
    for (const [i, name] of list.entries()) {
      const predecessor = list[i - 1];
      if (predecessor !== undefined) before.get(name)?.add(predecessor);
    }
  }
  const placed: string[] = [];
  for (const _ of names) {
    const free = names.find((name) => !placed.includes(name) && [...(before.get(name) ?? [])].every(isPlaced));
    if (free === undefined) return names;
    placed.push(free);
  }
  return placed;

  function isPlaced(name: string): boolean {
    return placed.includes(name);
  }
}
