import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { CalledExchange } from './testing/called-exchange.ts';
import { clientWithNamespace, eventsOf, type ResourceClient } from './testing/resource-client.ts';

const MAPS = '/api/v1/namespaces/ns/configmaps';
const MERGE = 'application/merge-patch+json';

const create = (client: ResourceClient, name: string, labels: Record<string, string> = {}) =>
  client.call('POST', MAPS, { metadata: { name, labels } });

/** `ADDED a`, `BOOKMARK`, … */
const seenBy = (watch: CalledExchange) =>
  eventsOf(watch).map(({ type, object }) => [type, object.metadata?.name].filter(Boolean).join(' '));

test('a watch goes on from the revision of a list', async () => {
  const client = await clientWithNamespace();
  await create(client, 'a');
  const revision = client.store.revision;
  await create(client, 'b');
  const watch = client.open('GET', `${MAPS}?watch=true&resourceVersion=${revision}`);
  await client.call('PATCH', `${MAPS}/a`, { data: { x: '1' } }, MERGE);
  const { value: made } = await client.call('GET', `${MAPS}/b`);
  await client.call('DELETE', `${MAPS}/b`);
  await client.call('POST', '/api/v1/namespaces/ns/secrets', { metadata: { name: 'other' } });
  assert.deepEqual(seenBy(watch), ['ADDED b', 'MODIFIED a', 'DELETED b']);
  const [added, , deleted] = eventsOf(watch);
  assert.deepEqual(added.object, made);
  assert.equal(deleted.object.metadata.resourceVersion, String(client.store.revision - 1));
  assert.equal(watch.isOver, false);
});

test('without a revision, and with 0, the present state comes first', async () => {
  const client = await clientWithNamespace();
  await create(client, 'a');
  const watches = ['', '&resourceVersion=0'].map((query) => client.open('GET', `${MAPS}?watch=1${query}`));
  const silent = client.open('GET', `${MAPS}?watch=1&sendInitialEvents=false&resourceVersionMatch=NotOlderThan`);
  await create(client, 'b');
  for (const watch of watches) assert.deepEqual(seenBy(watch), ['ADDED a', 'ADDED b']);
  assert.deepEqual(seenBy(silent), ['ADDED b']);
});

test('initial events end in a bookmark, for who wants bookmarks', async () => {
  const client = await clientWithNamespace();
  await create(client, 'a');
  const query = 'watch=1&sendInitialEvents=true&resourceVersionMatch=NotOlderThan';
  const watch = client.open('GET', `${MAPS}?${query}&allowWatchBookmarks=true`);
  const other = client.open('GET', `${MAPS}?${query}`);
  const revision = String(client.store.revision);
  await create(client, 'b');
  assert.deepEqual(seenBy(watch), ['ADDED a', 'BOOKMARK', 'ADDED b']);
  assert.deepEqual(eventsOf(watch)[1].object, {
    kind: 'ConfigMap',
    apiVersion: 'v1',
    metadata: { resourceVersion: revision, annotations: { 'k8s.io/initial-events-end': 'true' } },
  });
  assert.deepEqual(seenBy(other), ['ADDED a', 'ADDED b']);
  const ahead = client.open('GET', `${MAPS}?${query}&resourceVersion=1000`);
  await ahead.until(() => ahead.isOver);
  assert.deepEqual([eventsOf(ahead)[0].type, eventsOf(ahead)[0].object.code], ['ERROR', 504]);
});

test('initial events need their gate and their match', async () => {
  const client = await clientWithNamespace({ watchList: false });
  const message = async (query: string) => (await client.call('GET', `${MAPS}?watch=1&${query}`)).value.message;
  assert.match(
    await message('sendInitialEvents=true&resourceVersionMatch=NotOlderThan'),
    /sendInitialEvents is forbidden for watch unless the WatchList feature gate is enabled$/,
  );
  assert.match(
    await message('resourceVersionMatch=NotOlderThan&resourceVersion=1'),
    /forbidden for watch unless sendInitialEvents is provided$/,
  );
});

test('objects that begin and cease to be selected come and go', async () => {
  const client = await clientWithNamespace();
  const watch = client.open('GET', `${MAPS}?watch=1&labelSelector=on`);
  await create(client, 'a');
  const patch = (labels: object) => client.call('PATCH', `${MAPS}/a`, { metadata: { labels } }, MERGE);
  await patch({ on: 'yes' });
  await patch({ other: 'x' });
  await patch({ on: null });
  const revision = String(client.store.revision);
  await patch({ other: null });
  await client.call('DELETE', `${MAPS}/a`);
  assert.deepEqual(seenBy(watch), ['ADDED a', 'MODIFIED a', 'DELETED a']);
  const { object } = eventsOf(watch)[2];
  assert.deepEqual([object.metadata.labels, object.metadata.resourceVersion], [{ on: 'yes', other: 'x' }, revision]);
});

