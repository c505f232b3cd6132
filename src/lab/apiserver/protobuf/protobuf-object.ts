import type { JsonObject } from '../../api-object.ts';
import { badRequest, unsupportedMediaType } from '../api-error.ts';
import { type FieldRow, type MessageTable, messageTable } from './message-table.ts';
import { SPECIAL_MESSAGES } from './special-messages.ts';
import { packedIntegers, type WireField, wireFields } from './wire-fields.ts';

export const PROTOBUF = 'application/vnd.kubernetes.protobuf';

const ENVELOPE = [0x6b, 0x38, 0x73, 0x00];
const META = 'k8s.io.apimachinery.pkg.apis.meta.v1';

/**
 * The object in a protobuf body, as JSON would hold it: typed clients of client-go send nothing else from 1.32 on, and the
 * rest of the lab reads JSON only. Throws ApiError 400, and 415 for types that have no protobuf form (custom ones).
 */
export async function protobufObject(body: Uint8Array): Promise<JsonObject> {
  const table = await messageTable();
  try {
    return new ProtobufReader(table).envelope(body);
  } catch (error) {
    if (!(error instanceof RangeError || error instanceof SyntaxError)) throw error;
    throw badRequest(`the object provided is unrecognized: the protobuf body cannot be read: ${error.message}`);
  }
}

class ProtobufReader {
  readonly #table: MessageTable;

  constructor(table: MessageTable) {
    this.#table = table;
  }

  /** `k8s\0` and a runtime.Unknown: type in field 1, object in field 2. */
  envelope(body: Uint8Array): JsonObject {
    if (!ENVELOPE.every((octet, i) => body[i] === octet))
      throw new RangeError('it does not begin with "k8s" and a zero');
    const unknown = wireFields(body.subarray(ENVELOPE.length));
    const type = wireFields(octetsOf(unknown, 1));
    const apiVersion = utf8(octetsOf(type, 1));
    const kind = utf8(octetsOf(type, 2));
    const name = this.#nameOf(apiVersion, kind);
    if (name === undefined) throw unsupportedMediaType(['application/json', 'application/yaml']);
    return { kind, apiVersion, ...this.#message(octetsOf(unknown, 2), name) };
  }

  /** Options such as DeleteOptions belong to every group. */
  #nameOf(apiVersion: string, kind: string): string | undefined {
    const home = this.#table.packages[apiVersion.includes('/') ? apiVersion : `/${apiVersion}`];
    return [`${home}.${kind}`, `${META}.${kind}`].find((name) => this.#table.messages[name] !== undefined);
  }

  #message(octets: Uint8Array, name: string): JsonObject {
    const message = this.#table.messages[name];
    if (message === undefined || 'items' in message) throw new RangeError(`the type ${name} is unknown`);
    const rows = new Map(message.map((row) => [row[0], row]));
    const object: Record<string, unknown> = {};
    for (const field of wireFields(octets)) {
      const row = rows.get(field.number);
      // A client may be newer than what is known here; JSON's unknown fields are dropped as well.
      if (row !== undefined) this.#add(object, row, field.value);
    }
    return object;
  }

  #add(object: Record<string, unknown>, [, json, type, marks]: FieldRow, value: WireField['value']): void {
    if (json === null) {
      if (value instanceof Uint8Array) Object.assign(object, this.#message(value, type));
      return;
    }
    if (marks.includes('m')) {
      const entry = wireFields(bytes(value));
      const key = utf8(octetsOf(entry, 1));
      const content = entry.find(({ number }) => number === 2)?.value ?? new Uint8Array();
      object[json] = { ...(object[json] as JsonObject | undefined), [key]: this.#value(content, type) };
    } else if (marks.includes('l')) {
      const packed = value instanceof Uint8Array && /^(int|bool)/.test(type) ? packedIntegers(value) : [value];
      const known = object[json] as readonly unknown[] | undefined;
      object[json] = [...(known ?? []), ...packed.map((each) => this.#value(each, type))];
    } else {
      const read = this.#value(value, type);
      if (read !== undefined && !(marks.includes('z') && isZero(read))) object[json] = read;
    }
  }

  #value(value: WireField['value'], type: string): unknown {
    switch (type) {
      case 'string':
        return utf8(bytes(value));
      case 'bytes':
        return Buffer.from(bytes(value)).toString('base64');
      case 'bool':
        return value !== 0n;
      case 'double':
      case 'int32':
      case 'int64':
        return Number(value);
      default:
        return this.#nested(bytes(value), type);
    }
  }

  #nested(octets: Uint8Array, type: string): unknown {
    const special = SPECIAL_MESSAGES.get(type);
    if (special !== undefined) return special(wireFields(octets), (inner, name) => this.#message(inner, name));
    const message = this.#table.messages[type];
    if (message !== undefined && 'items' in message) {
      return wireFields(octets).map(({ value }) => this.#value(value, message.items));
    }
    return this.#message(octets, type);
  }
}

function isZero(value: unknown): boolean {
  return value === '' || value === 0 || value === false;
}

function octetsOf(fields: readonly WireField[], number: number): Uint8Array {
  const value = fields.findLast((field) => field.number === number)?.value;
  return value instanceof Uint8Array ? value : new Uint8Array();
}

function bytes(value: WireField['value']): Uint8Array {
  if (value instanceof Uint8Array) return value;
  throw new RangeError('a number stands where a text or an object is expected');
}

function utf8(octets: Uint8Array): string {
  return Buffer.from(octets.buffer, octets.byteOffset, octets.length).toString('utf8');
}
