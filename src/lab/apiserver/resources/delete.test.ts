import assert from 'node:assert/strict';
import { test } from 'node:test';
import { clientWithNamespace, eventsOf } from './testing/resource-client.ts';

const MAPS = '/api/v1/namespaces/ns/configmaps';
const MERGE = 'application/merge-patch+json';

test('what nothing holds is gone at once', async () => {
  const client = await clientWithNamespace();
  const { value: made } = await client.call('POST', MAPS, { metadata: { name: 'a' } });
  const dry = await client.call('DELETE', `${MAPS}/a?dryRun=All`);
  const { status, value } = await client.call('DELETE', `${MAPS}/a`);
  const success = {
    kind: 'Status',
    apiVersion: 'v1',
    metadata: {},
    status: 'Success',
    details: { name: 'a', kind: 'configmaps', uid: made.metadata.uid },
  };
  assert.deepEqual([status, value, dry.value], [200, success, success]);
  assert.equal((await client.call('DELETE', `${MAPS}/a`)).status, 404);
});

test('some kinds answer their last state', async () => {
  const client = await clientWithNamespace();
  const path = '/api/v1/namespaces/ns/pods';
  const { value: made } = await client.call('POST', path, { metadata: { name: 'p' }, spec: {} });
  const { value } = await client.call('DELETE', `${path}/p`);
  assert.equal(value.kind, 'Pod');
  assert.equal(value.metadata.uid, made.metadata.uid);
});

test('finalizers hold an object, marked, until the last is removed', async () => {
  const client = await clientWithNamespace();
  const path = '/apis/apps/v1/namespaces/ns/deployments';
  const finalizers = ['example.com/a'];
  await client.call('POST', path, { metadata: { name: 'd', finalizers }, spec: {} });
  const watch = client.open('GET', `${path}?watch=1&resourceVersion=${client.store.revision}`);
  const { status, value: marked } = await client.call('DELETE', `${path}/d`);
  assert.equal(status, 200);
  assert.deepEqual(
    [marked.metadata.deletionTimestamp, marked.metadata.deletionGracePeriodSeconds, marked.metadata.generation],
    ['2026-01-02T03:04:05Z', 0, 2],
  );
  client.now += 1000;
  assert.deepEqual((await client.call('DELETE', `${path}/d`)).value, marked);
  const exists = await client.call('POST', path, { metadata: { name: 'd' } });
  assert.equal(exists.value.message, 'object is being deleted: deployments.apps "d" already exists');
  const more = await client.call(
    'PATCH',
    `${path}/d`,
    { metadata: { finalizers: [...finalizers, 'example.com/b'] } },
    MERGE,
  );
  assert.equal(
    more.value.message,
    'Deployment.apps "d" is invalid: metadata.finalizers: Forbidden: no new finalizers can be added if the object is being deleted, found new finalizers []string{"example.com/b"}',
  );
  const { value: last } = await client.call('PATCH', `${path}/d`, { metadata: { finalizers: null } }, MERGE);
  assert.deepEqual(
    [last.metadata.finalizers, last.metadata.resourceVersion],
    [undefined, marked.metadata.resourceVersion],
  );
  assert.equal((await client.call('GET', `${path}/d`)).status, 404);
  const seen = eventsOf(watch).map(({ type, object }) => [type, object.metadata.finalizers]);
  assert.deepEqual(seen, [
    ['MODIFIED', finalizers],
    ['DELETED', finalizers],
  ]);
});

