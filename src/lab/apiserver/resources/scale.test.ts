import assert from 'node:assert/strict';
import { test } from 'node:test';
import { clientWithNamespace } from './testing/resource-client.ts';

const MERGE = 'application/merge-patch+json';

test('replicas of a built-in kind are read and written through scale', async () => {
  const client = await clientWithNamespace();
  const path = '/apis/apps/v1/namespaces/ns/deployments';
  const selector = {
    matchLabels: { b: '2', a: '1' },
    matchExpressions: [{ key: 'c', operator: 'In', values: ['y', 'x'] }],
  };
  const { value: made } = await client.call('POST', path, { metadata: { name: 'd' }, spec: { replicas: 2, selector } });
  const { uid, resourceVersion, creationTimestamp } = made.metadata;
  assert.deepEqual((await client.call('GET', `${path}/d/scale`)).value, {
    kind: 'Scale',
    apiVersion: 'autoscaling/v1',
    metadata: { name: 'd', namespace: 'ns', uid, resourceVersion, creationTimestamp },
    spec: { replicas: 2 },
    status: { replicas: 0, selector: 'a=1,b=2,c in (x,y)' },
  });
  const put = await client.call('PUT', `${path}/d/scale`, { metadata: { name: 'd' }, spec: { replicas: 3 } });
  assert.equal(put.value.spec.replicas, 3);
  const patched = await client.call('PATCH', `${path}/d/scale`, { spec: { replicas: 4 } }, MERGE);
  assert.equal(patched.value.spec.replicas, 4);
  const { value: now } = await client.call('GET', `${path}/d`);
  assert.deepEqual([now.spec.replicas, now.metadata.generation, now.spec.selector], [4, 3, selector]);

  const stale = { metadata: { name: 'd', resourceVersion }, spec: { replicas: 9 } };
  assert.equal((await client.call('PUT', `${path}/d/scale`, stale)).status, 409);
  const negative = await client.call('PUT', `${path}/d/scale`, { metadata: { name: 'd' }, spec: { replicas: -3 } });
  assert.equal(
    negative.value.message,
    'Scale.autoscaling "d" is invalid: spec.replicas: Invalid value: -3: must be greater than or equal to 0',
  );
});

test('a custom type says itself where its replicas stand', async () => {
  const client = await clientWithNamespace();
  const path = '/apis/example.com/v1/namespaces/ns/widgets';
  await client.call('POST', path, {
    kind: 'Widget',
    apiVersion: 'example.com/v1',
    metadata: { name: 'w' },
    spec: { other: 1 },
  });
  await client.call('PATCH', `${path}/w/status`, { status: { replicas: 1, selector: 'a=b' } }, MERGE);
  const { value } = await client.call('PATCH', `${path}/w/scale`, { spec: { replicas: 5 } }, MERGE);
  assert.deepEqual([value.spec, value.status], [{ replicas: 5 }, { replicas: 1, selector: 'a=b' }]);
  const { value: now } = await client.call('GET', `${path}/w`);
  assert.deepEqual(now.spec, { other: 1, size: { replicas: 5 } });
});
