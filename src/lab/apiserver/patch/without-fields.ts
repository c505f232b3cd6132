import { type FieldSet, fieldSet } from './field-set.ts';
import { isList, isObject, objectOf } from './json.ts';
import { elementOf } from './list-items.ts';
import type { Shape } from './shape.ts';

/**
 * `value` without the members of `removed`; an object or list that holds nothing afterwards becomes null, so that its own
 * field still counts as set (structured-merge-diff typed/remove.go).
 */
export function withoutFields(value: unknown, removed: FieldSet, shape: Shape): unknown {
  if (isObject(value)) {
    if (shape.atomic) return null;
    const kept = Object.entries(value).flatMap(([name, item]) =>
      without(`f:${name}`, item, removed, shape.field(name)).map((rest) => [name, rest] as const),
    );
    return kept.length > 0 ? objectOf(kept) : null;
  }
  if (!isList(value)) return value;
  if (shape.list.kind === 'atomic') return null;
  const kept = value.flatMap((item) => without(elementOf(item, shape), item, removed, shape.items));
  return kept.length > 0 ? kept : null;
}

/** What is left of one item: itself, or nothing. */
function without(element: string, item: unknown, removed: FieldSet, shape: Shape): readonly unknown[] {
  const below = removed.children.get(element);
  if (below === undefined) return [item];
  return below.member ? [] : [withoutFields(item, below, shape)];
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
