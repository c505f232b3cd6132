import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { parseServerVersion } from '../kubernetes/kube-version.ts';
import { aggregateLegacyDiscovery, type LegacyVersionAnswer } from '../kubernetes/legacy-conversion.ts';
import {
  parseAPIGroup,
  parseAPIGroupList,
  parseAPIResourceList,
  parseAPIVersions,
} from '../kubernetes/legacy-discovery.ts';
import { RECORDED, type RecordedVersion, recordedJson } from '../kubernetes/testing/recorded-documents.ts';
import { type MergeInput, mergeDiscovery } from './merge.ts';
import type { ServerDiscovery } from './server-discovery.ts';
import { discoveryOf, newestFirst } from './testing/discovery-of.ts';
import { recordedDiscovery } from './testing/recorded-discovery.ts';
import { unaggregatedDocuments } from './unaggregated-documents.ts';

/** Each document of both roots as a client reads it. */
function documentsOf({ api, apis }: ServerDiscovery): ReadonlyMap<string, unknown> {
  const documents = [...unaggregatedDocuments('/api', api), ...unaggregatedDocuments('/apis', apis)];
  return new Map(documents.map(([path, document]) => [path, JSON.parse(JSON.stringify(document()))]));
}

/** The aggregated documents that a client would make of the unaggregated ones, as kube-aggregator makes them. */
function readBack(documents: ReadonlyMap<string, unknown>) {
  const answers = new Map<string, LegacyVersionAnswer>();
  for (const document of documents.values()) {
    if (kindOf(document) !== 'APIResourceList') continue;
    const list = parseAPIResourceList(document);
    answers.set(list.groupVersion, { kind: 'served', list });
  }
  const core = parseAPIVersions({ kind: 'APIVersions', versions: ['v1'], serverAddressByClientCIDRs: [] });
  return aggregateLegacyDiscovery(core, parseAPIGroupList(documents.get('/apis')), answers);
}

const SUBSETS: readonly (readonly RecordedVersion[])[] = [
  ['1.34.4', '1.36.3'],
  ['1.34.4', '1.37.2'],
  ['1.36.3', '1.37.2'],
  RECORDED,
];

/** Each release with a type that no other has: by default the newest serves all that the older ones do. */
function inputOf(version: RecordedVersion): MergeInput {
  const { gitVersion } = recordedJson(version, 'version.json') as { readonly gitVersion: string };
  const number = version.split('.')[1];
  const own = discoveryOf({ [`example.com/v${number}`]: { [`of${number}`]: ['get', 'list'] } });
  const { api, apis } = recordedDiscovery(version);
  const discovery = { api, apis: [...apis, ...own.apis] };
  return { server: version, version: parseServerVersion(gitVersion), ready: true, fresh: true, discovery };
}

for (const subset of SUBSETS) {
  describe(`the unaggregated documents of ${subset.join(' and ')} together`, () => {
    const { api, apis } = mergeDiscovery(subset.map(inputOf));
    const documents = documentsOf({ api, apis });

    test('say what the aggregated ones say: groups, versions, resources, verbs, in the same order', () => {
      assert.deepEqual(readBack(documents), { api, apis, rejected: [] });
      const versions = apis.find(({ metadata }) => metadata.name === 'example.com')?.versions ?? [];
      assert.equal(versions.length, subset.length, 'none is missing of those that one server has');
    });

    test('say of each group what the list of groups says', () => {
      const { groups } = parseAPIGroupList(documents.get('/apis'));
      assert.deepEqual(
        groups.map(({ name }) => name),
        apis.map(({ metadata }) => metadata.name),
      );
      for (const group of groups) {
        assert.deepEqual(parseAPIGroup(documents.get(`/apis/${group.name}`)), group);
        assert.deepEqual(group.preferredVersion, group.versions[0], 'as long as none is Stale');
      }
    });

    test('are one for each path that the list of groups leads to', () => {
      const paths = apis.flatMap(({ metadata: { name }, versions = [] }) => [
        `/apis/${name}`,
        ...versions.map(({ version }) => `/apis/${name}/${version}`),
      ]);
      assert.deepEqual([...documents.keys()].sort(), ['/api/v1', '/apis', ...paths].sort());
    });

    test('do not depend on the order of servers', () => {
      const { api, apis } = mergeDiscovery(subset.map(inputOf).reverse());
      assert.equal(JSON.stringify([...documentsOf({ api, apis })]), JSON.stringify([...documents]));
    });
  });
}

for (const version of RECORDED) {
  test(`the documents of ${version} are that server's own but for storageVersionHash`, () => {
    for (const [path, document] of documentsOf(recordedDiscovery(version))) {
      // A server that shared its storage had removed this group from the lists of all (see APIGroupList).
      if (path === '/apis' || (version === '1.37.2' && path.startsWith('/apis/storagemigration'))) continue;
      const recorded = JSON.stringify(recordedJson(version, `legacy/${path.slice(1).replaceAll('/', '-')}.json`));
      assert.equal(JSON.stringify(document), recorded.replaceAll(/,"storageVersionHash":"[^"]*"/g, ''), path);
    }
  });
}

describe('a Stale version', () => {
  const widgets = { widgets: ['get'] };
  const documents = documentsOf(
    discoveryOf({ 'example.com/v1': widgets, 'other.example/v2': widgets }, ['example.com/v1']),
  );

  test('is named by its group and has no resource list', () => {
    assert.deepEqual(
      [...documents.keys()],
      ['/apis', '/apis/example.com', '/apis/other.example', '/apis/other.example/v2'],
    );
    const { groups } = parseAPIGroupList(documents.get('/apis'));
    assert.deepEqual(
      groups.map(({ preferredVersion }) => preferredVersion?.groupVersion),
      ['example.com/v1', 'other.example/v2'],
    );
  });

  test('is not preferred to one that is Current', () => {
    const { apis } = mergeDiscovery(
      newestFirst(
        discoveryOf({ 'example.com/v2': widgets }, ['example.com/v2']),
        discoveryOf({ 'example.com/v1': widgets }),
      ),
    );
    const group = parseAPIGroup(documentsOf({ api: [], apis }).get('/apis/example.com'));
    assert.deepEqual([group.versions.length, group.preferredVersion?.version], [2, 'v1']);
  });
});

test('a server without groups lists none', () => {
  assert.deepEqual(
    [...documentsOf({ api: [], apis: [] })],
    [['/apis', { kind: 'APIGroupList', apiVersion: 'v1', groups: [] }]],
  );
});

function kindOf(document: unknown): unknown {
  return typeof document === 'object' && document !== null && 'kind' in document ? document.kind : undefined;
}
