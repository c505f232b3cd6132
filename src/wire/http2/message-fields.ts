import type { NeverIndexed } from '../exchange.ts';
import type { Fields } from '../fields.ts';
import { isConnectionSpecific, isUnsafe, TOKEN } from '../raw-fields.ts';
import type { HpackEncoder } from './hpack/hpack-encoder.ts';

/** Whether HTTP/2 can carry the fields as they are: tokens for names, and nothing in a value that could end it (RFC 9113 section 8.2.1). */
export function areSendable(fields: Fields): boolean {
  for (let i = 0; i + 1 < fields.length; i += 2) {
    if (!TOKEN.test(fields[i] as string) || !isSafe(fields[i + 1] as string)) return false;
  }
  return true;
}

const LONG_VALUE = 64;
/** The last long value that was in order: a credential comes again and again. */
let known = '';

function isSafe(value: string): boolean {
  if (value.length < LONG_VALUE) return !isUnsafe(value);
  if (value === known) return true;
  if (isUnsafe(value)) return false;
  known = value;
  return true;
}

/** The fields of a request: its authority stands apart, and TE has one meaning in HTTP/2 (RFC 9113 sections 8.2.2 and 8.3.1). */
export function encodeRequestFields(
  encoder: HpackEncoder,
  fields: Fields,
  neverIndexed: NeverIndexed | undefined,
): void {
  for (let i = 0; i + 1 < fields.length; i += 2) {
    const name = fields[i] as string;
    const value = fields[i + 1] as string;
    if (name === 'host' || (name === 'te' && value !== 'trailers')) continue;
    encodeField(encoder, name, value, neverIndexed);
  }
}

/** Encodes the fields of a message but those that belong to an HTTP/1.1 connection. */
export function encodeFields(encoder: HpackEncoder, fields: Fields, neverIndexed: NeverIndexed | undefined): void {
  for (let i = 0; i + 1 < fields.length; i += 2) {
    encodeField(encoder, fields[i] as string, fields[i + 1] as string, neverIndexed);
  }
}

/** What a peer has marked as never to be indexed stays so (RFC 7541 section 6.2.3); the encoder itself knows credentials. */
function encodeField(encoder: HpackEncoder, name: string, value: string, neverIndexed: NeverIndexed | undefined): void {
  if (isConnectionSpecific(name)) return;
  encoder.field(name, value, neverIndexed?.includes(name));
}
