import assert from 'node:assert/strict';
import { test } from 'node:test';
import { clientWithNamespace } from './testing/resource-client.ts';

const MAPS = '/api/v1/namespaces/ns/configmaps';
const DEPLOYMENTS = '/apis/apps/v1/namespaces/ns/deployments';
const WIDGETS = '/apis/example.com/v1/namespaces/ns/widgets';
const MERGE = 'application/merge-patch+json';

test('an update with the resourceVersion that was read wins once', async () => {
  const client = await clientWithNamespace();
  const { value: made } = await client.call('POST', MAPS, { metadata: { name: 'a' } });
  const { value: one } = await client.call('PUT', `${MAPS}/a`, { ...made, data: { x: '1' } });
  assert.deepEqual(one.data, { x: '1' });
  assert.equal(one.metadata.uid, made.metadata.uid);
  const lost = await client.call('PUT', `${MAPS}/a`, { ...made, data: { x: '2' } });
  assert.deepEqual(
    [lost.status, lost.value.reason, lost.value.message],
    [
      409,
      'Conflict',
      'Operation cannot be fulfilled on configmaps "a": the object has been modified; please apply your changes to the latest version and try again',
    ],
  );
  assert.deepEqual((await client.call('GET', `${MAPS}/a`)).value.data, { x: '1' });
});

test('without a resourceVersion some kinds are replaced, and others not', async () => {
  const client = await clientWithNamespace();
  await client.call('POST', MAPS, { metadata: { name: 'a', labels: { l: 'm' } }, data: { x: '1' } });
  const { value } = await client.call('PUT', `${MAPS}/a`, { metadata: { name: 'a' } });
  assert.deepEqual([value.data, value.metadata.labels], [undefined, undefined]);
  const widget = { kind: 'Widget', apiVersion: 'example.com/v1', metadata: { name: 'w' } };
  await client.call('POST', WIDGETS, widget);
  const refused = await client.call('PUT', `${WIDGETS}/w`, widget);
  assert.equal(
    refused.value.message,
    'widgets.example.com "w" is invalid: metadata.resourceVersion: Invalid value: 0: must be specified for an update',
  );
});

test('an update of what is absent is 404, but creates kinds that leaders race for', async () => {
  const client = await clientWithNamespace();
  const absent = await client.call('PUT', `${MAPS}/a`, { metadata: { name: 'a' } });
  assert.deepEqual([absent.status, absent.value.details], [404, { name: 'a', kind: 'configmaps' }]);
  const leases = '/apis/coordination.k8s.io/v1/namespaces/ns/leases';
  assert.equal((await client.call('PUT', `${leases}/l`, { metadata: { name: 'l' }, spec: {} })).status, 201);
});

test('the body must be the object that the path names', async () => {
  const client = await clientWithNamespace();
  const { value: made } = await client.call('POST', MAPS, { metadata: { name: 'a' } });
  const answers = async (metadata: object) => {
    const { status, value } = await client.call('PUT', `${MAPS}/a`, { metadata });
    return [status, value.message];
  };
  assert.deepEqual(await answers({ name: 'b' }), [
    400,
    'the name of the object (b) does not match the name on the URL (a)',
  ]);
  assert.deepEqual(await answers({}), [
    400,
    'the name of the object (a based on URL) was undeterminable: name must be provided',
  ]);
  assert.deepEqual((await answers({ name: 'a', namespace: 'other' }))[0], 400);
  const [status, message] = await answers({ name: 'a', uid: 'other' });
  assert.equal(status, 409);
  assert.match(String(message), new RegExp(`UID in precondition: other, UID in object meta: ${made.metadata.uid}$`));
});

test('only a change outside of metadata and status makes a new generation', async () => {
  const client = await clientWithNamespace();
  const { value: made } = await client.call('POST', DEPLOYMENTS, { metadata: { name: 'd' }, spec: { replicas: 1 } });
  const generation = async (change: object, subresource = '') =>
    (await client.call('PATCH', `${DEPLOYMENTS}/d${subresource}`, change, MERGE)).value.metadata.generation;
  assert.equal(made.metadata.generation, 1);
  assert.equal(await generation({ metadata: { labels: { a: 'b' } } }), 1);
  assert.equal(await generation({ status: { replicas: 3 } }), 1);
  assert.equal(await generation({ status: { replicas: 3 } }, '/status'), 1);
  assert.equal(await generation({ spec: { replicas: 2 } }), 2);
  assert.equal(await generation({ spec: { replicas: 5 } }, '/status'), 2);
});

