import { type Fields, fieldValue, fieldValues } from './fields.ts';

/** Lowers the names in place: the array is ours alone, Node builds it anew for every message. */
export function lowerNames(raw: string[]): string[] {
  for (let i = 0; i < raw.length; i += 2) raw[i] = (raw[i] ?? '').toLowerCase();
  return raw;
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

/** Whether an HTTP/1.1 request says that a body follows its head (RFC 9112 section 6.3). */
export function declaresBody(fields: Fields): boolean {
  if (fieldValue(fields, 'transfer-encoding') !== undefined) return true;
  return fieldValues(fields, 'content-length').some((length) => !/^0+$/.test(length));
}

/** Responses that end with their head whatever it declares (RFC 9110 sections 9.3.2, 15.3.5, 15.3.6, 15.4.5). */
export function forbidsBody(method: string, status: number): boolean {
  return method === 'HEAD' || status === 204 || status === 205 || status === 304;
}

/**
 * Trailers have to be asked for before the first byte, at the price of one frame more. A declared length without a
 * Trailer field says that there are none; whoever sends them nevertheless loses them (allowed by RFC 9110 section 6.5.1).
 */
export function mayHaveTrailers(fields: Fields): boolean {
  return fieldValue(fields, 'content-length') === undefined || fieldValue(fields, 'trailer') !== undefined;
}

/**
 * The trailers that may follow a body: what frames, routes or authenticates a message belongs into its head alone
 * (RFC 9110 section 6.5.1), and a trailer that could be read as more than one field is dropped.
 */
export function sendableTrailers(fields: Fields): string[] {
  const kept: string[] = [];
  for (let i = 0; i + 1 < fields.length; i += 2) {
    const name = fields[i] ?? '';
    const value = fields[i + 1] ?? '';
    if (TOKEN.test(name) && !isConnectionSpecific(name) && !HEAD_ONLY.has(name) && !isUnsafe(value))
      kept.push(name, value);
  }
  return kept;
}

/** RFC 9110 section 5.6.2, lower case. */
export const TOKEN = /^[!#$%&'*+.^_`|~0-9a-z-]+$/;
const HEAD_ONLY = new Set([
  'authorization',
  'content-length',
  'cookie',
  'expect',
  'host',
  'set-cookie',
  'te',
  'trailer',
]);
const UNSAFE = /[^\t\x20-\x7e\x80-\xff]/;

/**
 * Whether `value` could end up as anything but one field value on the wire. CR, LF and NUL would start another field;
 * characters above U+00FF lose their high byte in Node, so that U+010A becomes a line feed.
 */
export function isUnsafe(value: string): boolean {
  return UNSAFE.test(value);
}
