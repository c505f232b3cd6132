/** Members as far as they are read; every part may be missing or of another type. */
export type ApiObject = Readonly<Record<string, unknown>>;

/** The items of a list and whether the server has more. Undefined for what is no list. */
export function parseApiList(
  text: string,
): { readonly items: readonly ApiObject[]; readonly isWhole: boolean } | undefined {
  let list: unknown;
  try {
    list = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (!isObject(list)) return undefined;
  const { items, metadata } = list;
  // Go writes an empty list as null.
  if (!Array.isArray(items) && items !== null) return undefined;
  const more = isObject(metadata) ? metadata['continue'] : undefined;
  return { items: (items ?? []).filter(isObject), isWhole: more === undefined || more === '' };
}

/** The object at `key`, or an empty one. */
export function objectAt(object: ApiObject, key: string): ApiObject {
  const value = object[key];
  return isObject(value) ? value : {};
}

/** The objects in the list at `key`. */
export function objectsAt(object: ApiObject, key: string): readonly ApiObject[] {
  const value = object[key];
  return Array.isArray(value) ? value.filter(isObject) : [];
}

/** The text at `key`; undefined when there is none. */
export function textAt(object: ApiObject, key: string): string | undefined {
  const value = object[key];
  return typeof value === 'string' ? value : undefined;
}

function isObject(value: unknown): value is ApiObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
