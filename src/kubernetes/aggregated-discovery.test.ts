import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type APIGroupDiscoveryList, parseAggregatedDiscovery } from './aggregated-discovery.ts';
import { DiscoveryDocumentError } from './discovery-document.ts';
import { RECORDED, recordedJson } from './testing/recorded-documents.ts';

const document = (items: unknown) => ({
  kind: 'APIGroupDiscoveryList',
  apiVersion: 'apidiscovery.k8s.io/v2',
  metadata: {},
  items,
});

for (const version of RECORDED) {
  for (const file of ['api-v2.json', 'apis-v2.json']) {
    test(`${file} of ${version} is read without loss`, () => {
      const recorded = recordedJson(version, file) as APIGroupDiscoveryList;
      const expected = recorded.items.map((group) => ({ ...group, metadata: { name: group.metadata.name ?? '' } }));
      assert.deepEqual(parseAggregatedDiscovery(recorded).items, expected);
    });
  }
}

test('v2beta1 is read as v2 is', () => {
  const v2 = parseAggregatedDiscovery(recordedJson('1.36.3', 'apis-v2.json'));
  const v2beta1 = parseAggregatedDiscovery({ ...v2, apiVersion: 'apidiscovery.k8s.io/v2beta1' });
  assert.deepEqual(v2beta1, { ...v2, apiVersion: 'apidiscovery.k8s.io/v2beta1' });
});

test('null and absent fields are empty ones, unknown fields and metadata are left out', () => {
  const read = parseAggregatedDiscovery(
    document([
      {
        metadata: { name: 'g', creationTimestamp: null, labels: { a: 'b' } },
        versions: [
          {
            version: 'v1',
            later: true,
            resources: [{ resource: 'r', responseKind: null, verbs: null, shortNames: [], subresources: null }],
          },
        ],
      },
      { metadata: {} },
    ]),
  );
  assert.deepEqual(read.items, [
    {
      metadata: { name: 'g' },
      versions: [{ version: 'v1', resources: [{ resource: 'r', scope: '', singularResource: '', verbs: [] }] }],
    },
    { metadata: { name: '' } },
  ]);
});

test('fields come in the order of Go, whatever the order in the answer', () => {
  const resource = {
    subresources: [{ verbs: ['get'], acceptedTypes: [{ kind: 'K', version: 'v1', group: 'g' }], subresource: 's' }],
    verbs: ['get'],
    scope: 'Cluster',
    singularResource: '',
    responseKind: { kind: 'K', group: '', version: '' },
    resource: 'r',
  };
  const read = parseAggregatedDiscovery(document([{ versions: [{ resources: [resource], version: 'v1' }] }]));
  assert.equal(
    JSON.stringify(read.items[0]?.versions?.[0]),
    '{"version":"v1","resources":[{"resource":"r","responseKind":{"group":"","version":"","kind":"K"},"scope":"Cluster",' +
      '"singularResource":"","verbs":["get"],"subresources":[{"subresource":"s","acceptedTypes":' +
      '[{"group":"g","version":"v1","kind":"K"}],"verbs":["get"]}]}]}',
  );
});

test('half a surrogate pair is replaced, as Go does when it decodes', () => {
  const read = parseAggregatedDiscovery(JSON.parse(JSON.stringify(document([{ metadata: { name: 'a\ud800' } }]))));
  assert.equal(read.items[0]?.metadata.name, 'a\ufffd');
});

test('any freshness but Stale is Current, as for client-go', () => {
  const versions = ['Current', 'Stale', 'Fresh'].map((freshness) => ({ version: freshness, freshness }));
  const read = parseAggregatedDiscovery(document([{ versions }]));
  assert.deepEqual(
    read.items[0]?.versions?.map(({ freshness }) => freshness),
    ['Current', 'Stale', 'Current'],
  );
});

const resources = (...list: unknown[]) => document([{ versions: [{ version: 'v1', resources: list }] }]);

for (const [value, path, expected] of [
  [null, '$', 'an object'],
  [[], '$', 'an object'],
  [{ kind: 'APIGroupList', groups: [] }, '$.kind', '"APIGroupDiscoveryList"'],
  [{ ...document([]), apiVersion: 'apidiscovery.k8s.io/v3' }, '$.apiVersion', /v2beta1/],
  [document({}), '$.items', 'an array'],
  [{ kind: 'APIGroupDiscoveryList', apiVersion: 'apidiscovery.k8s.io/v2' }, '$.items', 'an array'],
  [document([1]), '$.items[0]', 'an object'],
  [document([{ metadata: 'x' }]), '$.items[0].metadata', 'an object'],
  [document([{ versions: [{}] }]), '$.items[0].versions[0].version', 'a string'],
  [resources({ resource: 'r' }, { resource: 1 }), '$.items[0].versions[0].resources[1].resource', 'a string'],
  [resources({ resource: 'r', verbs: ['get', 2] }), '$.items[0].versions[0].resources[0].verbs[1]', 'a string'],
  [resources({ resource: 'r', responseKind: [] }), '$.items[0].versions[0].resources[0].responseKind', 'an object'],
  [
    resources({ resource: 'r', subresources: [{ subresource: null }] }),
    '$.items[0].versions[0].resources[0].subresources[0].subresource',
    'a string',
  ],
  [resources({ resource: 'r'.repeat(1025) }), '$.items[0].versions[0].resources[0].resource', /1024/],
  [document(Array(10_001).fill({})), '$.items', /10000 entries/],
] as const) {
  test(`a wrong shape at ${path} is refused, asking for ${expected}`, () => {
    assert.throws(
      () => parseAggregatedDiscovery(value),
      (error) => {
        assert.ok(error instanceof DiscoveryDocumentError);
        assert.equal(error.code, 'MVP_DISCOVERY_DOCUMENT');
        assert.equal(error.path, path);
        if (expected instanceof RegExp) assert.match(error.expected, expected);
        else assert.equal(error.expected, expected);
        assert.ok(error.message.includes(path));
        return true;
      },
    );
  });
}

test('the whole document is bounded, not only each list', () => {
  const verbs = Array(10_000).fill('get');
  const list = Array(60).fill({ resource: 'r', verbs });
  assert.throws(() => parseAggregatedDiscovery(resources(...list)), /500000 in a document/);
});

test('nothing but DiscoveryDocumentError is thrown, whatever JSON comes', () => {
  const recorded = JSON.stringify(recordedJson('1.36.3', 'api-v2.json'));
  const spoilt = fc.tuple(fc.nat(), fc.jsonValue()).map(([nth, value]) => {
    let count = 0;
    const at = nth % 1500;
    return JSON.parse(recorded, (_, original) => (count++ === at ? value : original)) as unknown;
  });
  fc.assert(
    fc.property(fc.oneof(fc.jsonValue(), spoilt, fc.jsonValue().map(document)), (value) => {
      try {
        const { items } = parseAggregatedDiscovery(value);
        assert.deepEqual(parseAggregatedDiscovery(document(items)).items, items);
      } catch (error) {
        if (!(error instanceof DiscoveryDocumentError)) throw error;
      }
    }),
  );
});
