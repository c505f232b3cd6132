import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { Inbox, startListener, testPki } from '../../../test/support/loopback.ts';
import type { BodySink } from '../../wire/exchange.ts';
import { NO_FIELDS } from '../../wire/fields.ts';
import { Backoff } from './backoff.ts';
import { Informer } from './informer.ts';
import { eventLine, listed, listReply, statusReply } from './testing/listed.ts';
import { type ScriptedReply, type ScriptedRequest, scriptedApi } from './testing/scripted-api.ts';
import { testClient } from './testing/start-client.ts';

/** The script of a collection: what each next list answers, and the open watches. */
async function start(t: TestContext, lists: ScriptedReply[], refuseWatch?: () => ScriptedReply | undefined) {
  const watches = new Inbox<{ readonly sink: BodySink; readonly request: ScriptedRequest }>();
  const { handler, requests } = scriptedApi((request) => {
    if (request.query.get('watch') === null) return lists.shift() ?? statusReply(500, 'InternalError');
    return refuseWatch?.() ?? { stream: (sink) => watches.put({ sink, request }) };
  });
  const { port } = await startListener(t, { handler });
  const client = testClient(port, (await testPki()).ca.cert);
  const events = new Inbox<string>();
  const name = (object: { metadata: { name: string; resourceVersion: string } }) =>
    `${object.metadata.name}@${object.metadata.resourceVersion}`;
  const informer = new Informer({
    client,
    path: '/api/v1/configmaps',
    backoff: new Backoff({ initialMs: 1, maxMs: 2 }),
    handlers: {
      add: (object) => events.put(`add ${name(object)}`),
      update: (previous, object) => events.put(`update ${name(previous)} ${name(object)}`),
      remove: (last) => events.put(`remove ${name(last)}`),
    },
  });
  t.after(async () => {
    informer.close();
    await client.close();
  });
  return { informer, events, watches, requests };
}

test('a list, then the changes since; bookmarks move the place to go on from', async (t) => {
  const { informer, events, watches } = await start(t, [listReply(5, [listed('a', 1), listed('b', 2)])]);
  assert.equal(await events.next(), 'add a@1');
  assert.equal(await events.next(), 'add b@2');
  const first = await watches.next();
  assert.equal(first.request.query.get('resourceVersion'), '5');
  assert.equal(first.request.query.get('allowWatchBookmarks'), 'true');
  first.sink.write(eventLine('MODIFIED', listed('a', 6)));
  first.sink.write(eventLine('DELETED', listed('b', 7)));
  first.sink.write(eventLine('BOOKMARK', { metadata: { resourceVersion: '9' } }));
  first.sink.end(NO_FIELDS);
  assert.equal(await events.next(), 'update a@1 a@6');
  assert.equal(await events.next(), 'remove b@7');
  const second = await watches.next();
  assert.equal(second.request.query.get('resourceVersion'), '9', 'goes on without a list');
  assert.deepEqual([...informer.objects.keys()], ['default/a']);
  assert.equal(informer.lists, 1);
});

test('410 leads to a new list, from which the difference becomes events', async (t) => {
  const lists = [listReply(5, [listed('a', 1), listed('b', 2)]), listReply(20, [listed('b', 11), listed('c', 12)])];
  const { informer, events, watches, requests } = await start(t, lists);
  const { sink } = await watches.next();
  sink.write(eventLine('ERROR', { kind: 'Status', status: 'Failure', reason: 'Expired', code: 410 }));
  for (const expected of ['add a@1', 'add b@2', 'update b@2 b@11', 'add c@12', 'remove a@1']) {
    assert.equal(await events.next(), expected);
  }
  const { request } = await watches.next();
  assert.equal(request.query.get('resourceVersion'), '20');
  assert.equal(informer.lists, 2);
  const [first, again] = requests.filter(({ query }) => !query.has('watch'));
  assert.equal(first?.query.get('resourceVersion'), '0');
  assert.equal(again?.query.get('resourceVersion'), '5', 'at least as new as what was seen');
});

test('a list whose resourceVersion is gone is read without one', async (t) => {
  const lists = [statusReply(410, 'Expired'), listReply(3, [listed('a', 1)])];
  const { events, requests } = await start(t, lists);
  assert.equal(await events.next(), 'add a@1');
  assert.deepEqual(
    requests.slice(0, 2).map(({ query }) => query.get('resourceVersion')),
    ['0', null],
  );
});

test('the 404 of a server that lacks the type is tried again until a list succeeds', async (t) => {
  const lists = [statusReply(404, 'NotFound'), statusReply(404, 'NotFound'), listReply(3, [listed('a', 1)])];
  let refusals = 1;
  const refuse = () => (refusals-- > 0 ? statusReply(404, 'NotFound') : undefined);
  const { informer, events, watches } = await start(t, [...lists, listReply(4, [listed('a', 1)])], refuse);
  await informer.synced;
  assert.equal(informer.failures, 2);
  assert.equal(await events.next(), 'add a@1');
  await watches.next();
  assert.equal(informer.failures, 3);
  assert.equal(informer.lists, 2, 'a refused watch leads to a list');
  assert.equal(events.size, 0, 'which changed nothing');
});
