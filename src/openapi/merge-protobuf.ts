import { type ProtobufField, protobufFields } from '../kubernetes/protobuf-fields.ts';
import type { OpenAPIVersion } from './openapi-encoding.ts';

/**
 * What is united of a message, by field number: `entries` are repeated messages whose first field is their name; other
 * fields are messages that are themselves united. Everything else is the newest's.
 */
interface Plan {
  readonly entries?: number;
  readonly messages?: ReadonlyMap<number, Plan>;
}

/** As github.com/google/gnostic-models has it: openapiv2/OpenAPIv2.proto and openapiv3/OpenAPIv3.proto. */
const PLANS: Readonly<Record<OpenAPIVersion, Plan>> = {
  v2: {
    messages: new Map([
      [8, { entries: 2 }], // paths
      [9, { entries: 1 }], // definitions
      [10, { entries: 1 }], // parameters
    ]),
  },
  v3: {
    messages: new Map<number, Plan>([
      [4, { entries: 1 }], // paths
      [5, { messages: new Map([[1, { entries: 1 }]]) }], // components, and in them schemas
    ]),
  },
};

const NAME = 1;
const LENGTH_DELIMITED = 2;

/** As `mergeOpenAPIJson`, of documents in protobuf. Throws SyntaxError for what is not such a message. */
export function mergeOpenAPIProtobuf(version: OpenAPIVersion, documents: readonly Uint8Array[]): Uint8Array {
  return joined(unite(documents, PLANS[version]));
}

/** The pieces of the united message. */
function unite(messages: readonly Uint8Array[], { entries, messages: inner }: Plan): Uint8Array[] {
  const [newest = [], ...others] = messages.map(fieldsOf);
  const merged = [...(inner ?? [])].flatMap(([number, plan]) => {
    const values = [newest, ...others].flatMap((fields) => bytesOf(fields, number));
    return values.length === 0 ? [] : [encodeBytes(number, unite(values, plan))];
  });
  const kept = newest
    .filter(({ number }) => number !== entries && inner?.has(number) !== true)
    .map((field) => (field.kind === 'bytes' ? encodeBytes(field.number, [field.bytes]) : encodeVarint(field)));
  return [...kept, ...(entries === undefined ? [] : unionOf([newest, ...others], entries)), ...merged].flat();
}

function unionOf(messages: readonly (readonly ProtobufField[])[], entries: number): Uint8Array[][] {
  const byName = new Map<string, Uint8Array>();
  for (const fields of messages) {
    for (const entry of bytesOf(fields, entries)) {
      const [name] = bytesOf(fieldsOf(entry), NAME);
      const text = new TextDecoder().decode(name);
      if (!byName.has(text)) byName.set(text, entry);
    }
  }
  return [...byName]
    .sort(([left], [right]) => (left < right ? -1 : 1))
    .map(([, entry]) => encodeBytes(entries, [entry]));
}

function fieldsOf(message: Uint8Array): readonly ProtobufField[] {
  const fields = protobufFields(message);
  if (fields === undefined) throw new SyntaxError('not a protobuf message');
  return fields;
}

function bytesOf(fields: readonly ProtobufField[], number: number): Uint8Array[] {
  return fields.flatMap((field) => (field.number === number && field.kind === 'bytes' ? [field.bytes] : []));
}

function encodeBytes(number: number, pieces: readonly Uint8Array[]): Uint8Array[] {
  const length = pieces.reduce((sum, piece) => sum + piece.length, 0);
  return [Uint8Array.of(...varint(number * 8 + LENGTH_DELIMITED), ...varint(length)), ...pieces];
}

function encodeVarint({ number, value }: Extract<ProtobufField, { kind: 'varint' }>): Uint8Array[] {
  return [Uint8Array.of(...varint(number * 8), ...varint(value))];
}

function varint(value: number): number[] {
  const bytes: number[] = [];
  for (let rest = value; ; rest = Math.floor(rest / 128)) {
    if (rest < 128) return [...bytes, rest];
    bytes.push((rest % 128) | 0x80);
  }
}

function joined(pieces: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(pieces.reduce((sum, piece) => sum + piece.length, 0));
  let at = 0;
  for (const piece of pieces) {
    bytes.set(piece, at);
    at += piece.length;
  }
  return bytes;
}
