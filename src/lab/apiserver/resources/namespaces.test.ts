import assert from 'node:assert/strict';
import { test } from 'node:test';
import { clientWithNamespace } from './testing/resource-client.ts';

const NAMESPACE = '/api/v1/namespaces/ns';
const MERGE = 'application/merge-patch+json';

test('a namespace is born active, named and with its finalizer', async () => {
  const client = await clientWithNamespace();
  const { value } = await client.call('GET', NAMESPACE);
  assert.deepEqual(
    [value.metadata.labels, value.metadata.generation, value.spec, value.status],
    [{ 'kubernetes.io/metadata.name': 'ns' }, undefined, { finalizers: ['kubernetes'] }, { phase: 'Active' }],
  );
  const { value: updated } = await client.call('PUT', NAMESPACE, { metadata: { name: 'ns' }, spec: {} });
  assert.deepEqual([updated.metadata.labels, updated.spec], [value.metadata.labels, value.spec]);
});

test('a deleted namespace terminates until it is finalized', async () => {
  const client = await clientWithNamespace();
  const { value: created } = await client.call('GET', NAMESPACE);
  const refused = await client.call('DELETE', NAMESPACE, { preconditions: { uid: 'x' } });
  assert.equal(
    refused.value.message,
    `Operation cannot be fulfilled on namespaces "ns": Precondition failed: UID in precondition: x, UID in object meta: ${created.metadata.uid}`,
  );
  const { status, value } = await client.call('DELETE', NAMESPACE);
  assert.deepEqual(
    [status, value.metadata.deletionTimestamp, value.status.phase],
    [200, '2026-01-02T03:04:05Z', 'Terminating'],
  );
  assert.deepEqual((await client.call('DELETE', NAMESPACE)).value, value);

  const late = await client.call('POST', `${NAMESPACE}/configmaps`, { metadata: { generateName: 'late-' } });
  assert.deepEqual(
    [late.status, late.value.message, late.value.details.causes],
    [
      403,
      'configmaps "late-" is forbidden: unable to create new content in namespace ns because it is being terminated',
      [{ reason: 'NamespaceTerminating', message: 'namespace ns is being terminated', field: 'metadata.namespace' }],
    ],
  );

  await client.call('PATCH', NAMESPACE, { spec: { finalizers: [] } }, MERGE);
  assert.equal((await client.call('GET', NAMESPACE)).status, 200);
  const finalized = await client.call('PUT', `${NAMESPACE}/finalize`, { metadata: { name: 'ns' }, spec: {} });
  assert.deepEqual([finalized.status, finalized.value.spec], [200, {}]);
  assert.equal((await client.call('GET', NAMESPACE)).status, 404);
});

test('finalizers in metadata hold a namespace, too', async () => {
  const client = await clientWithNamespace();
  await client.call('PATCH', NAMESPACE, { metadata: { finalizers: ['a.b/c'] } }, MERGE);
  await client.call('DELETE', NAMESPACE);
  const body = { metadata: { name: 'ns', finalizers: ['a.b/c'] }, spec: {} };
  await client.call('PUT', `${NAMESPACE}/finalize`, body);
  assert.equal((await client.call('GET', NAMESPACE)).value.status.phase, 'Terminating');
  await client.call('PATCH', NAMESPACE, { metadata: { finalizers: null } }, MERGE);
  assert.equal((await client.call('GET', NAMESPACE)).status, 404);
});

test('the namespaces of the system stay', async () => {
  const client = await clientWithNamespace();
  await client.call('POST', '/api/v1/namespaces', { metadata: { name: 'kube-system' } });
  const { status, value } = await client.call('DELETE', '/api/v1/namespaces/kube-system');
  assert.deepEqual(
    [status, value.message],
    [403, 'namespaces "kube-system" is forbidden: this namespace may not be deleted'],
  );
});
