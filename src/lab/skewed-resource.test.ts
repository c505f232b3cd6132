import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type DiscoveryDocument, skewedResource } from './skewed-resource.ts';

function document(
  ...resources: [group: string, resource: string, scope: string, ...verbs: string[]][]
): DiscoveryDocument {
  return {
    items: resources.map(([name, resource, scope, ...verbs]) => ({
      metadata: { name },
      versions: [{ version: 'v1', resources: [{ resource, scope, verbs }] }],
    })),
  };
}

test('a listable resource outside namespaces is preferred', () => {
  const older = document(['apps', 'deployments', 'Namespaced', 'list']);
  const newer = document(
    ['apps', 'deployments', 'Namespaced', 'list'],
    ['a', 'reviews', 'Cluster', 'create'],
    ['b', 'jobs', 'Namespaced', 'list'],
    ['c', 'rules', 'Cluster', 'get', 'list'],
  );
  assert.deepEqual(
    skewedResource(
      new Map([
        ['old', older],
        ['new', newer],
      ]),
    ),
    {
      group: 'c',
      version: 'v1',
      resource: 'rules',
      servedBy: ['new'],
      missingOn: ['old'],
    },
  );
});

test('a resource only the first server has is found too', () => {
  const found = skewedResource(
    new Map([
      ['old', document(['b', 'jobs', 'Namespaced', 'list'])],
      ['new', document()],
    ]),
  );
  assert.deepEqual([found?.servedBy, found?.missingOn], [['old'], ['new']]);
});

test('what the first document lists comes first', () => {
  const a = document(['a', 'x', 'Cluster', 'list']);
  const b = document(['b', 'y', 'Cluster', 'list']);
  const order = (...entries: [string, DiscoveryDocument][]): string | undefined =>
    skewedResource(new Map(entries))?.resource;
  assert.deepEqual([order(['a', a], ['b', b]), order(['b', b], ['a', a])], ['x', 'y']);
});

test('equal servers have no skewed resource', () => {
  const same = document(['c', 'rules', 'Cluster', 'list']);
  assert.equal(
    skewedResource(
      new Map([
        ['a', same],
        ['b', same],
      ]),
    ),
    undefined,
  );
});
