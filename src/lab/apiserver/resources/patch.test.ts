import assert from 'node:assert/strict';
import { test } from 'node:test';
import { clientWithNamespace } from './testing/resource-client.ts';

const MAPS = '/api/v1/namespaces/ns/configmaps';
const MERGE = 'application/merge-patch+json';
const APPLY = 'application/apply-patch+yaml';

test('an applied object is created when it is absent, and belongs to who applied it', async () => {
  const client = await clientWithNamespace();
  const map = { kind: 'ConfigMap', apiVersion: 'v1', metadata: { name: 'a' }, data: { x: '1' } };
  const anonymous = await client.call('PATCH', `${MAPS}/a`, map, APPLY);
  assert.equal(
    anonymous.value.message,
    'PatchOptions.meta.k8s.io "" is invalid: fieldManager: Required value: is required for apply patch',
  );
  const made = await client.call('PATCH', `${MAPS}/a?fieldManager=me`, map, APPLY);
  assert.equal(made.status, 201);
  const again = await client.call('PATCH', `${MAPS}/a?fieldManager=me`, map, APPLY);
  assert.deepEqual([again.status, again.value], [200, made.value]);
  const rival = await client.call('PATCH', `${MAPS}/a?fieldManager=you`, { ...map, data: { x: '2' } }, APPLY);
  assert.deepEqual([rival.status, rival.value.reason], [409, 'Conflict']);
  const forced = await client.call(
    'PATCH',
    `${MAPS}/a?fieldManager=you&force=true`,
    { ...map, data: { x: '2' } },
    APPLY,
  );
  assert.deepEqual(forced.value.data, { x: '2' });
});

test('other patches need an object, and carry on from its newest state', async () => {
  const client = await clientWithNamespace();
  assert.equal((await client.call('PATCH', `${MAPS}/a`, {}, MERGE)).status, 404);
  await client.call('POST', MAPS, { metadata: { name: 'a' }, data: { x: '1' } });
  await Promise.all(['y', 'z'].map((key) => client.call('PATCH', `${MAPS}/a`, { data: { [key]: '2' } }, MERGE)));
  const { value } = await client.call('GET', `${MAPS}/a`);
  assert.deepEqual(value.data, { x: '1', y: '2', z: '2' });
  const stale = await client.call('PATCH', `${MAPS}/a`, { metadata: { resourceVersion: '1' } }, MERGE);
  assert.deepEqual([stale.status, stale.value.reason], [409, 'Conflict']);
  const renamed = await client.call('PATCH', `${MAPS}/a`, { metadata: { name: 'b' } }, MERGE);
  assert.equal(renamed.value.message, 'the name of the object (b) does not match the name on the URL (a)');
  const forced = await client.call('PATCH', `${MAPS}/a?force=true`, {}, MERGE);
  assert.equal(forced.status, 422);
});

test('managers are the query or the agent, and each keeps what it wrote', async () => {
  const client = await clientWithNamespace();
  await client.call('POST', MAPS, { metadata: { name: 'a' }, data: { x: '1' } });
  const { value } = await client.call('PATCH', `${MAPS}/a?fieldManager=other`, { data: { y: '2' } }, MERGE);
  const owners = value.metadata.managedFields.map(({ manager, fieldsV1 }: Record<string, unknown>) => [
    manager,
    fieldsV1,
  ]);
  assert.deepEqual(Object.fromEntries(owners), {
    tester: { 'f:data': { '.': {}, 'f:x': {} } },
    other: { 'f:data': { 'f:y': {} } },
  });
});
