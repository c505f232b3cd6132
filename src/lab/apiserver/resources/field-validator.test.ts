import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { JsonObject } from '../../api-object.ts';
import { kindFields } from '../openapi/kind-fields.ts';
import { type Kind, SchemaPool } from '../openapi/schema-pool.ts';
import { clientWithNamespace } from './testing/resource-client.ts';

const object = (properties: JsonObject) => ({ type: 'object', properties });
const text = { type: 'string' };
const integer = { type: 'integer' };
const METADATA = object({
  name: text,
  namespace: text,
  uid: text,
  resourceVersion: text,
  creationTimestamp: text,
  managedFields: {},
});
const COMMON = { apiVersion: text, kind: text, metadata: METADATA };
const KEYED = { 'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': ['name'] };
const SCHEMAS: Readonly<Record<string, JsonObject>> = {
  Deployment: object({
    ...COMMON,
    spec: object({ replicas: integer, parts: { type: 'array', items: object({ name: text }), ...KEYED } }),
    status: object({ replicas: integer }),
  }),
  Scale: object({ ...COMMON, spec: object({ replicas: integer }), status: {} }),
  Binding: object({ ...COMMON, target: object({ name: text }) }),
  Eviction: object(COMMON),
  Widget: object({ ...COMMON, spec: object({ size: integer }) }),
};
const DEPLOYMENTS = '/apis/apps/v1/namespaces/ns/deployments';
const WIDGETS = '/apis/example.com/v1/namespaces/ns/widgets';
const MERGE = 'application/merge-patch+json';
const STRATEGIC = 'application/strategic-merge-patch+json';
const APPLY = 'application/apply-patch+yaml';

async function fieldsOf({ kind }: Kind) {
  const schema = SCHEMAS[kind];
  return schema && kindFields(schema, new SchemaPool(new Map()), kind === 'Widget');
}

const client = () => clientWithNamespace({ fieldsOf });

const deployment = (spec: JsonObject, rest: JsonObject = {}) => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'web' },
  ...rest,
  spec,
});

test('Strict refuses unknown fields of a new or replaced object, as decoding does', async () => {
  const api = await client();
  const message =
    'Deployment in version "v1" cannot be handled as a Deployment: strict decoding error: unknown field "metadata.foo", unknown field "specc", unknown field "spec.replicaz"';
  const wrong = deployment({ replicaz: 2 }, { metadata: { name: 'web', foo: 1 }, specc: 1 });
  const created = await api.call('POST', `${DEPLOYMENTS}?fieldValidation=Strict`, wrong);
  assert.deepEqual([created.status, created.value.reason, created.value.message], [400, 'BadRequest', message]);
  await api.call('POST', DEPLOYMENTS, deployment({ replicas: 1 }));
  const replaced = await api.call('PUT', `${DEPLOYMENTS}/web?fieldValidation=Strict`, wrong);
  assert.deepEqual([replaced.status, replaced.value.message, replaced.warnings], [400, message, []]);
});

test('a warning is sent for each unless the query says Ignore; what is unknown is never stored', async () => {
  const api = await client();
  const wrong = deployment({ replicas: 1, replicaz: 2 }, { specc: 1 });
  const created = await api.call('POST', DEPLOYMENTS, wrong);
  assert.deepEqual(
    [created.status, created.warnings],
    [201, ['unknown field "specc"', 'unknown field "spec.replicaz"']],
  );
  assert.deepEqual(created.value.spec.replicaz, undefined);
  assert.deepEqual(created.value.specc, undefined);
  assert.equal(JSON.stringify(created.value.metadata.managedFields).includes('replicaz'), false);
  const ignored = await api.call('PUT', `${DEPLOYMENTS}/web?fieldValidation=Ignore`, wrong);
  assert.deepEqual([ignored.status, ignored.warnings, ignored.value.spec.replicaz], [200, [], undefined]);
});

test('a value that fieldValidation does not have is refused', async () => {
  const { status, value } = await (await client()).call('POST', `${DEPLOYMENTS}?fieldValidation=Nope`, deployment({}));
  assert.deepEqual(
    [status, value.message],
    [
      422,
      'CreateOptions.meta.k8s.io "" is invalid: fieldValidation: Unsupported value: "Nope": supported values: "", "Ignore", "Strict", "Warn"',
    ],
  );
});

