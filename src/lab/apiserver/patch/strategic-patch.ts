import { failureStatus } from '../../../kubernetes/status.ts';
import type { JsonObject } from '../../api-object.ts';
import { ApiError, badRequest } from '../api-error.ts';
import { goFormat, goType } from './go-format.ts';
import { equalJson, isList, isObject, member, objectOf, withoutNulls } from './json.ts';
import { inOrder } from './list-order.ts';
import type { Shape } from './shape.ts';

const PATCH = '$patch';
const RETAIN_KEYS = '$retainKeys';
const DELETE_FROM = '$deleteFromPrimitiveList/';
const ELEMENT_ORDER = '$setElementOrder/';

/**
 * `original` as `patch` changes it, by the rules of Kubernetes' strategic merge (apimachinery pkg/util/strategicpatch):
 * objects merge, null removes, lists merge where `shape` says by which key, and directives in the patch say otherwise.
 * Throws ApiError 400 for directives of the wrong form, 500 for items without their key, as kube-apiserver does.
 */
export function strategicMergePatch(original: JsonObject, patch: JsonObject, shape: Shape): JsonObject {
  const directive = member(patch, PATCH);
  if (directive === 'replace') return objectOf(Object.entries(patch).filter(([name]) => name !== PATCH));
  if (directive === 'delete') return {};
  if (directive !== undefined) throw unknownDirective(directive, patch);

  const merged = new Map(Object.entries(retained(original, patch)));
  const changes = new Map(Object.entries(patch).filter(([name]) => name !== RETAIN_KEYS));
  for (const [name, order] of Object.entries(patch)) {
    if (!name.startsWith(ELEMENT_ORDER)) continue;
    changes.delete(name);
    const field = name.slice(ELEMENT_ORDER.length);
    const list = orderedList(merged.get(field), changes.get(field), order, shape.field(field));
    if (list === undefined) continue;
    merged.set(field, list);
    changes.delete(field);
  }
  for (const [name, change] of changes) {
    if (name.startsWith(DELETE_FROM)) {
      const field = name.slice(DELETE_FROM.length);
      const old = merged.get(field);
      if (!isList(change)) throw badRequest('invalid patch format of primitive list');
      if (isList(old)) merged.set(field, without(old, change));
    } else if (change === null) {
      merged.delete(name);
    } else {
      const value = mergeValue(merged.get(name), change, shape.field(name));
      if (value === undefined) merged.delete(name);
      else merged.set(name, value);
    }
  }
  return objectOf(merged);
}

function retained(original: JsonObject, patch: JsonObject): JsonObject {
  const keys = member(patch, RETAIN_KEYS);
  if (keys === undefined) return original;
  const bad = badRequest('invalid patch format of retainKeys');
  if (!isList(keys)) throw bad;
  const kept = new Set(keys);
  for (const [name, value] of Object.entries(patch)) {
    const isField = name !== RETAIN_KEYS && !name.startsWith(DELETE_FROM) && !name.startsWith(ELEMENT_ORDER);
    if (isField && value !== null && !kept.has(name)) throw bad;
  }
  return objectOf(Object.entries(original).filter(([name]) => kept.has(name)));
}

function mergeValue(original: unknown, patch: unknown, shape: Shape): unknown {
  if (isObject(original) && isObject(patch)) {
    return shape.replaced ? patch : strategicMergePatch(original, patch, shape);
  }
  if (isList(original) && isList(patch)) return mergeList(original, patch, shape);
  return withoutDirectives(withoutNulls(patch));
}

function mergeList(original: readonly unknown[], patch: readonly unknown[], shape: Shape): readonly unknown[] {
  if (shape.listStrategy.kind === 'replace') return patch;
  if (original.length === 0 && patch.length === 0) return original;
  const items = [...original, ...patch];
  const { key } = shape.listStrategy;
  if (key === undefined || !items.every(isObject)) {
    if (items.some(isObject)) throw unclassified('cannot merge lists without merge key');
    return inOrder([...new Set(items)], patch, original, (item) => item);
  }
  const known = original.filter(isObject);
  const { removed, replaced, changes } = itemsOf(patch.filter(isObject), key);
  // After a replacement, the items to come are the original, and nothing changes them.
  const base = replaced ? changes : known.filter((item) => !removed.includes(member(item, key)));
  let merged: readonly JsonObject[] = base;
  const ordered = replaced ? [] : changes;
  for (const change of ordered) {
    const at = merged.findIndex((item) => member(item, key) === member(change, key));
    const old = merged[at];
    merged = old === undefined ? [...merged, change] : merged.with(at, strategicMergePatch(old, change, shape.items));
  }
  return inOrder(merged, ordered, base, (item) => keyOf(item, key));
}

