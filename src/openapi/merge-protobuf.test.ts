import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { protobufFields } from '../kubernetes/protobuf-fields.ts';
import { mergeOpenAPIProtobuf } from './merge-protobuf.ts';

/** Length-delimited fields as [number, content]; texts and nested messages. */
type Message = readonly (readonly [number, string | Message])[];

function encode(message: Message): Uint8Array {
  return Buffer.concat(
    message.map(([number, content]) => {
      const bytes = typeof content === 'string' ? Buffer.from(content) : encode(content);
      return Buffer.concat([varint(number * 8 + 2), varint(bytes.length), bytes]);
    }),
  );
}

function varint(value: number): Uint8Array {
  return value < 128 ? Uint8Array.of(value) : Uint8Array.of((value % 128) | 0x80, ...varint(Math.floor(value / 128)));
}

type Entries = Readonly<Record<string, string>>;
const named = (number: number, entries: Entries): Message =>
  Object.entries(entries).map(([name, value]) => [
    number,
    [
      [1, name],
      [2, [[3, value]]],
    ],
  ]);

/** openapi_v2.Document and openapi_v3.Document. */
const V2 = (version: string, paths: Entries, definitions: Entries): Message => [
  [1, '2.0'],
  [
    2,
    [
      [1, 'Kubernetes'],
      [2, version],
    ],
  ],
  [8, named(2, paths)],
  [9, named(1, definitions)],
  [12, [[1, 'security']]],
];
const V3 = (version: string, paths: Entries, schemas: Entries): Message => [
  [1, '3.0.0'],
  [
    2,
    [
      [1, 'Kubernetes'],
      [2, version],
    ],
  ],
  [4, named(1, paths)],
  [
    5,
    [
      [1, named(1, schemas)],
      [7, [[1, 'scheme']]],
    ],
  ],
];

const entriesOf = fc.dictionary(fc.constantFrom('a', 'b', 'c', 'd'), fc.string({ maxLength: 300 }), {
  noNullPrototype: true,
});
const contents = fc.array(fc.tuple(entriesOf, entriesOf), { minLength: 1, maxLength: 4 });

function read(bytes: Uint8Array, path: readonly number[]): Map<string, string> {
  let message = bytes;
  for (const number of path.slice(0, -1)) message = only(message, number);
  const last = path.at(-1);
  return new Map(
    fieldsOf(message)
      .filter(({ number }) => number === last)
      .map(({ bytes: entry }) => [text(only(entry, 1)), text(only(only(entry, 2), 3))]),
  );
}

function fieldsOf(message: Uint8Array) {
  return (protobufFields(message) ?? assert.fail('malformed')).flatMap((field) =>
    field.kind === 'bytes' ? [field] : [],
  );
}

function only(message: Uint8Array, number: number): Uint8Array {
  return fieldsOf(message).find((field) => field.number === number)?.bytes ?? new Uint8Array();
}

const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);

for (const [version, make, paths, schemas] of [
  ['v2', V2, [8, 2], [9, 1]],
  ['v3', V3, [4, 1], [5, 1, 1]],
] as const) {
  test(`${version}: everything that a document names is there, as the newest has it, and the rest is the newest's`, () => {
    fc.assert(
      fc.property(contents, (newestFirst) => {
        const documents = newestFirst.map(([some, others], i) => encode(make(`1.${40 - i}`, some, others)));
        const merged = mergeOpenAPIProtobuf(version, documents);
        const union = (side: 0 | 1) => new Map(newestFirst.toReversed().flatMap((both) => Object.entries(both[side])));
        assert.deepEqual(sorted(read(merged, paths)), sorted(union(0)));
        assert.deepEqual(sorted(read(merged, schemas)), sorted(union(1)));
        assert.equal(text(only(only(merged, 2), 2)), '1.40');
        if (version === 'v2') assert.equal(text(only(only(merged, 12), 1)), 'security');
        else assert.equal(text(only(only(only(merged, 5), 7), 1)), 'scheme');
      }),
    );
  });

  test(`${version}: merging again, or in steps, changes no byte`, () => {
    fc.assert(
      fc.property(contents, contents, (newer, older) => {
        const encoded = (some: typeof newer) => some.map(([one, other]) => encode(make('1.37', one, other)));
        const merge = (documents: readonly Uint8Array[]) => Buffer.from(mergeOpenAPIProtobuf(version, documents));
        const once = merge([...encoded(newer), ...encoded(older)]);
        assert.deepEqual(merge([once, ...encoded(older)]), once);
        assert.deepEqual(merge([merge(encoded(newer)), merge(encoded(older))]), once);
      }),
    );
  });
}

test('what is no message cannot be merged', () => {
  assert.throws(() => mergeOpenAPIProtobuf('v2', [encode(V2('1.37', {}, {})), Uint8Array.of(0xff)]), SyntaxError);
});

function sorted(map: ReadonlyMap<string, string>): readonly (readonly [string, string])[] {
  return [...map].sort(([left], [right]) => (left < right ? -1 : 1));
}