test('patches are refused with what they are, or what they would make', async () => {
  const api = await client();
  await api.call('POST', DEPLOYMENTS, deployment({ replicas: 1 }));
  const target = `${DEPLOYMENTS}/web`;
  const patch = { spec: { replicaz: 2 }, x: { y: 1 } };
  const strategic = await api.call('PATCH', `${target}?fieldValidation=Strict`, patch, STRATEGIC);
  const why = 'strict decoding error: unknown field "spec.replicaz", unknown field "x"';
  assert.deepEqual(
    [strategic.status, strategic.value.message],
    [422, ` "" is invalid: patch: Invalid value: "map[spec:map[replicaz:2] x:map[y:1]]": ${why}`],
  );
  assert.deepEqual(Object.keys(strategic.value.details), ['causes']);
  const merge = await api.call('PATCH', `${target}?fieldValidation=Strict`, patch, MERGE);
  assert.match(merge.value.message, /^ "" is invalid: patch: Invalid value: "\{\\"kind\\":\\"Deployment\\",.*"x/);
  assert.ok(merge.value.message.endsWith(why));
  const warned = await api.call('PATCH', target, patch, MERGE);
  assert.deepEqual(
    [warned.status, warned.warnings, warned.value.spec.replicaz],
    [200, ['unknown field "spec.replicaz"', 'unknown field "x"'], undefined],
  );
  const status = await api.call('PATCH', `${target}/status?fieldValidation=Strict`, { status: { rep: 1 } }, MERGE);
  assert.match(status.value.message, /unknown field "status.rep"$/);
});

test('fields that a server of another version stored are no fault of a patch', async () => {
  const newer = await clientWithNamespace();
  await newer.call('POST', DEPLOYMENTS, deployment({ replicas: 1, newField: true }));
  const older = await clientWithNamespace({ fieldsOf, store: newer.store });
  const target = `${DEPLOYMENTS}/web?fieldValidation=Strict`;
  const { status, value } = await older.call('PATCH', target, { spec: { replicas: 2 } }, MERGE);
  assert.deepEqual([status, value.spec.newField], [200, undefined]);
});

test('what applies unknown fields is refused always, lists with keys named by them', async () => {
  const api = await client();
  const target = `${DEPLOYMENTS}/web?fieldManager=me&fieldValidation=Ignore`;
  const many = deployment({ replicaz: 1, parts: [{ name: 'a', x: 1 }] });
  const refused = await api.call('PATCH', target, many, APPLY);
  assert.deepEqual(
    [refused.status, refused.value.message],
    [
      500,
      'failed to create typed patch object (/web; apps/v1, Kind=Deployment): errors:\n' +
        '  .spec.parts[name="a"].x: field not declared in schema\n  .spec.replicaz: field not declared in schema',
    ],
  );
  const one = await api.call('PATCH', target, deployment({ replicaz: 1 }), APPLY);
  assert.equal(
    one.value.message,
    'failed to create typed patch object (/web; apps/v1, Kind=Deployment): .spec.replicaz: field not declared in schema',
  );
  assert.equal((await api.call('PATCH', target, deployment({ replicas: 1 }), APPLY)).status, 201);
});

test('subresources are validated as their own kinds, custom objects by their schema', async () => {
  const api = await client();
  await api.call('POST', DEPLOYMENTS, deployment({ replicas: 1 }));
  const spec = { replicas: 1, rep: 2 };
  const scale = { apiVersion: 'autoscaling/v1', kind: 'Scale', metadata: { name: 'web' }, spec };
  const path = `${DEPLOYMENTS}/web/scale?fieldValidation=Strict`;
  const why = 'strict decoding error: unknown field "spec.rep"';
  const replaced = await api.call('PUT', path, scale);
  assert.equal(replaced.value.message, `Scale in version "v1" cannot be handled as a Scale: ${why}`);
  const patched = await api.call('PATCH', path, { spec }, MERGE);
  assert.deepEqual([patched.status, patched.value.message.endsWith(why)], [422, true]);

  const pods = '/api/v1/namespaces/ns/pods';
  const bound = await api.call('POST', `${pods}/p/binding?fieldValidation=Strict`, { target: { name: 'n', zz: 1 } });
  assert.match(bound.value.message, /^Binding in version "v1" .* unknown field "target.zz"$/);
  const evicted = await api.call('POST', `${pods}/p/eviction?fieldValidation=Strict`, { zz: 1 });
  assert.match(evicted.value.message, /^Eviction in version "v1" .* unknown field "zz"$/);

  const widget = { apiVersion: 'example.com/v1', kind: 'Widget', metadata: { name: 'w' }, spec: { siz: 1 } };
  const custom = await api.call('POST', `${WIDGETS}?fieldValidation=Strict`, widget);
  assert.match(custom.value.message, /^Widget in version "v1" .* unknown field "spec.siz"$/);
});
