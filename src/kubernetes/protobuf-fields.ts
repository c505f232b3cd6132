/** One field of a protobuf message: its number and either its varint value or the bytes of a length-delimited field. */
export type ProtobufField =
  | { readonly number: number; readonly kind: 'varint'; readonly value: number }
  | { readonly number: number; readonly kind: 'bytes'; readonly bytes: Uint8Array };

/**
 * Reads the fields of one message without copying (protobuf.dev/programming-guides/encoding). Fixed-width fields are
 * skipped. Returns `undefined` for anything malformed, for groups and for integers beyond 53 bits.
 */
export function protobufFields(message: Uint8Array): readonly ProtobufField[] | undefined {
  const fields: ProtobufField[] = [];
  const reader = new VarintReader(message);
  while (reader.position < message.length) {
    const tag = reader.next();
    if (tag === undefined) return undefined;
    const number = Math.floor(tag / 8);
    switch (tag % 8) {
      case 0: {
        const value = reader.next();
        if (value === undefined) return undefined;
        fields.push({ number, kind: 'varint', value });
        break;
      }
      case 1:
        reader.position += 8;
        break;
      case 2: {
        const length = reader.next();
        if (length === undefined) return undefined;
        const start = reader.position;
        reader.position += length;
        fields.push({ number, kind: 'bytes', bytes: message.subarray(start, reader.position) });
        break;
      }
      case 5:
        reader.position += 4;
        break;
      default:
        return undefined;
    }
    if (number === 0 || reader.position > message.length) return undefined;
  }
  return fields;
}

class VarintReader {
  position = 0;
  readonly #bytes: Uint8Array;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  next(): number | undefined {
    let value = 0;
    for (let scale = 1; scale <= Number.MAX_SAFE_INTEGER; scale *= 128) {
      const byte = this.#bytes[this.position++];
      if (byte === undefined) return undefined;
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return value <= Number.MAX_SAFE_INTEGER ? value : undefined;
    }
    return undefined;
  }
}
