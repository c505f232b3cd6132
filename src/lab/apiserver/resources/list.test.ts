import assert from 'node:assert/strict';
import { test } from 'node:test';
import { clientWithNamespace, type ResourceClient } from './testing/resource-client.ts';

const MAPS = '/api/v1/namespaces/ns/configmaps';

async function withMaps(): Promise<ResourceClient> {
  const client = await clientWithNamespace();
  for (const name of ['a', 'b', 'c', 'd', 'e']) {
    await client.call('POST', MAPS, { metadata: { name, labels: { half: name < 'c' ? 'first' : 'second' } } });
  }
  return client;
}

const namesOf = ({ items }: { items: { metadata: { name: string } }[] }) => items.map(({ metadata }) => metadata.name);

test('a list has the revision it was read at, and items without kind', async () => {
  const client = await withMaps();
  const { value } = await client.call('GET', MAPS);
  assert.deepEqual([value.kind, value.apiVersion, namesOf(value)], ['ConfigMapList', 'v1', ['a', 'b', 'c', 'd', 'e']]);
  assert.deepEqual(value.metadata, { resourceVersion: String(client.store.revision) });
  assert.deepEqual([value.items[0].kind, value.items[0].apiVersion], [undefined, undefined]);
  const plain = { kind: 'Plain', apiVersion: 'example.com/v1', metadata: { name: 'p' } };
  await client.call('POST', '/apis/example.com/v1/namespaces/ns/plains', plain);
  const { value: custom } = await client.call('GET', '/apis/example.com/v1/plains');
  assert.deepEqual([custom.kind, custom.items[0].kind], ['PlainList', 'Plain']);
});

test('a list of all namespaces or one, and no other type', async () => {
  const client = await withMaps();
  await client.call('POST', '/api/v1/namespaces', { metadata: { name: 'ns2' } });
  await client.call('POST', '/api/v1/namespaces/ns2/configmaps', { metadata: { name: 'z' } });
  assert.deepEqual(namesOf((await client.call('GET', '/api/v1/configmaps')).value), ['a', 'b', 'c', 'd', 'e', 'z']);
  assert.deepEqual(namesOf((await client.call('GET', '/api/v1/namespaces/ns2/configmaps')).value), ['z']);
  assert.deepEqual(namesOf((await client.call('GET', '/api/v1/namespaces')).value), ['ns', 'ns2']);
});

test('pages show one revision, whatever happens meanwhile', async () => {
  const client = await withMaps();
  const { value: first } = await client.call('GET', `${MAPS}?limit=2`);
  assert.deepEqual([namesOf(first), first.metadata.remainingItemCount], [['a', 'b'], 3]);
  await client.call('DELETE', `${MAPS}/d`);
  await client.call('POST', MAPS, { metadata: { name: 'bb' } });
  const { value: second } = await client.call('GET', `${MAPS}?limit=2&continue=${first.metadata.continue}`);
  assert.deepEqual([namesOf(second), second.metadata.remainingItemCount], [['c', 'd'], 1]);
  const { value: third } = await client.call('GET', `${MAPS}?limit=2&continue=${second.metadata.continue}`);
  assert.deepEqual([namesOf(third), third.metadata.continue], [['e'], undefined]);
  assert.equal(third.metadata.resourceVersion, first.metadata.resourceVersion);
});

test('pages of a selection do not say how much remains', async () => {
  const client = await withMaps();
  const { value: first } = await client.call('GET', `${MAPS}?limit=2&labelSelector=half%3Dsecond`);
  assert.deepEqual([namesOf(first), first.metadata.remainingItemCount], [['c', 'd'], undefined]);
  const { value: second } = await client.call(
    'GET',
    `${MAPS}?limit=2&labelSelector=half%3Dsecond&continue=${first.metadata.continue}`,
  );
  assert.deepEqual([namesOf(second), second.metadata.continue], [['e'], undefined]);
});

