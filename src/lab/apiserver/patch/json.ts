import type { JsonObject } from '../../api-object.ts';
import { badRequest } from '../api-error.ts';

/** Nesting that a patch or an object may have. kube-apiserver stops at 10,000; nobody's objects come near either. */
const MAX_DEPTH = 500;

export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export function isList(value: unknown): value is readonly unknown[] {
  return Array.isArray(value);
}

/** The object's own member: `__proto__` and `constructor` are data as any other name. */
export function member(object: JsonObject, name: string): unknown {
  return Object.hasOwn(object, name) ? object[name] : undefined;
}

/** Fields in the order given; unlike assignment it makes an own member of `__proto__` too. */
export function objectOf(members: Iterable<readonly [string, unknown]>): JsonObject {
  return Object.fromEntries(members);
}

/** Equality of JSON values; the order of an object's members does not count. */
export function equalJson(left: unknown, right: unknown): boolean {
  if (left === right) return true;
  if (isList(left)) {
    return isList(right) && left.length === right.length && left.every((item, at) => equalJson(item, right[at]));
  }
  if (!isObject(left) || !isObject(right)) return false;
  const names = Object.keys(left);
  return (
    names.length === Object.keys(right).length &&
    names.every((name) => Object.hasOwn(right, name) && equalJson(left[name], right[name]))
  );
}

/** Without the members of objects that are null, at any depth; list items stay. */
export function withoutNulls(value: unknown): unknown {
  if (isList(value)) return value.map(withoutNulls);
  if (!isObject(value)) return value;
  return objectOf(
    Object.entries(value)
      .filter(([, item]) => item !== null)
      .map(([name, item]) => [name, withoutNulls(item)]),
  );
}

/** Returns `value`; throws ApiError 400 when it nests so deep that walking it could exhaust the stack. */
export function withinDepth<T>(value: T): T {
  let level: unknown[] = [value];
  for (let depth = 0; level.length > 0; depth++) {
    if (depth > MAX_DEPTH) throw badRequest(`error decoding patch: exceeded max depth of ${MAX_DEPTH}`);
    level = level.flatMap((item) => (isList(item) ? item : isObject(item) ? Object.values(item) : []));
  }
  return value;
}