test('one object can be watched by its name', async () => {
  const client = await clientWithNamespace();
  const watches = [
    client.open('GET', `${MAPS}?watch=1&fieldSelector=metadata.name%3Db`),
    client.open('GET', '/api/v1/watch/namespaces/ns/configmaps/b'),
  ];
  await create(client, 'a');
  await create(client, 'b');
  for (const watch of watches) assert.deepEqual(seenBy(watch), ['ADDED b']);
});

test('compacted history is an ERROR event, and a revision that lies ahead is waited for', async () => {
  const client = await clientWithNamespace();
  await create(client, 'a');
  client.store.compact(client.store.revision);
  const old = client.open('GET', `${MAPS}?watch=1&resourceVersion=1`);
  await old.until(() => old.isOver);
  assert.equal(old.answer?.status, 200);
  const [error, ...others] = eventsOf(old);
  assert.deepEqual([error.type, error.object.code, error.object.reason, others], ['ERROR', 410, 'Expired', []]);
  assert.equal(error.object.message, `too old resource version: 1 (${client.store.compacted})`);

  const ahead = client.open('GET', `${MAPS}?watch=1&resourceVersion=${client.store.revision + 1}`);
  await create(client, 'b');
  await create(client, 'c');
  assert.deepEqual(seenBy(ahead), ['ADDED c']);
});

test('bookmarks come in time and before the end', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout', 'setInterval'] });
  const client = await clientWithNamespace({ bookmarkIntervalMs: 1000 });
  const watch = client.open('GET', `${MAPS}?watch=1&allowWatchBookmarks=true&timeoutSeconds=3`);
  const plain = client.open('GET', `${MAPS}?watch=1&timeoutSeconds=3`);
  await plain.until(() => plain.answer !== undefined);
  t.mock.timers.tick(1500);
  assert.deepEqual([seenBy(watch), watch.isOver], [['BOOKMARK'], false]);
  await client.call('POST', '/api/v1/namespaces/ns/secrets', { metadata: { name: 'other' } });
  t.mock.timers.tick(1500);
  assert.equal(watch.isOver, true);
  assert.equal(eventsOf(watch).at(-1).object.metadata.resourceVersion, String(client.store.revision));
  assert.deepEqual([plain.text, plain.isOver], ['', true]);
});

test('a client that does not read is sent nothing, and ended when too much waits', async () => {
  const client = await clientWithNamespace({ watchBuffer: 3 });
  client.slow = true;
  const watch = client.open('GET', `${MAPS}?watch=1`);
  client.slow = false;
  for (const name of ['a', 'b', 'c']) await create(client, name);
  assert.deepEqual(seenBy(watch), ['ADDED a']);
  watch.drain();
  assert.deepEqual(seenBy(watch), ['ADDED a', 'ADDED b']);
  for (const name of ['d', 'e']) await create(client, name);
  assert.deepEqual([seenBy(watch), watch.isOver], [['ADDED a', 'ADDED b'], false]);
  await create(client, 'f');
  assert.deepEqual([seenBy(watch), watch.isOver], [['ADDED a', 'ADDED b'], true]);
});

test('a long state is sent at the pace of its reader, without a limit', async () => {
  const client = await clientWithNamespace({ watchBuffer: 2 });
  for (const name of ['a', 'b', 'c', 'd', 'e']) await create(client, name);
  const revision = client.store.revision;
  for (const name of ['f', 'g', 'h', 'i']) await create(client, name);
  for (const [query, names] of [
    ['', ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i']],
    [`&resourceVersion=${revision}`, ['f', 'g', 'h', 'i']],
  ] as const) {
    client.slow = true;
    const watch = client.open('GET', `${MAPS}?watch=1${query}`);
    await watch.until(() => watch.text !== '');
    for (let sent = 1; sent <= names.length; sent++) {
      assert.deepEqual(
        seenBy(watch),
        names.slice(0, sent).map((name) => `ADDED ${name}`),
      );
      watch.drain();
    }
    assert.equal(watch.isOver, false);
  }
});

test('a watch ends when the server drains, and leaves the store when its client does', async () => {
  const closing = new AbortController();
  const client = await clientWithNamespace({ closing: closing.signal });
  const left = client.open('GET', `${MAPS}?watch=1`);
  const watch = client.open('GET', `${MAPS}?watch=1`);
  await watch.until(() => watch.answer !== undefined);
  left.onAbort?.('cancel');
  await create(client, 'a');
  assert.deepEqual([left.text, seenBy(watch)], ['', ['ADDED a']]);
  closing.abort();
  assert.deepEqual([watch.isOver, left.isOver], [true, false]);
  const late = client.open('GET', `${MAPS}?watch=1`);
  await late.until(() => late.isOver);
});

test('a watch of tables describes its columns once', async () => {
  const client = await clientWithNamespace();
  const accept = 'application/json;as=Table;v=v1;g=meta.k8s.io';
  const watch = client.open('GET', `${MAPS}?watch=1`, undefined, undefined, accept);
  await create(client, 'a');
  await create(client, 'b');
  const tables = eventsOf(watch).map(({ object }) => [
    object.kind,
    object.columnDefinitions !== null,
    object.rows.length,
  ]);
  assert.deepEqual(tables, [
    ['Table', true, 1],
    ['Table', false, 1],
  ]);
});
