import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseAggregatedDiscovery } from './aggregated-discovery.ts';
import { aggregateLegacyDiscovery, aggregateResourceList, type LegacyVersionAnswer } from './legacy-conversion.ts';
import { parseAPIGroupList, parseAPIResourceList, parseAPIVersions } from './legacy-discovery.ts';
import { RECORDED, type RecordedVersion, recordedJson, recordedLegacyFiles } from './testing/recorded-documents.ts';

const resourceList = (groupVersion: string, ...resources: object[]) =>
  parseAPIResourceList({ kind: 'APIResourceList', groupVersion, resources });

const served = (groupVersion: string, ...resources: object[]): [string, LegacyVersionAnswer] => [
  groupVersion,
  { kind: 'served', list: resourceList(groupVersion, ...resources) },
];

const core = (...versions: string[]) => parseAPIVersions({ kind: 'APIVersions', versions });

const groupList = (groups: Record<string, string[]>) =>
  parseAPIGroupList({
    kind: 'APIGroupList',
    groups: Object.entries(groups).map(([name, versions]) => ({
      name,
      versions: versions.map((version) => ({ groupVersion: `${name}/${version}`, version })),
    })),
  });

function recordedAnswers(version: RecordedVersion): Map<string, LegacyVersionAnswer> {
  const answers = new Map<string, LegacyVersionAnswer>();
  for (const file of recordedLegacyFiles(version)) {
    const document = recordedJson(version, `legacy/${file}`) as { readonly kind: string };
    if (document.kind !== 'APIResourceList') continue;
    const list = parseAPIResourceList(document);
    answers.set(list.groupVersion, { kind: 'served', list });
  }
  return answers;
}

for (const version of RECORDED) {
  test(`the unaggregated documents of ${version} convert to its own aggregated ones`, () => {
    const versions = parseAPIVersions(recordedJson(version, 'legacy/api.json'));
    const groups = parseAPIGroupList(recordedJson(version, 'legacy/apis.json'));
    const listed = new Set(groups.groups.map(({ name }) => name));
    // 1.37.2 was recorded after an older server had deleted the APIService behind storagemigration.k8s.io from `/apis`.
    const native = parseAggregatedDiscovery(recordedJson(version, 'apis-v2.json')).items.filter(
      ({ metadata: { name } }) => listed.has(name),
    );
    const converted = aggregateLegacyDiscovery(versions, groups, recordedAnswers(version));
    assert.deepEqual(converted.api, parseAggregatedDiscovery(recordedJson(version, 'api-v2.json')).items);
    assert.deepEqual(converted.apis, native);
    assert.equal(JSON.stringify(converted.apis), JSON.stringify(native));
    assert.deepEqual(converted.rejected, []);
  });
}

test('a group-version that /apis lacks but the server serves is included', () => {
  const { api, apis } = aggregateLegacyDiscovery(
    core('v1'),
    groupList({ apps: ['v1'], batch: ['v1beta1'] }),
    new Map([
      served('v1'),
      served('apps/v1'),
      served('batch/v1beta1'),
      served('z/v1'),
      served('batch/v1'),
      served('b/v1'),
    ]),
  );
  assert.deepEqual(
    api.map(({ metadata, versions }) => [metadata.name, versions?.map(({ version }) => version)]),
    [['', ['v1']]],
  );
  assert.deepEqual(
    apis.map(({ metadata, versions }) => [metadata.name, versions?.map(({ version }) => version)]),
    [
      ['apps', ['v1']],
      ['batch', ['v1', 'v1beta1']],
      ['b', ['v1']],
      ['z', ['v1']],
    ],
  );
});

test('a group-version that /apis names but the server does not serve is left out', () => {
  const { apis } = aggregateLegacyDiscovery(
    core(),
    groupList({ apps: ['v1', 'v2'], batch: ['v1'] }),
    new Map<string, LegacyVersionAnswer>([
      served('apps/v1'),
      ['apps/v2', { kind: 'absent' }],
      ['batch/v1', { kind: 'absent' }],
    ]),
  );
  assert.deepEqual(apis, [{ metadata: { name: 'apps' }, versions: [{ version: 'v1', freshness: 'Current' }] }]);
});

test('a group-version without an answer is Stale', () => {
  const { api, apis } = aggregateLegacyDiscovery(
    core('v1'),
    groupList({ apps: ['v1'] }),
    new Map([['apps/v1', { kind: 'unavailable' }]]),
  );
  assert.deepEqual(api, [{ metadata: { name: '' }, versions: [{ version: 'v1', freshness: 'Stale' }] }]);
  assert.deepEqual(apis, [{ metadata: { name: 'apps' }, versions: [{ version: 'v1', freshness: 'Stale' }] }]);
});

test('the preferred version comes first', () => {
  const preferredVersion = { groupVersion: 'g/v1', version: 'v1' };
  const versions = ['v2', 'v1'].map((version) => ({ groupVersion: `g/${version}`, version }));
  const groups = parseAPIGroupList({ kind: 'APIGroupList', groups: [{ name: 'g', versions, preferredVersion }] });
  const { apis } = aggregateLegacyDiscovery(core(), groups, new Map([served('g/v1'), served('g/v2')]));
  assert.deepEqual(
    apis[0]?.versions?.map(({ version }) => version),
    ['v1', 'v2'],
  );
});

test('a subresource whose parent is not listed gets one without a kind', () => {
  const entry = { name: 'machines/console/log', namespaced: true, kind: '', verbs: ['get'] };
  const empty = { group: '', version: '', kind: '' };
  assert.deepEqual(aggregateResourceList('v1', resourceList('g/v1', entry)), {
    version: 'v1',
    resources: [
      {
        resource: 'machines',
        responseKind: empty,
        scope: 'Namespaced',
        singularResource: '',
        verbs: [],
        subresources: [{ subresource: 'console/log', responseKind: empty, verbs: ['get'] }],
      },
    ],
    freshness: 'Current',
  });
});

test('a parent may follow its subresources', () => {
  const { resources } = aggregateResourceList(
    'v1',
    resourceList('g/v1', { name: 'a/status', kind: 'A', verbs: ['get'] }, { name: 'a', kind: 'A', verbs: ['list'] }),
  );
  assert.deepEqual(
    resources?.map(({ resource, verbs, subresources }) => [resource, verbs, subresources?.length]),
    [['a', ['list'], 1]],
  );
});

test('a list whose subresource has another scope than its parent is rejected without harm to others', () => {
  const { apis, rejected } = aggregateLegacyDiscovery(
    core(),
    groupList({ good: ['v1'], bad: ['v1'] }),
    new Map([
      served('good/v1', { name: 'a', kind: 'A', verbs: [] }),
      served(
        'bad/v1',
        { name: 'a', namespaced: true, kind: 'A', verbs: [] },
        { name: 'a/status', kind: 'A', verbs: [] },
      ),
    ]),
  );
  assert.deepEqual(
    apis.map(({ metadata, versions }) => [metadata.name, versions?.[0]?.freshness]),
    [
      ['good', 'Current'],
      ['bad', 'Stale'],
    ],
  );
  assert.equal(rejected[0]?.groupVersion, 'bad/v1');
  assert.equal(rejected[0]?.error.path, '$.resources[1].namespaced');
});
