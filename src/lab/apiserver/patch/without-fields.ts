import { type FieldSet, fieldSet } from './field-set.ts';
import { isList, isObject, objectOf } from './json.ts';
import { elementOf } from './list-items.ts';
import type { Shape } from './shape.ts';

/**
 * `value` without the members of `removed`, and without what holds nothing afterwards; undefined when nothing is left
 * (structured-merge-diff typed/remove.go).
 */
export function withoutFields(value: unknown, removed: FieldSet, shape: Shape): unknown {
  if (isObject(value)) {
    if (shape.atomic) return undefined;
    const kept = Object.entries(value).flatMap(([name, item]) =>
      without(`f:${name}`, item, removed, shape.field(name), name),
    );
    return kept.length > 0 ? objectOf(kept) : undefined;
  }
  if (!isList(value)) return value;
  if (shape.list.kind === 'atomic') return undefined;
  const kept = value.flatMap((item, at) => without(elementOf(item, shape), item, removed, shape.items, at));
  return kept.length > 0 ? kept.map(([, item]) => item) : undefined;
}

function without<Key>(
  element: string,
  item: unknown,
  removed: FieldSet,
  shape: Shape,
  key: Key,
): readonly (readonly [Key, unknown])[] {
  const below = removed.children.get(element);
  if (below === undefined) return [[key, item]];
  if (below.member) return [];
  const rest = withoutFields(item, below, shape);
  return rest === undefined ? [] : [[key, rest]];
}

/** `set` with every field of a struct that it has something below of: who loses all of a struct's fields loses the struct. */
export function withStructs(set: FieldSet, shape: Shape): FieldSet {
  return fieldSet(
    set.member,
    [...set.children].map(([element, child]) => {
      const name = element.startsWith('f:') ? element.slice(2) : undefined;
      if (name === undefined) return [element, withStructs(child, shape.items)];
      const inner = withStructs(child, shape.field(name));
      return [element, shape.declares(name) ? { ...inner, member: true } : inner];
    }),
  );
}