test('an expired page is 410 with a token that goes on in the present', async () => {
  const client = await withMaps();
  const { value: first } = await client.call('GET', `${MAPS}?limit=2`);
  await client.call('DELETE', `${MAPS}/d`);
  client.store.compact(client.store.revision);
  const expired = await client.call('GET', `${MAPS}?limit=2&continue=${first.metadata.continue}`);
  assert.deepEqual([expired.status, expired.value.reason], [410, 'Expired']);
  const { value: rest } = await client.call('GET', `${MAPS}?continue=${expired.value.metadata.continue}`);
  assert.deepEqual(namesOf(rest), ['c', 'e']);
  assert.equal(rest.metadata.resourceVersion, String(client.store.revision));
});

test('resourceVersion and its match choose the revision', async () => {
  const client = await withMaps();
  const past = client.store.revision;
  await client.call('DELETE', `${MAPS}/a`);
  const names = async (query: string) => namesOf((await client.call('GET', `${MAPS}?${query}`)).value).length;
  assert.equal(await names(`resourceVersion=${past}`), 4);
  assert.equal(await names(`resourceVersion=${past}&resourceVersionMatch=NotOlderThan`), 4);
  assert.equal(await names(`resourceVersion=${past}&resourceVersionMatch=Exact`), 5);
  assert.equal(await names('resourceVersion=0&limit=1'), 4);
  const { value: page } = await client.call('GET', `${MAPS}?resourceVersion=${past}&limit=1`);
  assert.equal(page.metadata.resourceVersion, String(past));
  const status = async (query: string) => (await client.call('GET', `${MAPS}?${query}`)).status;
  assert.equal(await status('resourceVersion=1000'), 504);
  assert.equal(await status('resourceVersion=1000&resourceVersionMatch=Exact'), 504);
  client.store.compact(client.store.revision);
  const compacted = await client.call('GET', `${MAPS}?resourceVersion=${past}&resourceVersionMatch=Exact`);
  assert.equal(compacted.value.message, 'The resourceVersion for the provided list is too old.');
});

test('bad options are refused', async () => {
  const client = await withMaps();
  const { value: page } = await client.call('GET', `${MAPS}?limit=1`);
  const token = page.metadata.continue;
  const answers: readonly (readonly [string, number, RegExp])[] = [
    ['limit=x', 400, /^strconv\.ParseInt: parsing "x": invalid syntax$/],
    ['continue=abc', 400, /^invalid continue token: continue key is not valid: /],
    [`continue=${token}&resourceVersion=3`, 400, /^specifying resource version is not allowed when using continue$/],
    ['resourceVersion=x', 400, /^invalid resource version: resourceVersion: Invalid value: "x": /],
    ['resourceVersionMatch=Exact', 422, /resourceVersionMatch is forbidden unless resourceVersion is provided$/],
    ['resourceVersionMatch=Some&resourceVersion=1', 422, /supported values: "Exact", "NotOlderThan", ""$/],
    ['resourceVersionMatch=Exact&resourceVersion=0', 422, /forbidden for resourceVersion "0"$/],
    ['sendInitialEvents=true', 422, /sendInitialEvents is forbidden for list$/],
    ['labelSelector=a%20b', 400, /^unable to parse requirement: /],
    ['fieldSelector=x', 400, /^invalid selector: 'x'; can't understand 'x'$/],
    ['fieldSelector=x%3Dy', 400, /^"x" is not a known field selector: only "metadata.name", "metadata.namespace"$/],
  ];
  for (const [query, status, message] of answers) {
    const answer = await client.call('GET', `${MAPS}?${query}`);
    assert.equal(answer.status, status, query);
    assert.match(answer.value.message, message);
  }
  const ahead = await client.call('GET', `${MAPS}/a?resourceVersion=1000`);
  assert.deepEqual(
    [ahead.status, ahead.value.message, ahead.value.details],
    [
      504,
      `Timeout: Too large resource version: 1000, current: ${client.store.revision}`,
      {
        causes: [{ reason: 'ResourceVersionTooLarge', message: 'Too large resource version' }],
        retryAfterSeconds: 1,
      },
    ],
  );
});
