import { insertApiVersions } from '../kubernetes/kube-version.ts';

/**
 * Merges orders: the first list leads and keeps its order, what it lacks is inserted where the other lists have it.
 *
 * Lists are taken in turn. An entry not yet placed goes where it contradicts the fewest of its list's already placed
 * entries, directly behind its predecessor if that is such a place. Placed entries never move, so a list that contradicts
 * earlier ones in one entry displaces nothing else.
 *
 * @param lists each without duplicates, the leading one first.
 */
export function mergeOrders(lists: readonly (readonly string[])[]): readonly string[] {
  const [leader = [], ...followers] = lists;
  const placed = [...leader];
  const known = new Set(placed);
  for (const list of followers) {
    const ranks = new Map(list.map((name, rank) => [name, rank]));
    for (let start = 0; start < list.length; start++) {
      let end = start;
      // Neighbours that are both missing have the same placed entries around them: one place for the whole run.
      for (let name = list[end]; name !== undefined && !known.has(name); name = list[++end]) known.add(name);
      if (end === start) continue;
      placed.splice(insertionPoint(placed, ranks, list[start - 1], start), 0, ...list.slice(start, end));
      start = end;
    }
  }
  return placed;
}

/** As `mergeOrders`, but in alphabetical order if every list is, as kube-apiserver lists resources. */
export function mergeNameOrders(lists: readonly (readonly string[])[]): readonly string[] {
  const alphabetical = lists.every((list) => list.every((name, i) => i === 0 || (list[i - 1] ?? '') < name));
  return alphabetical ? [...new Set(lists.flat())].sort() : mergeOrders(lists);
}

function insertionPoint(
  placed: readonly string[],
  ranks: ReadonlyMap<string, number>,
  predecessor: string | undefined,
  index: number,
): number {
  let contradictions = placed.filter((name) => (ranks.get(name) ?? index) < index).length;
  let fewest = contradictions;
  let earliest = 0;
  let latest = 0;
  let behindPredecessor: { readonly at: number; readonly contradictions: number } | undefined;
  for (const [i, name] of placed.entries()) {
    const rank = ranks.get(name) ?? index;
    contradictions += Math.sign(rank - index);
    const at = i + 1;
    if (name === predecessor) behindPredecessor = { at, contradictions };
    if (contradictions < fewest) [fewest, earliest] = [contradictions, at];
    if (contradictions === fewest) latest = at;
  }
  if (behindPredecessor === undefined) return latest;
  return behindPredecessor.contradictions === fewest ? behindPredecessor.at : earliest;
}

/** The leading list with every version it lacks inserted as Kubernetes prefers versions. */
export function mergeVersionOrders([leader = [], ...followers]: readonly (readonly string[])[]): readonly string[] {
  const missing = new Set(followers.flat());
  for (const version of leader) missing.delete(version);
  return insertApiVersions(leader, missing);
}
