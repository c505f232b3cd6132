import type { Fields } from './fields.ts';

/** Names lowered in place of copying twice: the array is ours alone, Node builds it anew for every message. */
export function lowerNames(raw: string[]): string[] {
  for (let i = 0; i < raw.length; i += 2) raw[i] = (raw[i] ?? '').toLowerCase();
  return raw;
}

/** Node takes informational heads and trailers only as objects; repeated names become arrays, which keeps their order. */
export function asHeaderObject(fields: Fields): Record<string, string | string[]> {
  const object: Record<string, string | string[]> = { __proto__: null } as never;
  for (let i = 0; i + 1 < fields.length; i += 2) {
    const name = fields[i] ?? '';
    const value = fields[i + 1] ?? '';
    const earlier = object[name];
    if (earlier === undefined) object[name] = value;
    else object[name] = Array.isArray(earlier) ? [...earlier, value] : [earlier, value];
  }
  return object;
}

/** Fields that describe one HTTP/1.1 connection and are malformed in HTTP/2 (RFC 9113 section 8.2.2). */
export function isConnectionSpecific(name: string): boolean {
  switch (name) {
    case 'connection':
    case 'keep-alive':
    case 'proxy-connection':
    case 'transfer-encoding':
    case 'upgrade':
    case 'http2-settings':
      return true;
    default:
      return false;
  }
}

const UNSAFE = /[^\t\x20-\x7e\x80-\xff]/;

/**
 * Whether `value` could end up as anything but one field value on the wire. CR, LF and NUL would start another field;
 * characters above U+00FF lose their high byte in Node, so that U+010A becomes a line feed.
 */
export function isUnsafe(value: string): boolean {
  return UNSAFE.test(value);
}
