import { HpackError } from './hpack-error.ts';
import { CODE_LENGTHS, CODES, EOS } from './huffman-code.ts';

/**
 * A tree with 256 branches a node, so that most octets take one step: node n's branches are at n << 8. A cell is
 * either an octet and the bits of this step that its code has, `octet << 4 | bits`, or the next node, `-node`. Cells
 * no octet leads to stay 0: they belong to EOS, which no string may contain (RFC 7541 section 5.2).
 */
const TREE = decodingTree();

function decodingTree(): Int16Array {
  const cells: number[] = new Array(256).fill(0);
  for (let octet = 0; octet < EOS; octet++) {
    const code = CODES[octet] ?? 0;
    let bits = CODE_LENGTHS[octet] ?? 0;
    let node = 0;
    for (; bits > 8; bits -= 8) {
      const cell = (node << 8) | ((code >>> (bits - 8)) & 0xff);
      if (cells[cell] === 0) {
        cells[cell] = -(cells.length >> 8);
        cells.push(...new Array(256).fill(0));
      }
      node = -(cells[cell] ?? 0);
    }
    const first = (node << 8) | ((code << (8 - bits)) & 0xff);
    cells.fill((octet << 4) | bits, first, first + (1 << (8 - bits)));
  }
  return Int16Array.from(cells);
}

/**
 * Decodes bytes[start..end) into `out` and returns the decoded length. Where that exceeds `out`, what was written is of
 * no use, yet the code was checked to its end. Throws HpackError for EOS and for bad padding (RFC 7541 section 5.2).
 */
export function decodeHuffman(bytes: Uint8Array, start: number, end: number, out: Uint8Array): number {
  const room = out.length;
  let window = 0;
  let bits = 0;
  let node = 0;
  let written = 0;
  let dropped = 0;
  for (let position = start; position < end; position++) {
    window = (window << 8) | (bytes[position] ?? 0);
    bits += 8;
    while (bits >= 8) {
      const cell = TREE[node | ((window >>> (bits - 8)) & 0xff)] ?? 0;
      if (cell > 0) {
        if (written === room) {
          dropped += room;
          written = 0;
        }
        out[written++] = cell >>> 4;
        bits -= cell & 0xf;
        node = 0;
      } else {
        if (cell === 0) throw new HpackError('a Huffman-coded string contains EOS (RFC 7541 section 5.2)');
        bits -= 8;
        node = -cell << 8;
      }
    }
  }
  // Codes that end within the last octet: filled up with ones, a code is found only where it was complete before.
  while (bits > 0) {
    const cell = TREE[node | (((window << (8 - bits)) | (0xff >>> bits)) & 0xff)] ?? 0;
    if (cell <= 0 || (cell & 0xf) > bits) break;
    if (written === room) {
      dropped += room;
      written = 0;
    }
    out[written++] = cell >>> 4;
    bits -= cell & 0xf;
    node = 0;
  }
  const ones = (1 << bits) - 1;
  if (node !== 0 || (window & ones) !== ones) {
    throw new HpackError('a Huffman-coded string ends in padding other than up to 7 one bits (RFC 7541 section 5.2)');
  }
  return dropped + written;
}

/** Octets that `text` (latin1) takes when Huffman-coded. */
export function huffmanLength(text: string): number {
  let bits = 0;
  for (let i = 0; i < text.length; i++) bits += CODE_LENGTHS[text.charCodeAt(i)] ?? 0;
  return (bits + 7) >>> 3;
}

/** Writes `text` (latin1) to `out` at `offset`, where there must be room; returns the offset behind it. */
export function encodeHuffman(text: string, out: Uint8Array, offset: number): number {
  let position = offset;
  let window = 0;
  let bits = 0;
  for (let i = 0; i < text.length; i++) {
    const octet = text.charCodeAt(i);
    const code = CODES[octet] ?? 0;
    let length = CODE_LENGTHS[octet] ?? 0;
    // The window has 32 bits, of which up to 7 are left from before: a long code goes in two parts.
    if (length > 24) {
      length -= 16;
      window = (window << length) | (code >>> 16);
      for (bits += length; bits >= 8; bits -= 8) out[position++] = window >>> (bits - 8);
      length = 16;
    }
    // Of a code in two parts, the first stands there already.
    window = (window << length) | code;
    for (bits += length; bits >= 8; bits -= 8) out[position++] = window >>> (bits - 8);
  }
  if (bits > 0) out[position++] = (window << (8 - bits)) | (0xff >>> bits);
  return position;
}
