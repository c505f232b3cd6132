import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { APIResourceDiscovery } from '../kubernetes/aggregated-discovery.ts';
import { serverDiscovery } from './server-discovery.ts';
import { discoveries } from './testing/discovery-arbitrary.ts';
import { discoveryOf } from './testing/discovery-of.ts';

test('a group, version, resource or subresource listed twice becomes one that has everything', () => {
  const [group] = discoveryOf({ 'g/v1': { a: ['get'], 'a/status': ['get'] } }).apis;
  const [again] = discoveryOf({ 'g/v1': { a: ['list'], 'a/status': ['patch'], 'a/scale': ['get'], b: [] } }).apis;
  assert.ok(group && again);
  const expected = discoveryOf({
    'g/v1': { a: ['get', 'list'], 'a/status': ['get', 'patch'], 'a/scale': ['get'], b: [] },
  });
  assert.deepEqual(serverDiscovery([], [group, again]), expected);
  const versions = [...(group.versions ?? []), ...(again.versions ?? [])];
  assert.deepEqual(serverDiscovery([], [{ ...group, versions }]), expected);
});

test('the first of two entries describes the resource, and one Current version is enough', () => {
  const resource = (fields: Partial<APIResourceDiscovery>) => ({
    resource: 'a',
    scope: 'Cluster',
    singularResource: '',
    verbs: [],
    ...fields,
  });
  const versions = [
    { version: 'v1', freshness: 'Stale', resources: [resource({ shortNames: ['x'] })] },
    { version: 'v1', resources: [resource({ scope: 'Namespaced' })] },
  ] as const;
  assert.deepEqual(serverDiscovery([], [{ metadata: { name: 'g' }, versions }]).apis, [
    {
      metadata: { name: 'g' },
      versions: [{ version: 'v1', resources: [resource({ shortNames: ['x'] })], freshness: 'Current' }],
    },
  ]);
});

test('equal content gets one form, whatever the order of fields and whether empty lists are there', () => {
  const terse = { verbs: ['get'], singularResource: '', scope: 'Cluster', resource: 'a' };
  const wordy = {
    subresources: [],
    categories: [],
    shortNames: [],
    ...terse,
    responseKind: { kind: 'A', version: '', group: '' },
  };
  const plain = { ...terse, responseKind: { group: '', version: '', kind: 'A' } };
  const normal = (resource: APIResourceDiscovery, freshness: object) =>
    JSON.stringify(
      serverDiscovery(
        [{ metadata: { name: '' }, versions: [] }],
        [{ metadata: { name: 'g' }, versions: [{ version: 'v1', resources: [resource], ...freshness }] }],
      ),
    );
  assert.equal(normal(wordy, {}), normal(plain, { freshness: 'Current' }));
});

test('bringing into form what is in form changes nothing', () => {
  fc.assert(
    fc.property(discoveries, (discovery) => {
      assert.equal(JSON.stringify(serverDiscovery(discovery.api, discovery.apis)), JSON.stringify(discovery));
    }),
  );
});