test('spec and status are written through their own doors', async () => {
  const client = await clientWithNamespace();
  await client.call('POST', DEPLOYMENTS, { metadata: { name: 'd' }, spec: { replicas: 1 } });
  const both = { metadata: { labels: { a: 'b' } }, spec: { replicas: 7 }, status: { replicas: 8 } };
  const { value: throughStatus } = await client.call('PATCH', `${DEPLOYMENTS}/d/status`, both, MERGE);
  assert.deepEqual([throughStatus.spec.replicas, throughStatus.status.replicas], [1, 8]);
  assert.deepEqual(throughStatus.metadata.labels, { a: 'b' });
  const other = { ...both, status: { replicas: 9 } };
  const { value: throughObject } = await client.call('PATCH', `${DEPLOYMENTS}/d`, other, MERGE);
  assert.deepEqual([throughObject.spec.replicas, throughObject.status.replicas], [7, 8]);

  await client.call('POST', WIDGETS, { kind: 'Widget', apiVersion: 'example.com/v1', metadata: { name: 'w' } });
  const { value: custom } = await client.call('PATCH', `${WIDGETS}/w/status`, both, MERGE);
  assert.deepEqual([custom.metadata.labels, custom.spec, custom.status], [undefined, undefined, { replicas: 8 }]);
});

test('what a client cannot change stays, and what it must not change is refused', async () => {
  const client = await clientWithNamespace();
  const { value: made } = await client.call('POST', DEPLOYMENTS, { metadata: { name: 'd' }, spec: { replicas: 1 } });
  const { value: kept } = await client.call('PUT', `${DEPLOYMENTS}/d`, {
    ...made,
    metadata: {
      ...made.metadata,
      generation: 99,
      creationTimestamp: '2001-01-01T00:00:00Z',
    },
  });
  assert.deepEqual(kept.metadata, made.metadata);
  const uid = await client.call('PATCH', `${DEPLOYMENTS}/d`, { metadata: { uid: 'x' } }, MERGE);
  assert.equal(
    uid.value.message,
    'Deployment.apps "d" is invalid: metadata.uid: Invalid value: "x": field is immutable',
  );
  const deleted = { metadata: { deletionTimestamp: '2001-01-01T00:00:00Z' } };
  assert.equal((await client.call('PATCH', `${DEPLOYMENTS}/d`, deleted, MERGE)).status, 422);
  const kind = await client.call('PATCH', `${DEPLOYMENTS}/d`, { kind: 'Pod' }, MERGE);
  assert.equal(kind.status, 422);
});

test('an update that changes nothing is not written', async () => {
  const client = await clientWithNamespace();
  const { value: made } = await client.call('POST', MAPS, { metadata: { name: 'a' }, data: { x: '1' } });
  client.now += 60_000;
  const { value: same } = await client.call('PUT', `${MAPS}/a`, made);
  assert.deepEqual(same, made);
  assert.equal(String(client.store.revision), made.metadata.resourceVersion);
  const before = client.store.revision;
  const dry = await client.call('PUT', `${MAPS}/a?dryRun=All`, { ...made, data: { x: '2' } });
  assert.deepEqual([dry.value.data, client.store.revision], [{ x: '2' }, before]);
});

test('versions of one group share an object', async () => {
  const client = await clientWithNamespace();
  const path = (version: string) => `/apis/coordination.k8s.io/${version}/namespaces/ns/leases`;
  await client.call('POST', path('v1'), { metadata: { name: 'l' }, spec: { holderIdentity: 'a' } });
  const { value: read } = await client.call('GET', `${path('v1beta1')}/l`);
  assert.deepEqual([read.apiVersion, read.spec], ['coordination.k8s.io/v1beta1', { holderIdentity: 'a' }]);
  await client.call('PUT', `${path('v1beta1')}/l`, { ...read, spec: { holderIdentity: 'b' } });
  const { value: back } = await client.call('GET', `${path('v1')}/l`);
  assert.deepEqual([back.apiVersion, back.spec], ['coordination.k8s.io/v1', { holderIdentity: 'b' }]);
  await client.call('POST', '/apis/events.k8s.io/v1/namespaces/ns/events', { metadata: { name: 'e' } });
  assert.equal((await client.call('GET', '/api/v1/namespaces/ns/events/e')).value.apiVersion, 'v1');
});
