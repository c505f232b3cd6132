import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MemoryStore } from '../../store/memory-store.ts';
import { storeKey, storePrefix } from '../../store/store.ts';
import { bootstrap } from './bootstrap.ts';
import { BOOTSTRAP_OBJECTS } from './bootstrap-objects.ts';

const NOW = Date.UTC(2026, 0, 1, 12, 0, 0, 500);

test('an empty store gets what every cluster has', () => {
  const store = new MemoryStore();
  bootstrap(store, NOW);
  const namespaces = store.range(storePrefix('', 'namespaces')).entries.map(({ value }) => value);
  assert.deepEqual(
    namespaces.map(({ metadata }) => metadata.name),
    ['default', 'kube-node-lease', 'kube-public', 'kube-system'],
  );
  for (const { metadata, ...rest } of namespaces) {
    assert.equal(metadata.creationTimestamp, '2026-01-01T12:00:00Z');
    assert.deepEqual(metadata.labels, { 'kubernetes.io/metadata.name': metadata.name });
    assert.deepEqual(rest, {
      apiVersion: 'v1',
      kind: 'Namespace',
      spec: { finalizers: ['kubernetes'] },
      status: { phase: 'Active' },
    });
  }
  assert.ok(store.get(storeKey('', 'services', 'default', 'kubernetes')));
});

test('servers that start later change nothing, and bring back what was deleted', () => {
  const store = new MemoryStore();
  bootstrap(store, NOW);
  const { revision } = store;
  bootstrap(store, NOW + 1000);
  assert.equal(store.revision, revision);

  const key = storeKey('rbac.authorization.k8s.io', 'clusterroles', '', 'view');
  const { uid } = store.get(key)?.value.metadata ?? {};
  store.delete(key, store.get(key)?.revision ?? 0);
  bootstrap(store, NOW + 2000);
  assert.equal(store.revision, revision + 2);
  assert.notEqual(store.get(key)?.value.metadata.uid, uid);
});

test('no two objects share a key', () => {
  const keys = BOOTSTRAP_OBJECTS.map(({ group, resource, metadata: { namespace = '', name } }) =>
    storeKey(group, resource, namespace, name),
  );
  assert.equal(new Set(keys).size, keys.length);
});