test('propagation policies become finalizers for the garbage collector', async () => {
  const client = await clientWithNamespace();
  const finalizersAfter = async (path: string, query: string, body?: object) => {
    const { value: made } = await client.call('POST', path, { metadata: { generateName: 'a-' } });
    const { value } = await client.call('DELETE', `${path}/${made.metadata.name}${query}`, body);
    return value.metadata.finalizers;
  };
  assert.deepEqual(await finalizersAfter(MAPS, '?propagationPolicy=Foreground'), ['foregroundDeletion']);
  assert.deepEqual(await finalizersAfter(MAPS, '', { propagationPolicy: 'Orphan' }), ['orphan']);
  assert.deepEqual(await finalizersAfter(MAPS, '?orphanDependents=true'), ['orphan']);
  assert.equal(await finalizersAfter(MAPS, '?propagationPolicy=Background'), undefined);
  const controllers = '/api/v1/namespaces/ns/replicationcontrollers';
  assert.deepEqual(await finalizersAfter(controllers, ''), ['orphan']);
  assert.equal(await finalizersAfter('/api/v1/namespaces/ns/events', '?propagationPolicy=Foreground'), undefined);

  const { value: made } = await client.call('POST', MAPS, { metadata: { name: 'x', finalizers: ['orphan', 'a.b/c'] } });
  assert.deepEqual(made.metadata.finalizers, ['orphan', 'a.b/c']);
  const { value } = await client.call('DELETE', `${MAPS}/x?propagationPolicy=Foreground`);
  assert.deepEqual(value.metadata.finalizers, ['a.b/c', 'foregroundDeletion']);
  const { status } = await client.call('DELETE', `${MAPS}/x`, { orphanDependents: false });
  assert.equal(status, 202);
});

test('preconditions and bad options are refused', async () => {
  const client = await clientWithNamespace();
  const { value: made } = await client.call('POST', MAPS, { metadata: { name: 'a' } });
  const { uid, resourceVersion } = made.metadata;
  const answer = async (options: object) => {
    const { status, value } = await client.call('DELETE', `${MAPS}/a`, options);
    return [status, value.message];
  };
  assert.deepEqual(await answer({ preconditions: { uid: 'x' } }), [
    409,
    `Operation cannot be fulfilled on ConfigMap "a": the UID in the precondition (x) does not match the UID in record (${uid}). The object might have been deleted and then recreated`,
  ]);
  assert.deepEqual(await answer({ preconditions: { uid, resourceVersion: '1' } }), [
    409,
    `Operation cannot be fulfilled on ConfigMap "a": the ResourceVersion in the precondition (1) does not match the ResourceVersion in record (${resourceVersion}). The object might have been modified`,
  ]);
  assert.equal((await answer({ propagationPolicy: 'Foo' }))[0], 422);
  assert.equal((await answer({ propagationPolicy: 'Orphan', orphanDependents: true }))[0], 422);
  assert.equal((await answer({ kind: 'Pod' }))[0], 400);
  assert.equal((await answer({ kind: 'DeleteOptions', preconditions: { uid, resourceVersion } }))[0], 200);
});

test('a collection is deleted by selectors and answered as it was', async () => {
  const client = await clientWithNamespace();
  for (const [name, tier] of [
    ['a', 'x'],
    ['b', 'y'],
    ['c', 'x'],
  ]) {
    await client.call('POST', MAPS, { metadata: { name, labels: { tier } } });
  }
  await client.call('POST', MAPS, { metadata: { name: 'held', labels: { tier: 'x' }, finalizers: ['a.b/c'] } });
  const { status, value } = await client.call('DELETE', `${MAPS}?labelSelector=tier%3Dx`);
  const names = (list: { items: { metadata: { name: string } }[] }) => list.items.map(({ metadata }) => metadata.name);
  assert.deepEqual([status, value.kind, names(value)], [200, 'ConfigMapList', ['a', 'c', 'held']]);
  const { value: left } = await client.call('GET', MAPS);
  assert.deepEqual(names(left), ['b', 'held']);
  assert.ok(left.items[1].metadata.deletionTimestamp);
});

test('an evicted pod is gone, a bound one has its node', async () => {
  const client = await clientWithNamespace();
  const pods = '/api/v1/namespaces/ns/pods';
  await client.call('POST', pods, { metadata: { name: 'p' }, spec: {} });
  const bound = await client.call('POST', `${pods}/p/binding`, { target: { name: 'node' } });
  assert.deepEqual([bound.status, bound.value.status], [201, 'Success']);
  const { value: pod } = await client.call('GET', `${pods}/p`);
  assert.deepEqual(
    [pod.spec.nodeName, pod.status.phase, pod.status.conditions[0].type],
    ['node', 'Pending', 'PodScheduled'],
  );
  assert.equal((await client.call('POST', `${pods}/p/binding`, { target: { name: 'other' } })).status, 409);
  const eviction = { apiVersion: 'policy/v1', kind: 'Eviction', metadata: { name: 'p' } };
  assert.equal((await client.call('POST', `${pods}/p/eviction`, eviction)).status, 201);
  assert.equal((await client.call('GET', `${pods}/p`)).status, 404);
});
