import { HpackError } from './hpack-error.ts';

/** A place in a header block. */
export interface Cursor {
  bytes: Buffer;
  position: number;
  end: number;
}

/** Octets behind the prefix that we accept: 28 bits, more than any length, index or table size we could use. */
const MAX_CONTINUATION = 4;

/** Octets that `writeInteger` takes at most. */
export const MAX_INTEGER_LENGTH = 6;

/**
 * Reads an integer (RFC 7541 section 5.1) whose prefix are the bits `mask` of the octet at the cursor, which must
 * exist. Throws HpackError where the block ends within it or it exceeds what we accept.
 */
export function readInteger(cursor: Cursor, mask: number): number {
  const { bytes, end } = cursor;
  let position = cursor.position;
  let value = (bytes[position++] ?? 0) & mask;
  if (value === mask) {
    let shift = 0;
    let octet: number;
    do {
      if (position >= end) throw new HpackError('a header block ends within an integer');
      if (shift === 7 * MAX_CONTINUATION) throw new HpackError('an integer of a header block is too large');
      octet = bytes[position++] ?? 0;
      value += (octet & 0x7f) << shift;
      shift += 7;
    } while (octet >= 0x80);
  }
  cursor.position = position;
  return value;
}

/** Writes `value` (below 2^31) behind `pattern` in a prefix of the bits `mask`; returns the offset behind it. */
export function writeInteger(bytes: Uint8Array, offset: number, pattern: number, mask: number, value: number): number {
  let position = offset;
  if (value < mask) {
    bytes[position++] = pattern | value;
    return position;
  }
  bytes[position++] = pattern | mask;
  let rest = value - mask;
  for (; rest >= 0x80; rest >>>= 7) bytes[position++] = (rest & 0x7f) | 0x80;
  bytes[position++] = rest;
  return position;
}
