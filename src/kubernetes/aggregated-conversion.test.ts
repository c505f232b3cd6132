import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { toAPIGroup, toAPIGroupList, toAPIResourceList, toAPIVersions } from './aggregated-conversion.ts';
import {
  apiGroup,
  apiResource,
  apiVersion,
  type DiscoveryFreshness,
  parseAggregatedDiscovery,
} from './aggregated-discovery.ts';
import { aggregateLegacyDiscovery, aggregateResourceList, type LegacyVersionAnswer } from './legacy-conversion.ts';
import { parseAPIGroup, parseAPIGroupList, parseAPIResourceList, parseAPIVersions } from './legacy-discovery.ts';
import { wireAPIGroup, wireAPIGroupList, wireAPIResourceList, wireAPIVersions } from './legacy-representation.ts';
import { RECORDED, recordedJson } from './testing/recorded-documents.ts';

const CIDR = { clientCIDR: '0.0.0.0/0', serverAddress: '127.0.0.1:6443' };

for (const version of RECORDED) {
  it(`loses nothing of ${version} on the way to unaggregated documents and back`, () => {
    const api = parseAggregatedDiscovery(recordedJson(version, 'api-v2.json')).items;
    const apis = parseAggregatedDiscovery(recordedJson(version, 'apis-v2.json')).items;
    const answers = new Map<string, LegacyVersionAnswer>();
    for (const { metadata, versions = [] } of [...api, ...apis]) {
      for (const entry of versions) {
        const list = parseAPIResourceList(overTheWire(wireAPIResourceList(toAPIResourceList(metadata.name, entry))));
        answers.set(list.groupVersion, { kind: 'served', list });
      }
    }
    const back = aggregateLegacyDiscovery(
      parseAPIVersions(overTheWire(wireAPIVersions(toAPIVersions(api, [CIDR])))),
      parseAPIGroupList(overTheWire(wireAPIGroupList(toAPIGroupList(apis)))),
      answers,
    );
    assert.deepEqual(back, { api: api, apis: apis, rejected: [] });
  });
}

describe('toAPIGroup', () => {
  const group = (...versions: [string, DiscoveryFreshness][]) =>
    toAPIGroup(
      apiGroup(
        'example.com',
        versions.map(([version, freshness]) => apiVersion({ version, freshness, resources: [] })),
      ),
    );

  it('prefers what clients of the aggregated form prefer: the first version that is not Stale', () => {
    assert.equal(group(['v2', 'Stale'], ['v1', 'Current']).preferredVersion?.version, 'v1');
    assert.deepEqual(
      group(['v2', 'Stale'], ['v1', 'Current']).versions.map(({ groupVersion }) => groupVersion),
      ['example.com/v2', 'example.com/v1'],
    );
    assert.equal(group(['v2', 'Stale'], ['v1', 'Stale']).preferredVersion?.version, 'v2');
  });

  it('names no preferred version where there is none, and lists no such group', () => {
    assert.deepEqual(group(), { name: 'example.com', versions: [] });
    assert.deepEqual(toAPIGroupList([apiGroup('example.com', [])]).groups, []);
  });

  it('can be read again', () => {
    const written = group(['v1', 'Current']);
    assert.deepEqual(parseAPIGroup(overTheWire(wireAPIGroup(written))), written);
  });
});

describe('toAPIResourceList', () => {
  const kind = (name: string, group = '', version = '') => ({ group, version, kind: name });
  const list = (group: string, ...resources: Parameters<typeof apiResource>[0][]) =>
    toAPIResourceList(
      group,
      apiVersion({ version: 'v1', freshness: 'Current', resources: resources.map(apiResource) }),
    );
  const widget = { resource: 'widgets', singularResource: 'widget', verbs: ['get'], scope: 'Namespaced' };

  it('leaves the group and version of a kind out where they are the list’s own', () => {
    const responseKind = kind('Widget', 'example.com', 'v1');
    const subresources = [
      { subresource: 'status', responseKind, verbs: ['get'] },
      { subresource: 'scale', responseKind: kind('Scale', 'autoscaling', 'v1'), verbs: ['get'] },
    ];
    const written = wireAPIResourceList(list('example.com', { ...widget, responseKind, subresources }));
    assert.deepEqual(written, {
      kind: 'APIResourceList',
      apiVersion: 'v1',
      groupVersion: 'example.com/v1',
      resources: [
        { name: 'widgets', singularName: 'widget', namespaced: true, kind: 'Widget', verbs: ['get'] },
        { name: 'widgets/status', singularName: '', namespaced: true, kind: 'Widget', verbs: ['get'] },
        {
          name: 'widgets/scale',
          singularName: '',
          namespaced: true,
          group: 'autoscaling',
          version: 'v1',
          kind: 'Scale',
          verbs: ['get'],
        },
      ],
    });
  });

  it('has short names and categories, and a scope that is not Namespaced is cluster-wide', () => {
    const { resources } = list('', { ...widget, scope: 'Cluster', shortNames: ['w'], categories: ['all'] });
    assert.deepEqual(
      resources.map(({ namespaced, shortNames, categories }) => [namespaced, shortNames, categories]),
      [[false, ['w'], ['all']]],
    );
  });

  it('has no entry for a parent that was made up for its subresources', () => {
    const orphan = parseAPIResourceList({
      kind: 'APIResourceList',
      groupVersion: 'example.com/v1',
      resources: [{ name: 'pods/eviction', singularName: '', namespaced: true, kind: 'Eviction', verbs: ['create'] }],
    });
    assert.deepEqual(toAPIResourceList('example.com', aggregateResourceList('v1', orphan)), orphan);
  });
});

function overTheWire(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value));
}