function itemsOf(patch: readonly JsonObject[], key: string) {
  const removed: unknown[] = [];
  const changes: JsonObject[] = [];
  let replaced = false;
  for (const item of patch) {
    const directive = member(item, PATCH);
    if (directive === undefined) {
      keyOf(item, key);
      changes.push(item);
    } else if (directive === 'delete') {
      removed.push(keyOf(item, key));
    } else if (directive === 'replace') {
      replaced = true;
    } else if (directive === 'merge') {
      throw unclassified('merging lists cannot yet be specified in the patch');
    } else {
      throw unknownDirective(directive, item);
    }
  }
  return { removed, replaced, changes };
}

/** The list of a field that has an order directive; undefined when there is nothing to order. */
function orderedList(original: unknown, patch: unknown, order: unknown, shape: Shape): readonly unknown[] | undefined {
  for (const list of [order, patch ?? []]) {
    if (!isList(list)) throw unclassified(`expected a []interface {}, but received a ${goType(list)}`);
  }
  const { listStrategy } = shape;
  const key = listStrategy.kind === 'merge' ? listStrategy.key : undefined;
  const identity = key === undefined ? (item: unknown) => item : (item: unknown) => keyOf(item, key);
  const changes = isList(patch) ? patch : undefined;
  const wanted = isList(order) ? order : [];
  if (changes !== undefined) inSameOrder(changes, wanted, identity);
  const old = isList(original) ? original : undefined;
  let merged = old;
  if (changes !== undefined) {
    const fresh = withoutDirectives(changes);
    merged = old === undefined ? (isList(fresh) ? fresh : []) : mergeList(old, changes, shape);
  }
  return merged === undefined ? undefined : inOrder(merged, wanted, old ?? [], identity);
}

/** Items that stay must stand in the directive, in its order. */
function inSameOrder(patch: readonly unknown[], order: readonly unknown[], identity: (item: unknown) => unknown): void {
  if (order.length === 0 || patch.length === 0) return;
  const staying = patch.filter((item) => !(isObject(item) && PATCH in item)).map(identity);
  const wanted = order.map(identity);
  let at = 0;
  for (const item of staying) {
    at = wanted.indexOf(item, at) + 1;
    if (at === 0)
      throw unclassified(
        `The order in patch list:\n${goFormat(patch)}\n doesn't match $setElementOrder list:\n${goFormat(order)}\n`,
      );
  }
}

function without(list: readonly unknown[], removed: readonly unknown[]): readonly unknown[] {
  return list.filter((item) => !removed.some((other) => equalJson(item, other)));
}

/** What is left to add of a value that nothing is there to merge with; undefined when it only said to delete. */
function withoutDirectives(value: unknown): unknown {
  if (isList(value)) return value.map(withoutDirectives).filter((item) => item !== undefined);
  if (!isObject(value)) return value;
  if (PATCH in value) return undefined;
  return objectOf(
    Object.entries(value)
      .map(([name, item]) => [name, withoutDirectives(item)] as const)
      .filter(([, item]) => item !== undefined),
  );
}

function keyOf(item: unknown, key: string): unknown {
  const value = isObject(item) ? member(item, key) : undefined;
  if (value === undefined) {
    throw unclassified(`map: ${goFormat(item)} does not contain declared merge key: ${key}`);
  }
  return value;
}

function unknownDirective(directive: unknown, item: JsonObject) {
  return unclassified(`unknown patch type: ${goFormat(directive)} in map: ${goFormat(item)}`);
}

/** An error that kube-apiserver does not classify: 500 without a reason. */
function unclassified(message: string): ApiError {
  return new ApiError(failureStatus(500, '', message));
}
