/** Writes one protobuf message. Fields left at their zero value are not written, as proto3 has it. */
export class ProtobufMessage {
  readonly #parts: Uint8Array[] = [];

  text(field: number, value: unknown): this {
    if (typeof value !== 'string' || value === '') return this;
    return this.#delimited(field, Buffer.from(value));
  }

  texts(field: number, values: unknown): this {
    for (const value of Array.isArray(values) ? values : []) this.#delimited(field, Buffer.from(String(value)));
    return this;
  }

  flag(field: number, value: unknown): this {
    return value === true ? this.#push(varint(field * 8), varint(1)) : this;
  }

  /** int64; must not be negative. */
  integer(field: number, value: unknown): this {
    if (typeof value !== 'number' || value <= 0 || !Number.isSafeInteger(value)) return this;
    return this.#push(varint(field * 8), varint(value));
  }

  double(field: number, value: unknown): this {
    if (typeof value !== 'number' || value === 0) return this;
    const bytes = Buffer.alloc(8);
    bytes.writeDoubleLE(value);
    return this.#push(varint(field * 8 + 1), bytes);
  }

  message(field: number, message: ProtobufMessage): this {
    return this.#delimited(field, message.bytes());
  }

  bytes(): Buffer {
    return Buffer.concat(this.#parts);
  }

  #delimited(field: number, value: Uint8Array): this {
    return this.#push(varint(field * 8 + 2), varint(value.length), value);
  }

  #push(...parts: readonly Uint8Array[]): this {
    this.#parts.push(...parts);
    return this;
  }
}

function varint(value: number): Uint8Array {
  const bytes: number[] = [];
  let rest = value;
  while (rest > 0x7f) {
    bytes.push((rest % 0x80) | 0x80);
    rest = Math.floor(rest / 0x80);
  }
  bytes.push(rest);
  return Uint8Array.from(bytes);
}
