import { HUFFMAN_CODES, STATIC_TABLE } from './hpack-tables.ts';

/** An integer with a prefix of `bits` bits; `first` holds what stands in front of it (RFC 7541 section 5.1). */
export function integer(value: number, bits: number, first = 0): Buffer {
  const most = 2 ** bits - 1;
  if (value < most) return Buffer.from([first | value]);
  const octets = [first | most];
  let rest = value - most;
  for (; rest >= 128; rest = Math.floor(rest / 128)) octets.push((rest % 128) | 128);
  octets.push(rest);
  return Buffer.from(octets);
}

/** A string literal without Huffman coding (RFC 7541 section 5.2). */
export function string(text: string): Buffer {
  const octets = Buffer.from(text, 'latin1');
  return Buffer.concat([integer(octets.byteLength, 7), octets]);
}

/** Literals without indexing (RFC 7541 section 6.2.2) of names and values in turn. */
export function literalBlock(fields: readonly string[]): Buffer {
  return Buffer.concat(fields.flatMap((text, i) => (i % 2 === 0 ? [Buffer.from([0]), string(text)] : [string(text)])));
}

/** A literal that enters the dynamic table (section 6.2.1). */
export const indexedLiteral = (name: string, value: string): Buffer =>
  Buffer.concat([Buffer.from([0x40]), string(name), string(value)]);

/** Section 6.1. */
export const indexed = (index: number): Buffer => integer(index, 7, 0x80);

/** Section 6.3. */
export const sizeUpdate = (size: number): Buffer => integer(size, 5, 0x20);

/** A second reading of RFC 7541, so that what an engine encodes is not judged by its own decoder. */
export class HpackDecoder {
  readonly #table: (readonly [string, string])[] = [];
  #size = 0;
  #capacity = 4096;

  /** Names and values in turn; throws for a block that is none. */
  decode(block: Buffer): string[] {
    const reader = new BlockReader(block);
    const fields: string[] = [];
    while (!reader.done) {
      const first = reader.peek();
      if (first >= 0x80) fields.push(...this.#entry(reader.integer(7)));
      else if (first >= 0x40) {
        const field = this.#literal(reader, 6);
        this.#add(field);
        fields.push(...field);
      } else if (first >= 0x20) this.#resize(reader.integer(5));
      else fields.push(...this.#literal(reader, 4));
    }
    return fields;
  }

  #literal(reader: BlockReader, bits: number): readonly [string, string] {
    const index = reader.integer(bits);
    const name = index === 0 ? reader.string() : this.#entry(index)[0];
    return [name, reader.string()];
  }

  #entry(index: number): readonly [string, string] {
    const entry = index > STATIC_TABLE.length ? this.#table[index - STATIC_TABLE.length - 1] : STATIC_TABLE[index - 1];
    if (entry === undefined) throw new RangeError(`HPACK index ${index}`);
    return entry;
  }

  #add(field: readonly [string, string]): void {
    this.#table.unshift(field);
    this.#size += sizeOf(field);
    this.#evict();
  }

  #resize(capacity: number): void {
    this.#capacity = capacity;
    this.#evict();
  }

  #evict(): void {
    while (this.#size > this.#capacity) {
      const last = this.#table.pop();
      if (last === undefined) return;
      this.#size -= sizeOf(last);
    }
  }
}

const sizeOf = ([name, value]: readonly [string, string]): number => name.length + value.length + 32;

class BlockReader {
  readonly #block: Buffer;
  #at = 0;

  constructor(block: Buffer) {
    this.#block = block;
  }

  get done(): boolean {
    return this.#at >= this.#block.byteLength;
  }

  peek(): number {
    return this.#block.readUInt8(this.#at);
  }

  integer(bits: number): number {
    const most = 2 ** bits - 1;
    let value = this.#next() & most;
    if (value < most) return value;
    for (let unit = 1; ; unit *= 128) {
      const octet = this.#next();
      value += (octet & 127) * unit;
      if (octet < 128) return value;
    }
  }

  string(): string {
    const isHuffman = this.peek() >= 0x80;
    const length = this.integer(7);
    if (this.#at + length > this.#block.byteLength) throw new RangeError('HPACK string beyond its block');
    const octets = this.#block.subarray(this.#at, this.#at + length);
    this.#at += length;
    return isHuffman ? fromHuffman(octets) : octets.toString('latin1');
  }

  #next(): number {
    const octet = this.#block.readUInt8(this.#at);
    this.#at += 1;
    return octet;
  }
}

function fromHuffman(octets: Buffer): string {
  let text = '';
  let code = 0;
  let bits = 0;
  for (const octet of octets) {
    for (let mask = 0x80; mask > 0; mask >>= 1) {
      code = code * 2 + ((octet & mask) === 0 ? 0 : 1);
      bits += 1;
      const decoded = HUFFMAN_CODES.get(`${bits}:${code}`);
      if (decoded === undefined) continue;
      text += String.fromCharCode(decoded);
      code = 0;
      bits = 0;
    }
  }
  if (bits > 7 || code !== 2 ** bits - 1) throw new RangeError('HPACK Huffman padding');
  return text;
}
