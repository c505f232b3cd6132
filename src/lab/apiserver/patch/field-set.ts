import type { JsonObject } from '../../api-object.ts';
import { isObject } from './json.ts';

/**
 * A set of paths in an object, as server-side apply keeps it for each manager. A path is a sequence of elements in the
 * form of `fieldsV1`: `f:NAME` for a field, `k:{"KEY":VALUE}` for the item of a list with those keys, `v:VALUE` for an
 * item of a set. A path may be a member without its parents or children being members.
 */
export interface FieldSet {
  /** The path that leads here is a member. */
  readonly member: boolean;
  readonly children: ReadonlyMap<string, FieldSet>;
}

const NO_CHILDREN: ReadonlyMap<string, FieldSet> = new Map();
export const NO_FIELDS: FieldSet = { member: false, children: NO_CHILDREN };
export const FIELD: FieldSet = { member: true, children: NO_CHILDREN };

export function isEmptySet({ member, children }: FieldSet): boolean {
  return !member && children.size === 0;
}

/** A set without empty branches. */
export function fieldSet(member: boolean, children: Iterable<readonly [string, FieldSet]>): FieldSet {
  const kept = new Map<string, FieldSet>();
  for (const [element, child] of children) {
    if (!isEmptySet(child)) kept.set(element, child);
  }
  return kept.size > 0 ? { member, children: kept } : member ? FIELD : NO_FIELDS;
}

/** The set of these paths; each names fields only. */
export function fieldSetOf(paths: readonly (readonly string[])[]): FieldSet {
  return paths
    .map((path) => path.reduceRight((child, name) => fieldSet(false, [[`f:${name}`, child]]), FIELD))
    .reduce(union, NO_FIELDS);
}

export function union(left: FieldSet, right: FieldSet): FieldSet {
  if (isEmptySet(left)) return right;
  if (isEmptySet(right)) return left;
  const children = new Map(left.children);
  for (const [element, child] of right.children) {
    children.set(element, union(children.get(element) ?? NO_FIELDS, child));
  }
  return { member: left.member || right.member, children };
}

/** Paths of `left` that are not members of `right`; children of such members stay. */
export function difference(left: FieldSet, right: FieldSet): FieldSet {
  if (isEmptySet(right)) return left;
  return fieldSet(
    left.member && !right.member,
    [...left.children].map(([element, child]) => [
      element,
      difference(child, right.children.get(element) ?? NO_FIELDS),
    ]),
  );
}

/** Paths of `left` that neither are members of `right` nor below one. */
export function outside(left: FieldSet, right: FieldSet): FieldSet {
  if (right.member) return NO_FIELDS;
  if (isEmptySet(right)) return left;
  return fieldSet(
    left.member,
    [...left.children].map(([element, child]) => [element, outside(child, right.children.get(element) ?? NO_FIELDS)]),
  );
}

export function intersection(left: FieldSet, right: FieldSet): FieldSet {
  return fieldSet(
    left.member && right.member,
    [...left.children].map(([element, child]) => [
      element,
      intersection(child, right.children.get(element) ?? NO_FIELDS),
    ]),
  );
}

/** Every member's path, as conflicts name it: `.spec.containers[name="web"].image`. Members of one parent come before what is below them. */
export function pathsOf(set: FieldSet, prefix = ''): string[] {
  const children = sorted(set.children).map(([element, child]) => [prefix + pathElement(element), child] as const);
  return [
    ...children.filter(([, child]) => child.member).map(([path]) => path),
    ...children.flatMap(([path, child]) => pathsOf(child, path)),
  ];
}

function pathElement(element: string): string {
  const text = element.slice(2);
  if (element.startsWith('f:')) return `.${text}`;
  if (element.startsWith('v:')) return `[=${text}]`;
  if (!element.startsWith('k:')) return `[${text}]`;
  const keys: unknown = JSON.parse(text);
  const pairs = isObject(keys) ? Object.entries(keys) : [];
  return `[${pairs.map(([name, value]) => `${name}=${JSON.stringify(value)}`).join(',')}]`;
}

/** The `fieldsV1` of a set, in the order in which kube-apiserver writes it. */
export function fieldsV1(set: FieldSet): JsonObject {
  const children = sorted(set.children).map(([element, child]) => [element, fieldsV1(child)] as const);
  return Object.fromEntries(set.member && children.length > 0 ? [['.', {}], ...children] : children);
}

/** The set that `fields` stands for. Throws SyntaxError for what is no `fieldsV1`. */
export function parseFieldsV1(fields: unknown): FieldSet {
  return parseChildren(fields, false);
}

function parseChildren(fields: unknown, member: boolean): FieldSet {
  if (!isObject(fields)) throw new SyntaxError('fieldsV1 must be an object');
  const children = new Map<string, FieldSet>();
  let self = member;
  for (const [element, below] of Object.entries(fields)) {
    if (element === '.') {
      self = true;
      continue;
    }
    children.set(canonical(element), parseChildren(below, isObject(below) && Object.keys(below).length === 0));
  }
  return fieldSet(self, children);
}

function canonical(element: string): string {
  switch (element.slice(0, 2)) {
    case 'f:':
    case 'i:':
      return element;
    case 'v:':
      return valueElement(JSON.parse(element.slice(2)));
    case 'k:': {
      const keys: unknown = JSON.parse(element.slice(2));
      if (isObject(keys)) return keyElement(Object.entries(keys));
      throw new SyntaxError(`${element} is not a list of keys`);
    }
    default:
      throw new SyntaxError(`unknown path element ${element}`);
  }
}

export function valueElement(value: unknown): string {
  return `v:${JSON.stringify(value)}`;
}

export function keyElement(keys: readonly (readonly [string, unknown])[]): string {
  return `k:${JSON.stringify(Object.fromEntries(keys.toSorted(([left], [right]) => (left < right ? -1 : 1))))}`;
}

function sorted(children: ReadonlyMap<string, FieldSet>): readonly (readonly [string, FieldSet])[] {
  return [...children].toSorted(([left], [right]) => compareElements(left, right));
}

/** Fields before keys before values; keys and values by what they are, so that 80 stands before 443. */
function compareElements(left: string, right: string): number {
  const kind = left.slice(0, 2);
  if (kind !== right.slice(0, 2) || kind === 'f:') return left < right ? -1 : 1;
  const [first, second]: unknown[] = [JSON.parse(left.slice(2)), JSON.parse(right.slice(2))];
  return compareValues(first, second);
}

function compareValues(left: unknown, right: unknown): number {
  if (isObject(left) && isObject(right)) {
    const others = Object.entries(right);
    for (const [at, [name, value]] of Object.entries(left).entries()) {
      const [otherName = '', otherValue] = others[at] ?? [];
      if (name !== otherName) return name < otherName ? -1 : 1;
      const order = compareValues(value, otherValue);
      if (order !== 0) return order;
    }
    return Object.keys(left).length - others.length;
  }
  if (typeof left === 'number' && typeof right === 'number') return left - right;
  const [first, second] = [String(left), String(right)];
  return first === second ? 0 : first < second ? -1 : 1;
}
