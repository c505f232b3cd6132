import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MemoryStore } from '../../store/memory-store.ts';
import { storeKey } from '../../store/store.ts';
import { put, remove } from '../testing/objects.ts';
import { DefaultServiceAccounts } from './default-service-accounts.ts';

const namespace = (name: string) => ({ group: '', resource: 'namespaces', kind: 'Namespace', name });
const account = (name: string) => ({ ...namespace('default'), resource: 'serviceaccounts', namespace: name });
const NOW = Date.UTC(2026, 0, 1);

test('every namespace that lives has one, whoever of several servers makes it', () => {
  const store = new MemoryStore();
  const found = (name: string) => store.get(storeKey('', 'serviceaccounts', name, 'default'))?.value;
  put(store, namespace('old'));
  const servers = [new DefaultServiceAccounts(store, () => NOW), new DefaultServiceAccounts(store, () => NOW)];
  put(store, namespace('new'));
  for (const name of ['old', 'new']) {
    const { metadata, ...rest } = found(name) ?? assert.fail(name);
    assert.deepEqual(rest, { kind: 'ServiceAccount', apiVersion: 'v1' });
    assert.deepEqual(
      [metadata.name, metadata.namespace, metadata.creationTimestamp],
      ['default', name, '2026-01-01T00:00:00Z'],
    );
  }

  const { uid } = found('new')?.metadata ?? {};
  remove(store, account('new'));
  assert.ok(found('new'));
  assert.notEqual(found('new')?.metadata.uid, uid);

  const { metadata, ...rest } = put(store, namespace('dying'));
  put(store, namespace('dying'), { ...rest, metadata: { ...metadata, deletionTimestamp: '2026-01-01T00:00:00Z' } });
  remove(store, account('dying'));
  assert.equal(found('dying'), undefined);

  for (const server of servers) server.close();
  put(store, namespace('late'));
  assert.equal(found('late'), undefined);
});
