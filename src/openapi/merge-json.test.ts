import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { mergeOpenAPIJson } from './merge-json.ts';
import type { OpenAPIVersion } from './openapi-encoding.ts';

const NAMES = ['/apis/', '/apis/x', 'io.x.A', 'io.x.B', '10', '2', '__proto__', 'a"b\\', 'é'];
const members = fc.dictionary(fc.constantFrom(...NAMES), fc.jsonValue(), { noNullPrototype: true });

const documents: Readonly<Record<OpenAPIVersion, fc.Arbitrary<object>>> = {
  v2: fc.record(
    { swagger: fc.constant('2.0'), info: fc.jsonValue(), paths: members, definitions: members, parameters: members },
    { requiredKeys: ['swagger', 'info', 'paths'], noNullPrototype: true },
  ),
  v3: fc.record(
    {
      openapi: fc.constant('3.0.0'),
      info: fc.jsonValue(),
      paths: members,
      components: fc.record({ schemas: members, securitySchemes: members }, { requiredKeys: ['schemas'] }),
    },
    { requiredKeys: ['openapi', 'info', 'paths'], noNullPrototype: true },
  ),
};

/** What is united, as paths into a document. */
const UNITED: Readonly<Record<OpenAPIVersion, readonly (readonly string[])[]>> = {
  v2: [['paths'], ['definitions'], ['parameters']],
  v3: [['paths'], ['components', 'schemas']],
};

function at(document: unknown, path: readonly string[]): Readonly<Record<string, unknown>> {
  let value: unknown = document;
  for (const key of path) value = (value as Record<string, unknown> | undefined)?.[key];
  return (value ?? {}) as Record<string, unknown>;
}

const merged = (version: OpenAPIVersion, texts: readonly string[]) => JSON.parse(mergeOpenAPIJson(version, texts));

for (const version of ['v2', 'v3'] as const) {
  const texts = fc.array(
    documents[version].map((document) => JSON.stringify(document)),
    { minLength: 1, maxLength: 4 },
  );

  test(`${version}: everything that a document names is there, as the newest document that names it has it`, () => {
    fc.assert(
      fc.property(texts, (newestFirst) => {
        const parsed = newestFirst.map((text) => JSON.parse(text));
        const result = merged(version, newestFirst);
        for (const path of UNITED[version]) {
          const expected = new Map(parsed.toReversed().flatMap((document) => Object.entries(at(document, path))));
          assert.deepEqual(new Map(Object.entries(at(result, path))), expected);
        }
      }),
    );
  });

  test(`${version}: all the rest is the newest document's`, () => {
    fc.assert(
      fc.property(texts, (newestFirst) => {
        const [newest = '{}'] = newestFirst;
        const rest = (text: string) => {
          const { paths, definitions, parameters, components, ...others } = JSON.parse(text);
          return { ...others, securitySchemes: components?.securitySchemes };
        };
        const result = JSON.parse(mergeOpenAPIJson(version, newestFirst));
        if (JSON.parse(newest).components === undefined) delete result.components;
        assert.deepEqual(rest(JSON.stringify(result)), rest(newest));
      }),
    );
  });

  test(`${version}: merging again, or in steps, changes no byte`, () => {
    fc.assert(
      fc.property(texts, texts, (newer, older) => {
        const once = mergeOpenAPIJson(version, [...newer, ...older]);
        assert.equal(mergeOpenAPIJson(version, [once]), once);
        assert.equal(mergeOpenAPIJson(version, [once, ...newer, ...older]), once);
        assert.equal(
          mergeOpenAPIJson(version, [mergeOpenAPIJson(version, newer), mergeOpenAPIJson(version, older)]),
          once,
        );
      }),
    );
  });
}

test('names stand in alphabetical order, whatever the order of the documents that have them', () => {
  const text = (names: readonly string[]) =>
    JSON.stringify({ paths: Object.fromEntries(names.map((name) => [name, {}])) });
  const expected = '{"paths":{"/a":{},"/b":{},"/c":{},"/d":{}}}';
  assert.equal(mergeOpenAPIJson('v3', [text(['/d', '/b']), text(['/c', '/a'])]), expected);
  assert.equal(mergeOpenAPIJson('v3', [text(['/a', '/c']), text(['/b', '/d'])]), expected);
});

test('limits beyond 53 bits are not rounded', () => {
  const document = '{"definitions":{"A":{"maximum":9223372036854775807}}}';
  assert.equal(mergeOpenAPIJson('v2', [document, '{"definitions":{}}']), document);
});

test('what is no object cannot be merged', () => {
  assert.throws(() => mergeOpenAPIJson('v3', ['{"paths":{}}', '[]']), SyntaxError);
  assert.throws(() => mergeOpenAPIJson('v3', ['{"paths":{}}', '{"paths":[]}']), SyntaxError);
});
