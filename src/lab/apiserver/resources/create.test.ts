import assert from 'node:assert/strict';
import { test } from 'node:test';
import { clientWithNamespace, type ResourceClient } from './testing/resource-client.ts';

const MAPS = '/api/v1/namespaces/ns/configmaps';

async function refused(client: ResourceClient, target: string, body: unknown): Promise<[number, string, string]> {
  const { status, value } = await client.call('POST', target, body);
  return [status, value.reason ?? '', value.message];
}

test('a new object gets identity, time and managers, its keys in the order of Go', async () => {
  const client = await clientWithNamespace();
  const { status, value } = await client.call('POST', MAPS, {
    data: { x: '<1>' },
    metadata: { labels: { a: 'b' }, name: 'one', uid: 'mine', deletionTimestamp: '2020-01-01T00:00:00Z' },
  });
  assert.equal(status, 201);
  assert.deepEqual(Object.keys(value), ['kind', 'apiVersion', 'metadata', 'data']);
  const { uid, managedFields, ...metadata } = value.metadata;
  assert.match(uid, /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  assert.deepEqual(metadata, {
    name: 'one',
    namespace: 'ns',
    resourceVersion: String(client.store.revision),
    creationTimestamp: '2026-01-02T03:04:05Z',
    labels: { a: 'b' },
  });
  assert.deepEqual(
    managedFields.map(({ manager, operation, time }: Record<string, string>) => [manager, operation, time]),
    [['tester', 'Update', '2026-01-02T03:04:05Z']],
  );
  assert.deepEqual((await client.call('GET', `${MAPS}/one`)).value, value);
});

test('generated names differ, and generations are counted where there is a spec', async () => {
  const client = await clientWithNamespace();
  const path = '/apis/apps/v1/namespaces/ns/deployments';
  const body = { metadata: { generateName: 'web-' }, spec: { template: {} }, status: { replicas: 3 } };
  const { value: one } = await client.call('POST', path, body);
  const { value: two } = await client.call('POST', path, body);
  assert.match(one.metadata.name, /^web-[a-z0-9]{5}$/);
  assert.notEqual(one.metadata.name, two.metadata.name);
  assert.equal(one.metadata.generation, 1);
  assert.equal(one.spec.replicas, 1);
  assert.equal(one.status, undefined);
  const { value: map } = await client.call('POST', MAPS, { metadata: { name: 'a' } });
  assert.equal(map.metadata.generation, undefined);
});

test('what cannot be created is refused in the words of kube-apiserver', async () => {
  const client = await clientWithNamespace();
  await client.call('POST', MAPS, { metadata: { name: 'a' } });
  assert.deepEqual(await refused(client, MAPS, { metadata: { name: 'a' } }), [
    409,
    'AlreadyExists',
    'configmaps "a" already exists',
  ]);
  assert.deepEqual(await refused(client, '/api/v1/namespaces/nope/configmaps', { metadata: { name: 'a' } }), [
    404,
    'NotFound',
    'namespaces "nope" not found',
  ]);
  assert.deepEqual(await refused(client, MAPS, { metadata: {} }), [
    422,
    'Invalid',
    'ConfigMap "" is invalid: metadata.name: Required value: name or generateName is required',
  ]);
  assert.deepEqual(await refused(client, MAPS, { metadata: { name: 'b', namespace: 'other' } }), [
    400,
    'BadRequest',
    'the namespace of the provided object does not match the namespace sent on the request',
  ]);
  assert.deepEqual(await refused(client, MAPS, { metadata: { name: 'b', resourceVersion: '7' } }), [
    500,
    '',
    'resourceVersion should not be set on objects to be created',
  ]);
  assert.deepEqual(await refused(client, MAPS, { kind: 'Pod', metadata: { name: 'b' } }), [
    400,
    'BadRequest',
    'Pod in version "v1" cannot be handled as a ConfigMap: the body is a Pod',
  ]);
  assert.deepEqual(await refused(client, MAPS, { apiVersion: 'apps/v1', metadata: { name: 'b' } }), [
    400,
    'BadRequest',
    'the API version in the data (apps/v1) does not match the expected API version (v1)',
  ]);
  assert.deepEqual((await refused(client, MAPS, { metadata: { name: 'b', labels: { n: 5 } } })).slice(0, 2), [
    400,
    'BadRequest',
  ]);
  assert.deepEqual((await refused(client, MAPS, '{bad')).slice(0, 2), [400, 'BadRequest']);
  assert.deepEqual((await refused(client, MAPS, '[1]')).slice(0, 2), [400, 'BadRequest']);
  const { value: type } = await client.call('POST', MAPS, 'x', 'text/plain');
  assert.equal(type.code, 415);
  assert.deepEqual(
    (await client.call('GET', MAPS)).value.items.map(({ metadata }: { metadata: { name: string } }) => metadata.name),
    ['a'],
  );
});

test('a body may be YAML, and a dry run leaves no trace', async () => {
  const client = await clientWithNamespace();
  const before = client.store.revision;
  const dry = await client.call('POST', `${MAPS}?dryRun=All`, 'metadata: {name: a}\ndata: {k: v}', 'application/yaml');
  assert.equal(dry.status, 201);
  assert.equal(dry.value.metadata.resourceVersion, undefined);
  assert.equal(client.store.revision, before);
  const real = await client.call('POST', MAPS, 'metadata: {name: a}\ndata: {k: v}', 'application/yaml');
  assert.deepEqual(real.value.data, { k: 'v' });
  const wrong = await client.call('POST', `${MAPS}?dryRun=Some`, { metadata: { name: 'b' } });
  assert.equal(
    wrong.value.message,
    'CreateOptions.meta.k8s.io "" is invalid: dryRun: Unsupported value: ["Some"]: supported values: "All"',
  );
});

test('custom types need their kind, and lose a status that has a subresource', async () => {
  const client = await clientWithNamespace();
  const path = '/apis/example.com/v1/namespaces/ns';
  const widget = { apiVersion: 'example.com/v1', metadata: { name: 'w' }, status: { ok: true } };
  const { value: kindless } = await client.call('POST', `${path}/widgets`, widget);
  assert.match(
    kindless.message,
    /^the object provided is unrecognized \(must be of type Widget\): Object 'Kind' is missing/,
  );
  const other = await client.call('POST', `${path}/widgets`, { ...widget, kind: 'Other' });
  assert.equal(other.value.message, 'Other.example.com "w" is invalid: kind: Invalid value: "Other": must be Widget');
  const { value: made } = await client.call('POST', `${path}/widgets`, { ...widget, kind: 'Widget', anything: [1] });
  assert.deepEqual([made.status, made.anything, made.metadata.generation], [undefined, [1], 1]);
  const { value: plain } = await client.call('POST', `${path}/plains`, { ...widget, kind: 'Plain' });
  assert.deepEqual(plain.status, { ok: true });
});

test('services get an address of their own for life, secrets their data', async () => {
  const client = await clientWithNamespace();
  const path = '/api/v1/namespaces/ns/services';
  const { value: one } = await client.call('POST', path, { metadata: { name: 'a' }, spec: { ports: [{ port: 80 }] } });
  const { value: two } = await client.call('POST', path, { metadata: { name: 'b' }, spec: { ports: [{ port: 80 }] } });
  assert.match(one.spec.clusterIP, /^10\.0\.\d+\.\d+$/);
  assert.notEqual(one.spec.clusterIP, two.spec.clusterIP);
  assert.deepEqual(one.spec.ports, [{ protocol: 'TCP', targetPort: 80, port: 80 }]);
  const { value: after } = await client.call('PUT', `${path}/a`, { metadata: { name: 'a' }, spec: { ports: [] } });
  assert.equal(after.spec.clusterIP, one.spec.clusterIP);
  const { value: secret } = await client.call('POST', '/api/v1/namespaces/ns/secrets', {
    metadata: { name: 's' },
    stringData: { a: 'b' },
  });
  assert.deepEqual([secret.type, secret.data, secret.stringData], ['Opaque', { a: 'Yg==' }, undefined]);
});
