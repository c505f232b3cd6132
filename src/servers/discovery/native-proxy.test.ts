import assert from 'node:assert/strict';
import { describe, type TestContext, test } from 'node:test';
import { FakeUpstream } from '../../../test/support/fake-upstream.ts';
import { settled } from '../../../test/support/proxy-setting.ts';
import { discoveryOf } from '../../discovery/testing/discovery-of.ts';
import { fieldValue } from '../../wire/fields.ts';
import { NativeProxyWatch, whoLacksTypes } from './native-proxy.ts';

/** A server whose own document and merged document the test sets by their ETags, on a clock that the test moves. */
function setUp(t: TestContext) {
  let now = 5_000;
  t.mock.timers.enable({ apis: ['setTimeout'] });
  t.mock.method(performance, 'now', () => now);
  t.mock.method(Math, 'random', () => 0);
  const server = { own: '"own"', merged: '"own"', status: 200 };
  const read: { etag: string | undefined } = { etag: '"own"' };
  const upstream = new FakeUpstream((request) => {
    const accept = fieldValue(request.head.fields, 'accept') ?? '';
    const etag = accept.includes('profile=nopeer') ? server.own : server.merged;
    if (server.status !== 200) request.respond(server.status, [], 'no');
    else if (fieldValue(request.head.fields, 'if-none-match') === etag) request.respond(304, ['etag', etag]);
    else request.respond(200, ['etag', etag], '{}');
  });
  const options = { upstream, fields: [], timeoutMs: 1_000, maxBytes: 1_000, clock: () => now, etag: () => read.etag };
  const watch = new NativeProxyWatch(options);
  t.after(() => watch.stop());
  const pass = async (milliseconds: number) => {
    for (let passed = 0; passed < milliseconds; passed += 1_000) {
      now += 1_000;
      t.mock.timers.tick(1_000);
      await settled();
    }
  };
  return { watch, server, read, upstream, pass };
}

describe("a server's own mixed version proxy", () => {
  test('is on when its document for everybody is not its own', async (t) => {
    const { watch, server, pass } = setUp(t);
    server.merged = '"merged"';
    watch.start();
    assert.equal(watch.status(false), 'unknown');
    await pass(30_000);
    assert.deepEqual([watch.status(false), watch.status(true)], ['on', 'on']);
    server.merged = server.own;
    await pass(60_000);
    assert.equal(watch.status(true), 'unknown');
  });

  test('is off when it goes on listing only what it serves, although others serve more', async (t) => {
    const { watch, upstream, pass } = setUp(t);
    watch.start();
    await pass(30_000);
    assert.deepEqual([watch.status(false), watch.status(true)], ['unknown', 'unknown'], 'it may need its time');
    await pass(90_000);
    assert.deepEqual([watch.status(false), watch.status(true)], ['unknown', 'off']);
    assert.equal(upstream.requests.length, 2, 'one conditional request a minute');
    watch.forget();
    assert.equal(watch.status(true), 'unknown');
  });

  test('is not taken from a document that changed since it was read', async (t) => {
    const { watch, server, read, pass } = setUp(t);
    server.own = '"changed"';
    server.merged = '"changed"';
    watch.start();
    await pass(30_000);
    assert.equal(watch.status(true), 'unknown');
    read.etag = '"changed"';
    await pass(30_000);
    server.merged = '"merged"';
    await pass(60_000);
    assert.equal(watch.status(true), 'on');
  });

  test('is unknown where nothing can be compared', async (t) => {
    const { watch, server, read, upstream, pass } = setUp(t);
    read.etag = undefined;
    watch.start();
    await pass(120_000);
    assert.deepEqual([watch.status(true), upstream.requests.length], ['unknown', 0]);
    read.etag = '"own"';
    server.status = 500;
    await pass(120_000);
    assert.equal(watch.status(true), 'unknown');
  });
});

test('a server lacks types when another one serves more', () => {
  const one = discoveryOf({ v1: { pods: ['get'] } });
  const two = discoveryOf({ v1: { pods: ['get'], nodes: ['get'] } });
  assert.deepEqual(whoLacksTypes([one, two, undefined, one]), [true, false, false, true]);
  assert.deepEqual(whoLacksTypes([one, one]), [false, false]);
  const other = discoveryOf({ v1: { nodes: ['get'] } });
  assert.deepEqual(whoLacksTypes([one, other]), [true, true]);
  assert.deepEqual(whoLacksTypes([]), []);
});
