import type { WireField } from './wire-fields.ts';

/** Reads a nested message of the given type. */
export type ReadMessage = (octets: Uint8Array, type: string) => unknown;

/** The JSON value of one message; undefined: its field is left out. */
type Special = (fields: readonly WireField[], read: ReadMessage) => unknown;

const META = 'k8s.io.apimachinery.pkg.apis.meta.v1';
const EXTENSIONS = 'k8s.io.apiextensions_apiserver.pkg.apis.apiextensions';

/** Types with a JSON form of their own (their MarshalJSON in Go). */
export const SPECIAL_MESSAGES: ReadonlyMap<string, Special> = new Map<string, Special>([
  [`${META}.Time`, (fields) => time(fields, 0)],
  [`${META}.MicroTime`, (fields) => time(fields, 6)],
  [`${META}.Duration`, (fields) => `${integer(fields, 1)}ns`],
  [`${META}.FieldsV1`, rawJson],
  ['k8s.io.apimachinery.pkg.runtime.RawExtension', rawJson],
  ['k8s.io.apimachinery.pkg.api.resource.Quantity', (fields) => text(fields, 1)],
  [
    'k8s.io.apimachinery.pkg.util.intstr.IntOrString',
    (fields) => (integer(fields, 1) === 0 ? integer(fields, 2) : text(fields, 3)),
  ],
  ...['v1', 'v1beta1'].flatMap((version): [string, Special][] => {
    const schema = `${EXTENSIONS}.${version}.JSONSchemaProps`;
    return [
      [`${EXTENSIONS}.${version}.JSON`, rawJson],
      [`${schema}OrArray`, (fields, read) => oneOrMany(fields, read, schema)],
      [`${schema}OrBool`, (fields, read) => one(fields, 2, read, schema) ?? integer(fields, 1) !== 0],
      [`${schema}OrStringArray`, (fields, read) => one(fields, 1, read, schema) ?? all(fields, 2).map(utf8)],
    ];
  }),
]);

function time(fields: readonly WireField[], digits: 0 | 6): string | undefined {
  const seconds = integer(fields, 1);
  const nanos = integer(fields, 2);
  // Go's zero time is the year 1, and an empty message is a time that was never set.
  if (fields.length === 0 || seconds < -62_135_596_800 + 1) return undefined;
  const whole = new Date(seconds * 1000).toISOString().slice(0, 19);
  return digits === 0 ? `${whole}Z` : `${whole}.${String(Math.floor(nanos / 1000)).padStart(6, '0')}Z`;
}

function rawJson(fields: readonly WireField[]): unknown {
  const raw = all(fields, 1).at(-1);
  return raw === undefined || raw.length === 0 ? undefined : JSON.parse(utf8(raw));
}

function oneOrMany(fields: readonly WireField[], read: ReadMessage, type: string): unknown {
  const many = all(fields, 2);
  return many.length > 0 ? many.map((octets) => read(octets, type)) : one(fields, 1, read, type);
}

function one(fields: readonly WireField[], number: number, read: ReadMessage, type: string): unknown {
  const octets = all(fields, number).at(-1);
  return octets && read(octets, type);
}

function integer(fields: readonly WireField[], number: number): number {
  const value = fields.findLast((field) => field.number === number)?.value;
  return typeof value === 'bigint' ? Number(value) : 0;
}

function text(fields: readonly WireField[], number: number): string {
  const octets = all(fields, number).at(-1);
  return octets === undefined ? '' : utf8(octets);
}

function all(fields: readonly WireField[], number: number): Uint8Array[] {
  return fields
    .filter((field) => field.number === number)
    .flatMap(({ value }) => (value instanceof Uint8Array ? [value] : []));
}

function utf8(octets: Uint8Array): string {
  return Buffer.from(octets.buffer, octets.byteOffset, octets.length).toString('utf8');
}
