type Fields = Readonly<Record<string, unknown>>;

const NO_FIELDS: Fields = {};

/** The value at a dotted path of field names; undefined when a part of it is absent or no object. */
export function at(value: unknown, path: string): unknown {
  let current = value;
  for (const name of path.split('.')) {
    if (!isFields(current)) return undefined;
    current = current[name];
  }
  return current ?? undefined;
}

/** The string at a path, '' if there is none. */
export function text(value: unknown, path: string): string {
  const found = at(value, path);
  return typeof found === 'string' ? found : '';
}

/** The number at a path, 0 if there is none. */
export function count(value: unknown, path: string): number {
  const found = at(value, path);
  return typeof found === 'number' ? found : 0;
}

/** The list at a path, empty if there is none. */
export function items(value: unknown, path: string): readonly unknown[] {
  const found = at(value, path);
  return Array.isArray(found) ? found : [];
}

/** The object at a path, empty if there is none. */
export function fields(value: unknown, path: string): Fields {
  const found = at(value, path);
  return isFields(found) ? found : NO_FIELDS;
}

/** The condition of that type in `status.conditions`. */
export function condition(value: unknown, type: string): unknown {
  return items(value, 'status.conditions').find((each) => text(each, 'type') === type);
}

export function hasCondition(value: unknown, type: string): boolean {
  return text(condition(value, type), 'status') === 'True';
}

export function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
