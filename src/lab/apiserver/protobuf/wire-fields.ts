/** A field as it stands on the wire: a varint as its 64 bits, a fixed64, or bytes. */
export interface WireField {
  readonly number: number;
  readonly value: bigint | number | Uint8Array;
}

/**
 * The fields of one message in order (protobuf.dev/programming-guides/encoding); integers as signed 64-bit ones, fixed64
 * as a double, which is the only one that Kubernetes has. Throws RangeError for anything malformed.
 */
export function wireFields(message: Uint8Array): readonly WireField[] {
  const fields: WireField[] = [];
  const cursor = { at: 0 };
  while (cursor.at < message.length) {
    const tag = Number(varint(message, cursor));
    const number = tag >>> 3;
    switch (tag & 7) {
      case 0:
        fields.push({ number, value: BigInt.asIntN(64, varint(message, cursor)) });
        break;
      case 1: {
        const octets = take(message, cursor, 8);
        fields.push({ number, value: new DataView(octets.buffer, octets.byteOffset).getFloat64(0, true) });
        break;
      }
      case 2:
        fields.push({ number, value: take(message, cursor, Number(varint(message, cursor))) });
        break;
      default:
        throw new RangeError(`field ${number} has wire type ${tag & 7}, which Kubernetes does not use`);
    }
  }
  return fields;
}

/** The integers of a packed list. */
export function packedIntegers(octets: Uint8Array): bigint[] {
  const values: bigint[] = [];
  for (const cursor = { at: 0 }; cursor.at < octets.length; ) values.push(BigInt.asIntN(64, varint(octets, cursor)));
  return values;
}

function varint(octets: Uint8Array, cursor: { at: number }): bigint {
  let value = 0n;
  for (let shift = 0n; shift < 70n; shift += 7n) {
    const octet = octets[cursor.at++];
    if (octet === undefined) throw new RangeError('an integer ends early');
    value |= BigInt(octet & 0x7f) << shift;
    if (octet < 0x80) return value;
  }
  throw new RangeError('an integer is longer than ten octets');
}

function take(octets: Uint8Array, cursor: { at: number }, length: number): Uint8Array {
  const start = cursor.at;
  cursor.at += length;
  if (cursor.at > octets.length) throw new RangeError('a field is longer than its message');
  return octets.subarray(start, cursor.at);
}
