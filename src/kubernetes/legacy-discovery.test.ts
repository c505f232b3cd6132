import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { DiscoveryDocumentError } from './discovery-document.ts';
import { parseAPIGroup, parseAPIGroupList, parseAPIResourceList, parseAPIVersions } from './legacy-discovery.ts';
import { RECORDED, recordedJson, recordedLegacyFiles } from './testing/recorded-documents.ts';

const PARSERS = {
  APIVersions: parseAPIVersions,
  APIGroupList: parseAPIGroupList,
  APIGroup: parseAPIGroup,
  APIResourceList: parseAPIResourceList,
};

for (const version of RECORDED) {
  test(`every unaggregated document of ${version} is read without loss`, () => {
    const files = recordedLegacyFiles(version);
    assert.ok(files.length > 40);
    for (const file of files) {
      const recorded = recordedJson(version, `legacy/${file}`) as { readonly kind: keyof typeof PARSERS };
      assert.partialDeepStrictEqual(PARSERS[recorded.kind](recorded), withoutTypeMeta(recorded), file);
    }
  });
}

function withoutTypeMeta({ kind, ...document }: { readonly kind: string; readonly apiVersion?: string }): object {
  const { apiVersion, ...rest } = document;
  return kind === 'APIGroup' ? rest : { kind, ...rest };
}

test('a group without a preferred version, and empty lists written as null, are read', () => {
  assert.deepEqual(parseAPIGroup({ kind: 'APIGroup', name: 'g', versions: null, preferredVersion: null }), {
    name: 'g',
    versions: [],
  });
  assert.deepEqual(parseAPIGroupList({ kind: 'APIGroupList', groups: null }).groups, []);
  assert.deepEqual(parseAPIResourceList({ kind: 'APIResourceList', groupVersion: 'g/v1' }).resources, []);
});

for (const [parse, value, path] of [
  [parseAPIVersions, { kind: 'Status' }, '$.kind'],
  [parseAPIVersions, { kind: 'APIVersions', versions: [1] }, '$.versions[0]'],
  [
    parseAPIGroupList,
    { kind: 'APIGroupList', groups: [{ name: 'g', versions: [{}] }] },
    '$.groups[0].versions[0].groupVersion',
  ],
  [parseAPIGroupList, { kind: 'APIGroupList', groups: [{}] }, '$.groups[0].name'],
  [parseAPIGroup, { kind: 'APIGroup', name: 'g', preferredVersion: 'v1' }, '$.preferredVersion'],
  [parseAPIResourceList, { kind: 'APIResourceList' }, '$.groupVersion'],
  [
    parseAPIResourceList,
    { kind: 'APIResourceList', groupVersion: 'v1', resources: [{ name: 'r', namespaced: 'yes' }] },
    '$.resources[0].namespaced',
  ],
] as const) {
  test(`${parse.name} refuses a wrong shape at ${path}`, () => {
    assert.throws(() => parse(value), { name: 'DiscoveryDocumentError', code: 'MVP_DISCOVERY_DOCUMENT', path });
  });
}

test('nothing but DiscoveryDocumentError is thrown, whatever JSON comes', () => {
  const kinds = fc.constantFrom(...Object.keys(PARSERS));
  const fields = fc.dictionary(
    fc.constantFrom('name', 'groupVersion', 'versions', 'groups', 'resources', 'preferredVersion'),
    fc.oneof(fc.jsonValue(), fc.array(fc.dictionary(fc.constantFrom('name', 'version', 'verbs'), fc.jsonValue()))),
  );
  const document = fc.tuple(kinds, fields).map(([kind, rest]): unknown => ({ ...rest, kind }));
  fc.assert(
    fc.property(fc.oneof(fc.jsonValue(), document), (value) => {
      for (const parse of Object.values(PARSERS)) {
        try {
          parse(value);
        } catch (error) {
          if (!(error instanceof DiscoveryDocumentError)) throw error;
        }
      }
    }),
  );
});
