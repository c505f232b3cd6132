import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import type { FakeBody } from '../../../test/support/fake-exchange.ts';
import { type ArrivedRequest, FakeUpstream } from '../../../test/support/fake-upstream.ts';
import { settled } from '../../../test/support/proxy-setting.ts';
import { fieldValue } from '../../wire/fields.ts';
import { ChangeWatch } from './change-watch.ts';
import { conditionOfWatch } from './watch-state.ts';
import { WATCHED_RESOURCES, type WatchTrigger } from './watched-resource.ts';

const TIMEOUT_MS = 5_000;

function setUp(t: TestContext, { trigger = 'crd' as WatchTrigger, random = 0 } = {}) {
  let now = 0;
  t.mock.timers.enable({ apis: ['setTimeout'] });
  t.mock.method(performance, 'now', () => now);
  t.mock.method(Math, 'random', () => random);
  const watched = WATCHED_RESOURCES.find((one) => one.trigger === trigger) ?? assert.fail();
  const upstream = new FakeUpstream();
  let changes = 0;
  const states: string[] = [];
  const watch: ChangeWatch = new ChangeWatch({
    watched,
    upstream,
    fields: ['user-agent', 'test'],
    timeoutMs: TIMEOUT_MS,
    changed: () => changes++,
    entered: () => states.push(watch.state.kind),
  });
  t.after(() => watch.stop());
  const state = (): string => watch.state.kind;
  /** The request that arrived last; with its query if it is a watch. */
  const last = (): ArrivedRequest => upstream.requests.at(-1) ?? assert.fail('nothing was asked for');
  const query = () => new URLSearchParams(last().head.target.split('?')[1]);
  const pass = async (milliseconds: number) => {
    now += milliseconds;
    t.mock.timers.tick(milliseconds);
    await settled();
  };
  const answerList = async (resourceVersion = '10', items: object[] = []) => {
    last().respond(200, [], JSON.stringify({ metadata: { resourceVersion }, items }));
    await settled();
  };
  const openWatch = async (): Promise<FakeBody> => {
    assert.equal(state(), 'opening');
    const body = last().begin(200);
    await settled();
    assert.equal(state(), 'watching');
    return body;
  };
  /** Asks, and plays the server until the watch is open. */
  const started = async (items: object[] = []) => {
    watch.ask();
    await answerList('10', items);
    const body = await openWatch();
    return body;
  };
  return { watch, state, upstream, states, last, query, pass, answerList, openWatch, started, changes: () => changes };
}

function line(type: string, resourceVersion: string, more: { name?: string; holder?: string } = {}): string {
  const { name = 'a', holder } = more;
  const spec = holder === undefined ? {} : { spec: { holderIdentity: holder } };
  return `${JSON.stringify({ type, object: { metadata: { name, resourceVersion }, ...spec } })}\n`;
}

const EXPIRED = '{"type":"ERROR","object":{"kind":"Status","code":410,"message":"too old resource version"}}\n';

test('it lists for a resourceVersion and watches from there; nothing is asked for before', async (t) => {
  const { watch, state, upstream, states, last, query, answerList, openWatch } = setUp(t);
  assert.deepEqual([state(), upstream.requests.length], ['waiting', 0]);
  watch.ask();
  assert.equal(last().head.target, '/apis/apiextensions.k8s.io/v1/customresourcedefinitions?limit=1');
  assert.match(fieldValue(last().head.fields, 'accept') ?? '', /as=PartialObjectMetadataList/);
  assert.equal(fieldValue(last().head.fields, 'user-agent'), 'test');
  await answerList('33');
  assert.equal(query().get('resourceVersion'), '33');
  assert.equal(query().get('allowWatchBookmarks'), 'true');
  await openWatch();
  assert.deepEqual(states, ['listing', 'opening', 'watching']);
  watch.ask();
  assert.equal(upstream.requests.length, 2, 'who watches asks for nothing');
});

test('what happened before the list is not known, so it counts; then every event does, and bookmarks do not', async (t) => {
  const { started, changes } = setUp(t);
  const body = await started();
  assert.equal(changes(), 1);
  body.send(line('ADDED', '11') + line('MODIFIED', '12'));
  body.send(line('DELETED', '13'));
  assert.equal(changes(), 4);
  body.send(line('BOOKMARK', '14'));
  assert.equal(changes(), 4);
});

