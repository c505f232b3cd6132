import type { Fields } from '../fields.ts';

/** Node takes informational heads and trailers only as objects; repeated names become arrays, which keeps their order. */
export function asHeaderObject(fields: Fields): Record<string, string | string[]> {
  const object: Record<string, string | string[]> = Object.create(null);
  for (let i = 0; i + 1 < fields.length; i += 2) {
    const name = fields[i] ?? '';
    const value = fields[i + 1] ?? '';
    const earlier = object[name];
    if (earlier === undefined) object[name] = value;
    else object[name] = Array.isArray(earlier) ? [...earlier, value] : [earlier, value];
  }
  return object;
}
