import { INITIAL_TABLE_SIZE } from './decoder-table.ts';
import { type EncoderEntry, EncoderTable } from './encoder-table.ts';
import { FIELD_OVERHEAD } from './header-field.ts';
import { encodeHuffman, huffmanLength } from './huffman.ts';
import { KNOWN_NAMES, UNKNOWN_NAME } from './indexing.ts';
import { MAX_INTEGER_LENGTH, writeInteger } from './integer.ts';

/** Room for the integers of one field: an index and two lengths. They also bound a block's size updates. */
const INTEGERS = 3 * MAX_INTEGER_LENGTH;

/**
 * Encodes the header blocks of one direction of one connection (RFC 7541). Names are lower-case and, as values, latin1
 * strings that the caller has checked. Blocks must be sent in the order in which they were begun.
 */
export class HpackEncoder {
  readonly #bound: number;
  readonly #table: EncoderTable;
  #bytes = Buffer.allocUnsafeSlow(1024);
  #length = 0;
  /** The size to be used from the next block on, and the smallest one demanded since the last block. */
  #nextSize: number;
  #smallestSize: number;

  /** maxTableSize: our own bound of the dynamic table (the smaller of it and the peer's setting is used). */
  constructor(maxTableSize: number) {
    this.#bound = maxTableSize;
    this.#table = new EncoderTable(INITIAL_TABLE_SIZE);
    this.#nextSize = Math.min(maxTableSize, INITIAL_TABLE_SIZE);
    this.#smallestSize = this.#nextSize;
  }

  /** The block so far: bytes[0..length). Valid until the next begin(). May be another Buffer after each field. */
  get bytes(): Buffer {
    return this.#bytes;
  }

  get length(): number {
    return this.#length;
  }

  /** The peer announced SETTINGS_HEADER_TABLE_SIZE. The next block begins with what RFC 7541 section 4.2 demands. */
  limitTable(peerMax: number): void {
    this.#nextSize = Math.min(this.#bound, peerMax);
    this.#smallestSize = Math.min(this.#smallestSize, this.#nextSize);
  }

  /** Starts a block. */
  begin(): void {
    this.#length = 0;
    if (this.#smallestSize !== this.#table.maxSize) this.#resize(this.#smallestSize);
    if (this.#nextSize !== this.#table.maxSize) this.#resize(this.#nextSize);
    this.#smallestSize = this.#nextSize;
  }

  #resize(size: number): void {
    this.#table.resize(size);
    this.#length = writeInteger(this.#bytes, this.#length, 0x20, 0x1f, size);
  }

  /** Adds one field. never: literal never indexed, in no table (RFC 7541 sections 6.2.3, 7.1.3). */
  field(name: string, value: string, never = false): void {
    // Huffman coding is used only where it is shorter.
    this.#reserve(name.length + value.length + INTEGERS);
    const known = KNOWN_NAMES.get(name) ?? UNKNOWN_NAME;
    const isSecret = never || known.indexing === 'secret';
    const listed = isSecret ? -1 : known.values.indexOf(value);
    if (listed >= 0) {
      this.#indexed(known.index + listed);
    } else if (known.indexing === 'repeats' && !isSecret) {
      this.#repeated(known.index, name, value);
    } else {
      const nameIndex = known.index > 0 ? known.index : this.#table.indexOf(this.#table.newestOf(name));
      if (isSecret) this.#literal(0x10, nameIndex, name, value);
      else if (nameIndex > 0) this.#literal(0, nameIndex, name, value);
      // Once, for the sake of its name.
      else this.#insert(0, name, value, undefined);
    }
  }

  /** Adds a block prepared by `prepareBlock`. */
  prepared(block: Uint8Array): void {
    this.#reserve(block.length);
    this.#bytes.set(block, this.#length);
    this.#length += block.length;
  }

  #repeated(listedName: number, name: string, value: string): void {
    const sameName = this.#table.newestOf(name);
    for (let entry = sameName; entry !== undefined; entry = entry.older) {
      if (entry.value === value) {
        this.#indexed(this.#table.indexOf(entry));
        return;
      }
    }
    this.#insert(listedName > 0 ? listedName : this.#table.indexOf(sameName), name, value, sameName);
  }

  #indexed(index: number): void {
    this.#length = writeInteger(this.#bytes, this.#length, 0x80, 0x7f, index);
  }

  /** Without indexing (pattern 0) or never indexed (0x10). Not Huffman-coded: each one would cost both ends more than it saves. */
  #literal(pattern: number, nameIndex: number, name: string, value: string): void {
    this.#length = writeInteger(this.#bytes, this.#length, pattern, 0x0f, nameIndex);
    if (nameIndex === 0) this.#plain(name);
    this.#plain(value);
  }

  #insert(nameIndex: number, name: string, value: string, sameName: EncoderEntry | undefined): void {
    // One value must not push out everything else.
    if (name.length + value.length + FIELD_OVERHEAD > this.#table.maxSize >>> 1) {
      this.#literal(0, nameIndex, name, value);
      return;
    }
    this.#length = writeInteger(this.#bytes, this.#length, 0x40, 0x3f, nameIndex);
    if (nameIndex === 0) this.#compact(name);
    this.#compact(value);
    this.#table.insert(name, value, sameName);
  }

  #plain(text: string): void {
    const start = writeInteger(this.#bytes, this.#length, 0, 0x7f, text.length);
    this.#length = start + this.#bytes.write(text, start, 'latin1');
  }

  #compact(text: string): void {
    const length = huffmanLength(text);
    if (length >= text.length) {
      this.#plain(text);
      return;
    }
    const start = writeInteger(this.#bytes, this.#length, 0x80, 0x7f, length);
    this.#length = encodeHuffman(text, this.#bytes, start);
  }

  #reserve(octets: number): void {
    const needed = this.#length + octets;
    if (needed <= this.#bytes.length) return;
    const larger = Buffer.allocUnsafeSlow(Math.max(needed, 2 * this.#bytes.length));
    larger.set(this.#bytes.subarray(0, this.#length));
    this.#bytes = larger;
  }
}

/** A block that uses static table and literals without indexing only, so that it is valid on every connection at any time. */
export function prepareBlock(fields: readonly string[]): Uint8Array {
  const encoder = new HpackEncoder(0);
  encoder.begin();
  // Without a table nothing is indexed; the size update that says so belongs to no block of another encoder.
  const start = encoder.length;
  for (let i = 0; i + 1 < fields.length; i += 2) encoder.field(fields[i] ?? '', fields[i + 1] ?? '');
  return Uint8Array.from(encoder.bytes.subarray(start, encoder.length));
}