test('of Leases only those that come, go or change their holder count', async (t) => {
  const { started, changes } = setUp(t, { trigger: 'lease' });
  const lease = (name: string, holder: string) => ({ metadata: { name }, spec: { holderIdentity: holder } });
  const body = await started([lease('a', 'a_1'), lease('b', 'b_1')]);
  const counted = (text: string): boolean => {
    const before = changes();
    body.send(text);
    return changes() > before;
  };
  assert.equal(counted(line('MODIFIED', '11', { name: 'a', holder: 'a_1' })), false, 'renewed');
  assert.equal(counted(line('MODIFIED', '12', { name: 'a', holder: 'a_2' })), true, 'taken over');
  assert.equal(counted(line('MODIFIED', '13', { name: 'a', holder: 'a_2' })), false);
  assert.equal(counted(line('ADDED', '14', { name: 'c', holder: 'c_1' })), true, 'new');
  assert.equal(counted(line('MODIFIED', '15', { name: 'c', holder: 'c_1' })), false);
  assert.equal(counted(line('DELETED', '16', { name: 'c', holder: 'c_1' })), true, 'gone');
  assert.equal(counted(line('ADDED', '17', { name: 'c', holder: 'c_1' })), true, 'back');
});

test('a watch that ends is asked for again at once, from the last event or bookmark, without counting', async (t) => {
  const { started, query, pass, changes, openWatch, upstream } = setUp(t);
  const body = await started();
  body.send(line('ADDED', '20'));
  await pass(60_000);
  body.end();
  await settled();
  assert.equal(query().get('resourceVersion'), '20');
  const second = await openWatch();
  second.send(line('BOOKMARK', '25'));
  await pass(60_000);
  second.reset('connection-lost');
  await settled();
  assert.equal(query().get('resourceVersion'), '25');
  assert.equal(changes(), 2);
  assert.equal(upstream.requests.length, 4);
});

test('one that ends quickly is asked for at once, then after growing pauses up to 30 s', async (t) => {
  const { state, started, pass, upstream, openWatch } = setUp(t);
  let body = await started();
  const pauses: number[] = [];
  for (let round = 0; round < 9; round++) {
    const asked = upstream.requests.length;
    body.end();
    await settled();
    let waited = 0;
    for (; upstream.requests.length === asked; waited += 100) {
      assert.equal(state(), 'waiting');
      await pass(100);
    }
    pauses.push(waited);
    body = await openWatch();
  }
  assert.deepEqual(pauses, [0, 500, 1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000]);
  await pass(1_000);
  body.end();
  await settled();
  assert.equal(state(), 'opening', 'one that lasted is no reason to wait');
});

test('back-off and retries are jittered', async (t) => {
  const { watch, state, pass, last } = setUp(t, { random: 1 });
  watch.ask();
  last().fail();
  await settled();
  await pass(374);
  assert.equal(state(), 'unavailable');
  await pass(1);
  assert.equal(state(), 'listing');
  last().respond(403, []);
  await settled();
  await pass(65_999);
  assert.equal(state(), 'denied');
  await pass(1);
  assert.equal(state(), 'listing');
});

test('watches are asked to end after two to four minutes', async (t) => {
  const { watch, query, answerList } = setUp(t, { random: 0.5 });
  watch.ask();
  await answerList();
  assert.equal(query().get('timeoutSeconds'), '180');
});

for (const [how, end] of [
  ['an ERROR event', (body: FakeBody) => body.send(EXPIRED)],
  ['a line that is no event', (body: FakeBody) => body.send('{"kind":"Fake"}\n')],
  ['a line that is no JSON', (body: FakeBody) => body.send('no\n')],
] as const) {
  test(`after ${how} it lists again, which counts`, async (t) => {
    const { state, started, last, pass, answerList, query, changes, openWatch } = setUp(t);
    const body = await started();
    const first = last();
    await pass(60_000);
    end(body);
    await settled();
    assert.equal(first.resetReason, 'cancel');
    assert.equal(state(), 'listing');
    await answerList('50');
    assert.equal(query().get('resourceVersion'), '50');
    assert.equal(changes(), 2);
    await openWatch();
  });
}

test('a watch from a resourceVersion that is too old (410) is followed by a list, which counts', async (t) => {
  const { state, started, last, pass, answerList, changes } = setUp(t);
  const body = await started();
  await pass(60_000);
  body.end();
  await settled();
  assert.equal(state(), 'opening');
  last().respond(410, [], '{}');
  await settled();
  assert.match(last().head.target, /limit=1/);
  await answerList('60');
  assert.equal(changes(), 2);
});

test('a server whose every watch ends with an error is asked after growing pauses', async (t) => {
  const { watch, state, last, pass, upstream, answerList, openWatch } = setUp(t);
  watch.ask();
  for (let round = 0; round < 200; round++) {
    if (state() === 'listing') await answerList();
    if (state() === 'opening' && round % 2 === 0) last().respond(410, []);
    else if (state() === 'opening') (await openWatch()).send(EXPIRED);
    await settled();
    await pass(100);
  }
  assert.ok(upstream.requests.length <= 14, `${upstream.requests.length} requests in 20 s`);
});

