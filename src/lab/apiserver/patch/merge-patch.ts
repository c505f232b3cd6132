import { isObject, objectOf } from './json.ts';

/**
 * `target` as `patch` changes it, by RFC 7386 section 2: null removes, objects merge, anything else replaces. Items of a
 * list are taken as they are, nulls included.
 */
export function mergePatch(target: unknown, patch: unknown): unknown {
  if (!isObject(patch)) return patch;
  const merged = new Map(isObject(target) ? Object.entries(target) : []);
  for (const [name, value] of Object.entries(patch)) {
    if (value === null) merged.delete(name);
    else merged.set(name, mergePatch(merged.get(name), value));
  }
  return objectOf(merged);
}
