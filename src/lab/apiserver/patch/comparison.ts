import { FIELD, type FieldSet, fieldSet, NO_FIELDS, union } from './field-set.ts';
import { equalJson, isList, isObject, member } from './json.ts';
import { keyedItems } from './list-items.ts';
import type { Shape } from './shape.ts';

/** How one object differs from another, field by field. A list item or object that came or went counts with all it holds. */
export interface Comparison {
  readonly added: FieldSet;
  readonly removed: FieldSet;
  readonly modified: FieldSet;
}

type Outcome = keyof Comparison;

const SAME: Comparison = { added: NO_FIELDS, removed: NO_FIELDS, modified: NO_FIELDS };
const NOTHING: ReadonlyMap<string, readonly unknown[]> = new Map();

/** What changed from `left` to `right`; undefined is an absent value (structured-merge-diff typed/compare.go). Throws ListItemError. */
export function compare(left: unknown, right: unknown, shape: Shape): Comparison {
  if (isObject(left ?? right) && isObject(right ?? left)) return compareObjects(left, right, shape);
  if (isList(left ?? right) && isList(right ?? left)) return compareLists(left, right, shape);
  if (left === undefined || right === undefined || !(isContainer(left) || isContainer(right))) return leaf(left, right);
  // A null stands for an empty container; anything else has taken the place of all that was there.
  return [
    left === null || right === null ? SAME : only('modified', FIELD),
    isContainer(left) ? below(compare(left, undefined, shape)) : SAME,
    isContainer(right) ? below(compare(undefined, right, shape)) : SAME,
  ].reduce(both);
}

function isContainer(value: unknown): boolean {
  return isObject(value) || isList(value);
}

function leaf(left: unknown, right: unknown): Comparison {
  if (left === undefined) return only('added', FIELD);
  if (right === undefined) return only('removed', FIELD);
  return equalJson(left, right) ? SAME : only('modified', FIELD);
}

function compareObjects(left: unknown, right: unknown, shape: Shape): Comparison {
  const old = isObject(left) ? left : {};
  const fresh = isObject(right) ? right : {};
  const names = new Set([...Object.keys(old), ...Object.keys(fresh)]);
  if (shape.atomic || names.size === 0) return leaf(left, right);
  return inside(
    left,
    right,
    [...names].map((name) => [`f:${name}`, compare(member(old, name), member(fresh, name), shape.field(name))]),
  );
}

function compareLists(left: unknown, right: unknown, shape: Shape): Comparison {
  const old = isList(left) ? left : [];
  const fresh = isList(right) ? right : [];
  if (shape.list.kind === 'atomic' || old.length + fresh.length === 0) return leaf(left, right);
  const before = old.length > 0 ? keyedItems(old, shape) : NOTHING;
  const after = fresh.length > 0 ? keyedItems(fresh, shape) : NOTHING;
  const elements = new Set([...before.keys(), ...after.keys()]);
  return inside(
    left,
    right,
    [...elements].map((element) => [
      element,
      compareItems(before.get(element) ?? [], after.get(element) ?? [], shape.items),
    ]),
  );
}

/** Items with one key. Several of them are owned by that key alone, as one value. */
function compareItems(left: readonly unknown[], right: readonly unknown[], shape: Shape): Comparison {
  if (left.length > 1 && right.length > 1) return equalJson(left, right) ? SAME : only('modified', FIELD);
  if (left.length > 1) {
    return both(only('removed', FIELD), right.length === 0 ? SAME : compare(undefined, right[0], shape));
  }
  if (right.length > 1)
    return both(only('added', FIELD), left.length === 0 ? SAME : compare(left[0], undefined, shape));
  return compare(left[0], right[0], shape);
}

function inside(left: unknown, right: unknown, children: readonly (readonly [string, Comparison])[]): Comparison {
  const set = (outcome: Outcome, isMember: boolean) =>
    fieldSet(
      isMember,
      children.map(([element, comparison]) => [element, comparison[outcome]]),
    );
  return {
    added: set('added', left === undefined),
    removed: set('removed', right === undefined),
    modified: set('modified', false),
  };
}

function only(outcome: Outcome, set: FieldSet): Comparison {
  return { ...SAME, [outcome]: set };
}

function below({ added, removed, modified }: Comparison): Comparison {
  return { added: { ...added, member: false }, removed: { ...removed, member: false }, modified };
}

function both(one: Comparison, other: Comparison): Comparison {
  return {
    added: union(one.added, other.added),
    removed: union(one.removed, other.removed),
    modified: union(one.modified, other.modified),
  };
}
