import { keyElement, valueElement } from './field-set.ts';
import { isList, isObject, member } from './json.ts';
import type { Shape } from './shape.ts';

/** An item that its list cannot tell apart from others. */
export class ListItemError extends Error {}

/** The items of a set or map by path element, in the order of their first appearance. Throws ListItemError. */
export function keyedItems(list: readonly unknown[], shape: Shape): ReadonlyMap<string, readonly unknown[]> {
  const items = new Map<string, unknown[]>();
  for (const item of list) {
    const element = elementOf(item, shape);
    const same = items.get(element);
    if (same === undefined) items.set(element, [item]);
    else same.push(item);
  }
  return items;
}

/** The path element of one item of a set or map. Throws ListItemError. */
export function elementOf(item: unknown, { list }: Shape): string {
  if (list.kind !== 'map') {
    if (isObject(item)) throw new ListItemError("associative list without keys has an element that's a map type");
    if (isList(item)) throw new ListItemError('not supported: associative list with lists as elements');
    if (item === null) throw new ListItemError("associative list without keys has an element that's an explicit null");
    return valueElement(item);
  }
  if (item === null) throw new ListItemError('associative list with keys may not have a null element');
  if (!isObject(item)) throw new ListItemError('associative list with keys may not have non-map elements');
  const keys = list.keys
    .map((name) => [name, member(item, name) ?? member(list.defaults, name)] as const)
    .filter(([, value]) => value !== undefined);
  if (keys.length > 0) return keyElement(keys);
  throw new ListItemError(
    `associative list with keys has an element that omits all key fields [${list.keys.map((key) => JSON.stringify(key)).join(' ')}]` +
      " (and doesn't have default values for any key fields)",
  );
}
