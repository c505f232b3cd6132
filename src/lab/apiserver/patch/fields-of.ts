import type { JsonObject } from '../../api-object.ts';
import { FIELD, type FieldSet, fieldSet, NO_FIELDS } from './field-set.ts';
import { isList, isObject } from './json.ts';
import { keyedItems } from './list-items.ts';
import type { Shape } from './shape.ts';

/**
 * The fields that a configuration owns when it is applied: its leaves, its list items, and keys of maps
 * (structured-merge-diff typed/tofieldset.go).
 */
export function fieldsOf(value: unknown, shape: Shape): FieldSet {
  if (isObject(value)) return shape.atomic ? FIELD : fieldSet(false, fieldsOfMembers(value, shape));
  if (!isList(value) || shape.list.kind === 'atomic') return FIELD;
  const children = new Map<string, FieldSet>();
  for (const [element, items] of keyedItems(value, shape)) {
    const [only, ...others] = items;
    // Of items with equal keys only the key is owned: nobody can tell which of them a field would be in.
    const below = others.length > 0 ? NO_FIELDS : fieldsOf(only, shape.items);
    children.set(element, { ...below, member: true });
  }
  return fieldSet(false, children);
}

function fieldsOfMembers(value: JsonObject, shape: Shape): (readonly [string, FieldSet])[] {
  return Object.entries(value).map(([name, item]) => {
    const below = fieldsOf(item, shape.field(name));
    const isOwn = item === null || (isObject(item) && Object.keys(item).length === 0) || !shape.declares(name);
    return [`f:${name}`, isOwn ? { ...below, member: true } : below] as const;
  });
}
