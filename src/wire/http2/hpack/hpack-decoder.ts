import { DecoderTable } from './decoder-table.ts';
import { HeaderField } from './header-field.ts';
import { HpackError } from './hpack-error.ts';
import { type Cursor, readInteger } from './integer.ts';
import { STATIC_LENGTH, STATIC_TABLE } from './static-table.ts';
import { readString } from './string-literal.ts';

export interface HeaderBlock {
  /** name, value, … in wire order, pseudo-header fields included. Octets as latin1 strings. */
  readonly fields: string[];
  /** Names of fields that came as never-indexed literals (RFC 7541 section 6.2.3), as received; undefined: none. */
  readonly neverIndexed: string[] | undefined;
  /** A field broke `isValid`: the message is malformed, though the block was decoded to keep the table in step. */
  readonly isMalformed: boolean;
  /** The list was larger than the limits: the block was decoded to its end, but fields beyond the limit were dropped. */
  readonly isTooLarge: boolean;
}

export interface HpackDecoderOptions {
  /** SETTINGS_HEADER_TABLE_SIZE we announce, at least 4096; the peer's size updates may not exceed it. */
  readonly maxTableSize: number;
  /** Bound of the list's size, name + value + 32 octets per field (RFC 9113 section 6.5.2). */
  readonly maxListSize: number;
  /** Bound of the number of fields. */
  readonly maxFields: number;
  /** Called once per literal, never again for what is indexed from the dynamic table. */
  readonly isValid: (name: string, value: string) => boolean;
}

const NO_BYTES = Buffer.alloc(0);

class Block implements HeaderBlock {
  readonly fields: string[] = [];
  neverIndexed: string[] | undefined = undefined;
  isMalformed = false;
  isTooLarge = false;
  size = 0;
}

/** Shorter ones are decoded as fast as compared. */
const LONG_SECRET = 64;

/** Decodes the header blocks of one direction of one connection, in the order in which they arrive (RFC 7541). */
export class HpackDecoder {
  readonly #maxTableSize: number;
  readonly #maxListSize: number;
  readonly #maxLength: number;
  readonly #maxString: number;
  readonly #isValid: (name: string, value: string) => boolean;
  readonly #table = new DecoderTable();
  #lastSecret: { readonly octets: Buffer; readonly field: HeaderField } | undefined;
  readonly #cursor: Cursor = { bytes: NO_BYTES, position: 0, end: 0 };

  constructor(options: HpackDecoderOptions) {
    this.#maxTableSize = options.maxTableSize;
    this.#maxListSize = options.maxListSize;
    this.#maxLength = 2 * options.maxFields;
    // What the table must hold is decoded even where no list could hold it.
    this.#maxString = Math.max(options.maxListSize, options.maxTableSize);
    this.#isValid = options.isValid;
  }

  /** Decodes one whole block, bytes[start..end). Throws HpackError, after which the decoder is of no more use. */
  decode(bytes: Buffer, start: number, end: number): HeaderBlock {
    const cursor = this.#cursor;
    cursor.bytes = bytes;
    cursor.position = start;
    cursor.end = end;
    const block = new Block();
    let mayResize = true;
    while (cursor.position < end) {
      const first = bytes[cursor.position] ?? 0;
      if (first >= 0x80) {
        this.#collect(block, this.#indexed(readInteger(cursor, 0x7f)));
      } else if (first >= 0x40) {
        const field = this.#literal(0x3f, this.#maxString);
        this.#table.insert(field);
        this.#collect(block, field);
      } else if (first >= 0x20) {
        if (!mayResize) throw new HpackError('a table size update follows a field (RFC 7541 section 4.2)');
        this.#resize(readInteger(cursor, 0x1f));
        continue;
      } else {
        const limit = block.isTooLarge ? 0 : this.#maxString;
        const field = first >= 0x10 ? this.#secret(limit) : this.#literal(0x0f, limit);
        this.#collect(block, field);
        if (first >= 0x10 && field !== undefined && !block.isTooLarge) {
          if (block.neverIndexed === undefined) block.neverIndexed = [field.name];
          else block.neverIndexed.push(field.name);
        }
      }
      mayResize = false;
    }
    // An idle connection need not keep what it read last.
    cursor.bytes = NO_BYTES;
    return block;
  }

  #collect(block: Block, field: HeaderField | undefined): void {
    if (block.isTooLarge) return;
    if (field === undefined || block.size + field.size > this.#maxListSize || block.fields.length >= this.#maxLength) {
      block.isTooLarge = true;
      return;
    }
    block.size += field.size;
    block.fields.push(field.name, field.value);
    if (!field.isValid) block.isMalformed = true;
  }

  #indexed(index: number): HeaderField {
    const field = this.#entry(index);
    // Appendix A lists names without a value: such a field nobody has checked, and `transfer-encoding` is among them.
    if (index > STATIC_LENGTH || field.value !== '') return field;
    return new HeaderField(field.name, '', this.#isValid(field.name, ''));
  }

  #entry(index: number): HeaderField {
    const field = index <= STATIC_LENGTH ? STATIC_TABLE[index] : this.#table.get(index - STATIC_LENGTH - 1);
    if (field === undefined) throw new HpackError(`index ${index} is in no table (RFC 7541 section 2.3.3)`);
    return field;
  }

  /**
   * A literal that must not be indexed (RFC 7541 section 6.2.3), be it a credential: its sender spells it out in every request,
   * in the same octets.
   */
  #secret(limit: number): HeaderField | undefined {
    const cursor = this.#cursor;
    const { bytes, position: start } = cursor;
    const last = this.#lastSecret;
    if (last !== undefined && limit > 0) {
      const end = start + last.octets.length;
      if (end <= cursor.end && last.octets.compare(bytes, start, end) === 0) {
        cursor.position = end;
        return last.field;
      }
    }
    const nameIndex = (bytes[start] ?? 0) & 0x0f;
    const field = this.#literal(0x0f, limit);
    const length = cursor.position - start;
    // A name of the dynamic table need not be the same one next time; its index takes more than these bits or all of them.
    const isLasting = nameIndex < 0x0f || STATIC_LENGTH >= 0x0f + (bytes[start + 1] ?? 0);
    if (field !== undefined && isLasting && length >= LONG_SECRET) {
      this.#lastSecret = { octets: Buffer.from(bytes.subarray(start, cursor.position)), field };
    }
    return field;
  }

  /** A literal (RFC 7541 section 6.2) whose name's index is in the bits `mask`. `undefined`: a string above `limit`. */
  #literal(mask: number, limit: number): HeaderField | undefined {
    const cursor = this.#cursor;
    const index = readInteger(cursor, mask);
    const name = index === 0 ? readString(cursor, limit) : this.#entry(index).name;
    const value = readString(cursor, limit);
    if (name === undefined || value === undefined) return undefined;
    return new HeaderField(name, value, this.#isValid(name, value));
  }

  #resize(size: number): void {
    if (size > this.#maxTableSize) {
      throw new HpackError(
        `a table of ${size} octets exceeds the ${this.#maxTableSize} allowed (RFC 7541 section 6.3)`,
      );
    }
    this.#table.resize(size);
  }
}
