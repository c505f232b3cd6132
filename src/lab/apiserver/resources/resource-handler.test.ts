import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fieldValue } from '../../../wire/fields.ts';
import { clientWithNamespace } from './testing/resource-client.ts';

const MAPS = '/api/v1/namespaces/ns/configmaps';

test('what the lab does not do, it says', async () => {
  const client = await clientWithNamespace();
  const path = '/api/v1/namespaces/ns/pods/p/log';
  const absent = await client.call('GET', path);
  assert.deepEqual(
    [absent.status, absent.value.message, absent.value.details],
    [404, 'pods "p" not found', { name: 'p', kind: 'pods' }],
  );
  await client.call('POST', '/api/v1/namespaces/ns/pods', { metadata: { name: 'p' } });
  const log = await client.call('GET', path);
  assert.deepEqual([log.status, log.value.reason], [501, 'NotImplemented']);
  assert.match(log.value.message, /the lab does not implement get of pods\/log/);
  const binding = await client.call('POST', '/api/v1/namespaces/ns/bindings', {});
  assert.equal(binding.status, 501);
});

test('answers have the form that the client accepts, and nothing happens for one that cannot be had', async () => {
  const client = await clientWithNamespace();
  await client.call('POST', MAPS, { metadata: { name: 'a' }, data: { x: '1' } });
  const as = (kind: string) => `application/json;as=${kind};v=v1;g=meta.k8s.io`;
  const { value: table } = await client.call('GET', MAPS, undefined, undefined, as('Table'));
  assert.deepEqual([table.kind, table.rows.length], ['Table', 1]);
  const { value: partial } = await client.call('GET', `${MAPS}/a`, undefined, undefined, as('PartialObjectMetadata'));
  assert.deepEqual([partial.kind, partial.data], ['PartialObjectMetadata', undefined]);
  const before = client.store.revision;
  const refused = await client.call('POST', MAPS, { metadata: { name: 'b' } }, undefined, 'application/x-none');
  assert.deepEqual([refused.status, client.store.revision], [406, before]);
});

test('YAML, indented JSON and heads without bodies', async () => {
  const client = await clientWithNamespace();
  await client.call('POST', MAPS, { metadata: { name: 'a' }, data: { x: '<1>' } });
  const text = async (method: string, target: string, accept?: string) => {
    const exchange = client.open(method, target, undefined, undefined, accept);
    await exchange.until(() => exchange.isOver);
    return { text: exchange.text, fields: exchange.answer?.fields ?? [] };
  };
  const yaml = await text('GET', `${MAPS}/a`, 'application/yaml');
  assert.match(yaml.text, /^apiVersion: v1\ndata:\n {2}x: <1>\nkind: ConfigMap\n/);
  assert.equal(fieldValue(yaml.fields, 'content-type'), 'application/yaml');
  const pretty = await text('GET', `${MAPS}/a?pretty=true`);
  assert.ok(pretty.text.startsWith('{\n  "kind": "ConfigMap",\n'));
  assert.ok(pretty.text.includes('"x": "\\u003c1\\u003e"') && pretty.text.endsWith('\n}'));
  const compact = await text('GET', `${MAPS}/a`);
  assert.ok(compact.text.endsWith('}\n'));
  const head = await text('HEAD', `${MAPS}/a`);
  assert.deepEqual([head.text, fieldValue(head.fields, 'content-length')], ['', String(compact.text.length)]);
});
