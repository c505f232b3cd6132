/** Where a value stands in the configuration: keys and list indices from the root. */
export type Path = readonly (string | number)[];

/** As operators write it: `servers[1].url`. */
export function formatPath(path: Path): string {
  return path.reduce<string>((text, part) => {
    if (typeof part === 'number') return `${text}[${part}]`;
    return text === '' ? part : `${text}.${part}`;
  }, '');
}

/** Whether one of the two is the other or lies inside it. */
export function overlap(one: Path, other: Path): boolean {
  const shared = Math.min(one.length, other.length);
  return one.slice(0, shared).every((part, index) => part === other[index]);
}

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The value at `path`, `undefined` if there is none. Only own properties count. */
export function valueAt(root: unknown, path: Path): unknown {
  let value = root;
  for (const part of path) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, part)) return undefined;
    value = Reflect.get(value, part);
  }
  return value;
}

/** Sets the value at `path`, making sections on the way. A section that is not a mapping keeps its value, for validation to find. */
export function setAt(root: Record<string, unknown>, path: readonly string[], value: unknown): void {
  const last = path.at(-1);
  if (last === undefined) return;
  let target = root;
  for (const key of path.slice(0, -1)) {
    const existing = Object.hasOwn(target, key) ? target[key] : undefined;
    if (existing !== undefined && !isRecord(existing)) return;
    const section = existing ?? {};
    target[key] = section;
    target = section;
  }
  target[last] = value;
}

/** Removes the value at `path`, or the whole list in which it stands. */
export function removeAt(root: Record<string, unknown>, path: Path): void {
  const list = path.findIndex((part) => typeof part === 'number');
  const target = list === -1 ? path : path.slice(0, list);
  const parent = valueAt(root, target.slice(0, -1));
  const last = target.at(-1);
  if (isRecord(parent) && last !== undefined) delete parent[last];
}
