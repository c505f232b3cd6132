import { HpackError } from './hpack-error.ts';
import { decodeHuffman } from './huffman.ts';
import { type Cursor, readInteger } from './integer.ts';

/** Decoding is synchronous, so all connections share one. It grows to the longest string decoded so far. */
let scratch = Buffer.allocUnsafeSlow(1024);

/**
 * Reads a string literal (RFC 7541 section 5.2). `undefined`: longer than `limit` octets; it was checked and skipped.
 * Throws HpackError where the block ends within it or its Huffman code is wrong.
 */
export function readString(cursor: Cursor, limit: number): string | undefined {
  const { bytes, end } = cursor;
  if (cursor.position >= end) throw new HpackError('a header block ends where a string should begin');
  const isHuffman = (bytes[cursor.position] ?? 0) >= 0x80;
  const length = readInteger(cursor, 0x7f);
  const start = cursor.position;
  if (length > end - start) throw new HpackError('a header block ends within a string');
  cursor.position = start + length;
  if (!isHuffman) return length > limit ? undefined : bytes.toString('latin1', start, start + length);

  // The shortest code has 5 bits.
  const room = Math.min(limit, Math.floor((length * 8) / 5));
  if (scratch.length < room) scratch = Buffer.allocUnsafeSlow(Math.max(room, 2 * scratch.length));
  const decoded = decodeHuffman(bytes, start, start + length, scratch);
  return decoded > limit ? undefined : scratch.toString('latin1', 0, decoded);
}