test('a line over the bound counts, and the watch goes on', async (t) => {
  const { state, started, changes, pass, query } = setUp(t);
  const body = await started();
  const chunk = 'x'.repeat(64 * 1024);
  for (let i = 0; i < 100; i++) body.send(chunk);
  assert.equal(changes(), 2);
  body.send(`\n${line('ADDED', '12')}`);
  assert.deepEqual([changes(), state()], [3, 'watching']);
  await pass(60_000);
  body.end();
  await settled();
  assert.equal(query().get('resourceVersion'), '12');
});

for (const status of [401, 403]) {
  test(`who is denied (${status}) asks again after a minute, and goes on from where it was`, async (t) => {
    const { watch, state, upstream, last, pass, answerList, openWatch } = setUp(t);
    watch.ask();
    last().respond(status, [], '{"kind":"Status"}');
    await settled();
    assert.equal(state(), 'denied');
    assert.match(conditionOfWatch(watch.state), new RegExp(`answered ${status}`));
    await pass(53_999);
    assert.equal(upstream.requests.length, 1);
    await pass(1);
    assert.equal(state(), 'listing');
    await answerList();
    await openWatch();
  });
}

test('a watch that is denied although the list was not is denied', async (t) => {
  const { watch, state, last, pass, answerList, query } = setUp(t);
  watch.ask();
  await answerList('10');
  last().respond(403, []);
  await settled();
  assert.equal(state(), 'denied');
  await pass(60_000);
  assert.equal(query().get('resourceVersion'), '10');
});

test('a type that the server does not have is asked for again after a minute, or when the server is another', async (t) => {
  const { watch, state, last, pass, upstream } = setUp(t);
  watch.ask();
  last().respond(404, [], '404 page not found\n');
  await settled();
  assert.equal(state(), 'absent');
  assert.notEqual(conditionOfWatch(watch.state), '');
  await pass(60_000);
  assert.equal(upstream.requests.length, 2);
  last().respond(404, []);
  await settled();
  watch.ask();
  assert.equal(state(), 'listing');
});

test('a server that fails is unavailable for its reason, asked again after 0.5 s to 30 s, and at once when it is healthy', async (t) => {
  const { watch, state, last, pass, upstream } = setUp(t);
  watch.ask();
  const pauses: number[] = [];
  for (let round = 0; round < 8; round++) {
    last().fail({ message: 'nobody listens' });
    await settled();
    assert.equal(state(), 'unavailable');
    assert.equal(conditionOfWatch(watch.state), 'nobody listens');
    const asked = upstream.requests.length;
    let waited = 0;
    for (; upstream.requests.length === asked; waited += 100) await pass(100);
    pauses.push(waited);
  }
  assert.deepEqual(pauses, [500, 1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000]);
  last().respond(500, []);
  await settled();
  assert.equal(conditionOfWatch(watch.state), 'answered 500');
  watch.ask();
  assert.equal(state(), 'listing');
  last().respond(200, [], '{"kind":"Fake"}');
  await settled();
  assert.match(conditionOfWatch(watch.state), /resourceVersion/);
  await pass(499);
  assert.equal(state(), 'unavailable');
  await pass(1);
  assert.equal(state(), 'listing', 'the pause begins anew for a healthy server');
});

test('a list or a watch that is not answered is given up', async (t) => {
  const { watch, state, last, pass, answerList } = setUp(t);
  watch.ask();
  await pass(TIMEOUT_MS);
  assert.equal(last().resetReason, 'timeout');
  assert.equal(state(), 'unavailable');
  await pass(500);
  await answerList();
  const opening = last();
  await pass(TIMEOUT_MS);
  assert.equal(opening.resetReason, 'cancel');
  assert.match(conditionOfWatch(watch.state), /not answered within/);
});

test('a watch that the server forgot is replaced: silence has an end', async (t) => {
  const { state, started, last, pass, query } = setUp(t);
  await started();
  const silent = last();
  await pass(120_000 + 9_999);
  assert.equal(state(), 'watching');
  await pass(1);
  assert.equal(silent.resetReason, 'cancel');
  assert.equal(state(), 'opening');
  assert.equal(query().get('resourceVersion'), '10');
});

test('stopped in any state, it resets what is open, hears nothing and asks for nothing', async (t) => {
  const listing = setUp(t);
  listing.watch.ask();
  listing.watch.stop();
  assert.equal(listing.last().resetReason, 'cancel');
  await settled();
  t.mock.timers.reset();
  t.mock.restoreAll();

  const watching = setUp(t);
  const body = await watching.started();
  watching.watch.stop();
  assert.equal(watching.last().resetReason, 'cancel');
  body.send(line('ADDED', '11'));
  body.end();
  await watching.pass(300_000);
  assert.deepEqual([watching.changes(), watching.upstream.requests.length], [1, 2]);
  t.mock.timers.reset();
  t.mock.restoreAll();

  const failing = setUp(t);
  failing.watch.ask();
  failing.last().fail();
  await settled();
  failing.watch.stop();
  failing.watch.ask();
  await failing.pass(300_000);
  assert.equal(failing.upstream.requests.length, 1);
});
