import { isList, isObject, member, objectOf } from './json.ts';
import { elementOf, keyedItems } from './list-items.ts';
import type { Shape } from './shape.ts';

/**
 * `live` with what `applied` says (structured-merge-diff typed/merge.go): objects and associative lists merge, all else
 * is taken from `applied`; undefined is an absent value. Throws ListItemError.
 */
export function mergeApplied(live: unknown, applied: unknown, shape: Shape): unknown {
  if (applied === undefined) return live;
  if (isObject(live) && !shape.atomic && (isObject(applied) || applied === null)) {
    const fields = applied ?? {};
    const names = [...Object.keys(live), ...Object.keys(fields).filter((name) => !Object.hasOwn(live, name))];
    return objectOf(
      names.map((name) => [name, mergeApplied(member(live, name), member(fields, name), shape.field(name))]),
    );
  }
  if (isList(live) && shape.list.kind !== 'atomic' && (isList(applied) || applied === null)) {
    return live.length + (applied ?? []).length === 0 ? applied : mergeItems(live, applied ?? [], shape);
  }
  return applied;
}

/**
 * Items in the order of `applied`; an item of `live` alone stays behind the item that it followed. Items of `live` with
 * equal keys are kept only when `applied` does not name that key.
 */
function mergeItems(live: readonly unknown[], applied: readonly unknown[], shape: Shape): readonly unknown[] {
  const old = live.map((item) => ({ element: elementOf(item, shape), item }));
  const known = keyedItems(live, shape);
  const fresh = [...keyedItems(applied, shape)].map(([element, [item]]) => ({ element, item }));
  const wanted = new Set(fresh.map(({ element }) => element));
  const shared = fresh.map(({ element }) => element).filter((element) => known.has(element));
  const merged: unknown[] = [];
  const done = new Set<string>();
  let at = 0;
  let nextShared = 0;
  const takeLiveOnly = (): void => {
    for (; at < old.length; at++) {
      const { element, item } = old[at] ?? { element: '', item: undefined };
      if (!wanted.has(element)) merged.push(item);
      else if (element === shared[nextShared] && !done.has(element)) return;
    }
  };
  for (const { element, item } of fresh) {
    takeLiveOnly();
    const [match, ...others] = known.get(element) ?? [];
    merged.push(others.length > 0 ? item : mergeApplied(match, item, shape.items));
    done.add(element);
    if (element === shared[nextShared]) nextShared++;
  }
  takeLiveOnly();
  return merged;
}
