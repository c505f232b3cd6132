import { sensitiveHeaders } from 'node:http2';
import type { NeverIndexed } from '../exchange.ts';

/** Which fields of a received head, as Node's object, were never-indexed literals (RFC 7541 section 6.2.3); undefined: none. */
export function neverIndexedOf(headers: object): NeverIndexed | undefined {
  const names: unknown = Reflect.get(headers, sensitiveHeaders);
  return Array.isArray(names) && names.length > 0 ? names.map(String) : undefined;
}

/** The raw head with a mark for Node on what has to be encoded so. */
export function markNeverIndexed(raw: string[], names: NeverIndexed): string[] {
  return Object.assign(raw, { [sensitiveHeaders]: names });
}
