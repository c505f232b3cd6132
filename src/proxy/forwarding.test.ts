import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { answerField, FakeExchange } from '../../test/support/fake-exchange.ts';
import { forward } from '../../test/support/forward.ts';
import { ProxySetting, settled } from '../../test/support/proxy-setting.ts';
import type { UpstreamFailure } from '../wire/upstream.ts';
import { Forwarding } from './forwarding.ts';
import { OpenWatches } from './open-watches.ts';
import { route } from './route.ts';

const POD = '/api/v1/namespaces/a/pods/x';

function statusOf({ answer }: FakeExchange): { readonly code: number; readonly message: string } {
  return JSON.parse(answer.body.text);
}

const ONE_SERVER = { minor: 37, serves: { v1: { pods: ['get', 'create'] } } };

const UNKNOWN: Partial<UpstreamFailure> = { processed: 'unknown', cause: 'connection', reason: 'connection-lost' };

describe('an answer', () => {
  test('goes back unchanged: informational heads, head, body and trailers', async () => {
    const { exchange, at } = forward();
    at(0).inform({ status: 103, fields: ['link', '</a>'] });
    const fields = ['x-a', '1', 'audit-id', 'b', 'x-a', '2'];
    const body = at(0).begin(207, fields);
    await settled();
    body.send('ab');
    assert.equal(exchange.answer.body.text, 'ab');
    body.send('c');
    body.end(['x-sum', '1']);
    assert.deepEqual(exchange.informed, [{ status: 103, fields: ['link', '</a>'] }]);
    assert.deepEqual(exchange.answer.head, { status: 207, fields });
    assert.deepEqual([exchange.answer.body.text, exchange.answer.body.trailers], ['abc', ['x-sum', '1']]);
  });

  test('without body ends with its head', () => {
    const { exchange, at } = forward();
    at(0).respond(204);
    assert.deepEqual([exchange.answer.head.status, exchange.answer.bodyless], [204, true]);
  });

  test('stops the server while the client does not read', async () => {
    const { exchange, at } = forward();
    const body = at(0).begin(200);
    await settled();
    exchange.answer.body.full = true;
    body.send('a');
    body.send('b');
    assert.deepEqual([exchange.answer.body.text, body.held], ['a', 1]);
    exchange.answer.body.drain();
    await settled();
    assert.equal(exchange.answer.body.text, 'ab');
  });

  for (const [status, fields] of [
    [401, ['retry-after', '1']],
    [404, ['retry-after', '1']],
    [429, ['retry-after', '1']],
    [500, ['retry-after', '1']],
    [503, []],
  ] as const) {
    test(`${status} of a server is the client's, and no other server is asked`, async () => {
      const { setting, exchange, at } = forward();
      at(0).respond(status, fields, 'no');
      await settled();
      assert.equal(exchange.answer.head.status, status);
      assert.deepEqual(setting.asked, ['server-0']);
    });
  }

  for (const reason of ['connection-lost', 'cancel', 'internal'] as const) {
    test(`that breaks off (${reason}) breaks off for the client, and is neither ended nor tried elsewhere`, async () => {
      const { setting, exchange, at } = forward();
      const body = at(0).begin(200);
      body.send('half');
      body.reset(reason);
      await settled();
      assert.deepEqual([exchange.answer.body.text, exchange.answer.body.ending], ['half', reason]);
      assert.deepEqual(setting.asked, ['server-0']);
      assert.deepEqual(setting.observer.retries, []);
    });
  }
});

describe('the request', () => {
  test('is sent with the head that travels upstream', () => {
    const fields = ['accept', 'application/json'];
    const { at } = forward({ fields, authority: 'api.example' });
    const { method, target, authority } = at(0).head;
    assert.deepEqual([method, target, authority], ['GET', POD, 'api.example']);
    assert.deepEqual(at(0).head.fields, [
      ...fields,
      'x-forwarded-for',
      '192.0.2.1',
      'x-kubernetes-peer-proxied',
      'true',
    ]);
    assert.equal(at(0).bodyless, true);
  });

  test('streams its body and trailers, and stops the client while the server does not read', async () => {
    const { exchange, at } = forward({ method: 'POST', target: '/api/v1/namespaces/a/pods', hasBody: true });
    const sink = at(0).body;
    assert.ok(sink);
    exchange.body.send('a');
    await settled();
    sink.full = true;
    exchange.body.send('b');
    exchange.body.send('c');
    assert.deepEqual([sink.text, exchange.body.held], ['ab', 1]);
    sink.drain();
    await settled();
    exchange.body.end(['x-sum', '1']);
    assert.deepEqual([sink.text, sink.trailers], ['abc', ['x-sum', '1']]);
  });

  test('goes on streaming after the answer has begun, without being kept', async () => {
    const { setting, exchange, at } = forward({ method: 'PUT', hasBody: true });
    exchange.body.send('a');
    await settled();
    assert.equal(setting.budget.held, 1);
    const body = at(0).begin(200);
    exchange.body.send('b');
    assert.deepEqual([at(0).body?.text, setting.budget.held], ['ab', 0]);
    exchange.body.end();
    await settled();
    body.end();
    assert.deepEqual([at(0).body?.ending, exchange.answer.body.ending], ['end', 'end']);
  });

  test('that a full server had stopped is read away once the answer is complete, for the next on its connection', async () => {
    for (const bodyless of [true, false]) {
      const { exchange, at } = forward({ method: 'PUT', hasBody: true });
      const sink = at(0).body;
      assert.ok(sink);
      sink.full = true;
      for (const chunk of ['a', 'b', 'c']) exchange.body.send(chunk);
      await settled();
      assert.equal(exchange.body.held, 2);
      at(0).respond(413, [], bodyless ? undefined : 'too large');
      await settled();
      assert.deepEqual([exchange.body.held, sink.text], [0, 'a']);
    }
  });

  test('travels without trailers that claim an identity', async () => {
    const { exchange, at } = forward({ method: 'PUT', hasBody: true });
    exchange.body.end(['x-remote-user', 'admin', 'authorization', 'Bearer x', 'x-sum', '1']);
    await settled();
    assert.deepEqual(at(0).body?.trailers, ['x-sum', '1']);
  });

  test('fails with the client: a body that breaks off breaks off for the server', async () => {
    const { exchange, at } = forward({ method: 'PUT', hasBody: true });
    exchange.body.send('a');
    exchange.body.reset('cancel');
    await settled();
    assert.deepEqual([at(0).body?.text, at(0).body?.ending], ['a', 'cancel']);
  });
});

describe('the watches that a proxy keeps book of', () => {
  const EVENTS = ['content-type', 'application/json'];
  const WATCH = '/api/v1/pods?watch=true';

  async function open(target: string) {
    const watches = new OpenWatches();
    const { exchange, at } = forward({ target }, { watches });
    const body = at(0).begin(200, EVENTS);
    await settled();
    body.send('{"type":"ADDED"}\n');
    return { watches, exchange, body, arrived: at(0) };
  }

  test('are those whose events it relays; what else has their word in its address is none', async () => {
    for (const [target, count] of [
      [WATCH, 1],
      ['/api/v1/watch/pods', 1],
      ['/api/v1/pods?watch=false', 0],
      ['/api/v1/namespaces/watchers/pods/a/log?follow=true', 0],
    ] as const) {
      assert.equal((await open(target)).watches.count, count, target);
    }
  });

  test('end cleanly when the proxy wants it, and the server is let go', async (t) => {
    const { watches, exchange, arrived } = await open(WATCH);
    t.mock.timers.enable({ apis: ['setTimeout'] });
    watches.endWithin(0);
    t.mock.timers.tick(0);
    assert.deepEqual([exchange.answer.body.text, exchange.answer.body.ending], ['{"type":"ADDED"}\n', 'end']);
    assert.equal(arrived.resetReason, 'cancel');
    assert.equal(watches.count, 0);
  });

  test('are forgotten when client or server end them', async () => {
    const [left, whole, broken] = await Promise.all([open(WATCH), open(WATCH), open(WATCH)]);
    left.exchange.abort();
    whole.body.end();
    broken.body.reset('connection-lost');
    for (const { watches } of [left, whole, broken]) assert.equal(watches.count, 0);
    assert.equal(left.arrived.resetReason, 'cancel');
    assert.equal(whole.exchange.answer.body.ending, 'end');
    assert.equal(broken.exchange.answer.body.ending, 'connection-lost');
  });
});

describe('a client that leaves', () => {
  test('before any answer: the server is told, and nothing is tried or answered', async () => {
    const { setting, exchange, at } = forward({ method: 'PUT', hasBody: true });
    exchange.body.send('a');
    await settled();
    exchange.abort('cancel');
    assert.equal(at(0).resetReason, 'cancel');
    at(0).fail();
    await settled();
    assert.deepEqual([exchange.answers.length, setting.asked.length, setting.budget.held], [0, 1, 0]);
    assert.deepEqual(
      setting.observer.records.map(({ status, server }) => [status, server]),
      [[0, 'server-0']],
    );
  });

  test('during the answer: the server is told', async () => {
    const { setting, exchange, at } = forward();
    const body = at(0).begin(200);
    body.send('a');
    await settled();
    exchange.abort('connection-lost');
    assert.equal(at(0).resetReason, 'connection-lost');
    assert.deepEqual(
      setting.observer.records.map(({ status }) => status),
      [200],
    );
  });

  test('after the answer: nobody is told', async () => {
    const { exchange, at } = forward();
    at(0).respond(200, [], 'ok');
    await settled();
    exchange.abort();
    assert.equal(at(0).resetReason, undefined);
  });

  test('before its request was sent: it never is', () => {
    const setting = new ProxySetting();
    const exchange = new FakeExchange({ target: POD });
    const prepared = setting.prepare(exchange);
    const forwarding = new Forwarding(setting.context, prepared);
    exchange.abort();
    forwarding.start(route(setting.control, { ...prepared, tried: new Set() }, setting.now));
    assert.deepEqual([setting.asked, exchange.answers.length], [[], 0]);
  });
});

describe('a request that no server answers', () => {
  test('names the server, the resource and what is known: nothing was executed', () => {
    const { exchange, at } = forward(
      { method: 'POST', target: '/api/v1/namespaces/a/pods' },
      { servers: [ONE_SERVER] },
    );
    at(0).fail({ message: 'connection to 192.0.2.9:6443 was refused' });
    const { code, message } = statusOf(exchange);
    assert.deepEqual([code, answerField(exchange.answer, 'retry-after')], [503, '1']);
    for (const part of ['server-0', 'pods.v1', '192.0.2.9:6443', 'Nothing was executed']) {
      assert.ok(message.includes(part), message);
    }
  });

  test('says of a write that it may have been executed, and leaves it to the client whether to repeat it', () => {
    const { exchange, at } = forward({ method: 'DELETE' });
    at(0).fail(UNKNOWN);
    const { code, message } = statusOf(exchange);
    assert.deepEqual([code, answerField(exchange.answer, 'retry-after')], [503, undefined]);
    assert.match(message, /server-0.*may have been executed/);
  });

  test('asks to repeat a read', () => {
    const { exchange, at } = forward({}, { servers: [ONE_SERVER] });
    at(0).fail(UNKNOWN);
    assert.equal(answerField(exchange.answer, 'retry-after'), '1');
    assert.doesNotMatch(statusOf(exchange).message, /may have been executed/);
  });

  test('is 429 when our own limits were in the way', () => {
    const { exchange, at } = forward({}, { servers: [ONE_SERVER] });
    at(0).fail({ cause: 'overloaded', message: 'Too many connections.' });
    assert.deepEqual([statusOf(exchange).code, answerField(exchange.answer, 'retry-after')], [429, '1']);
  });

  test('is 503 with the servers that have the resource when none of them is ready', () => {
    const { setting, exchange } = forward({}, { servers: [{ ...ONE_SERVER, ready: false }] });
    const { code, message } = statusOf(exchange);
    assert.deepEqual([code, answerField(exchange.answer, 'retry-after')], [503, '1']);
    assert.match(message, /pods\.v1.*server-0/);
    assert.deepEqual(
      setting.observer.records.map(({ status, error, attempts }) => [status, error, attempts]),
      [[503, 'MVP_NO_CAPABLE_SERVER_READY', 0]],
    );
  });

  test('is 401 when there is nothing to vouch with', () => {
    const user = { name: 'alice', uid: '', groups: [], extra: [] };
    const credential = { kind: 'asserted', user, source: 'client-certificate' } as const;
    const { setting, exchange } = forward({}, { canAssert: false }, { credential });
    assert.equal(statusOf(exchange).code, 401);
    assert.deepEqual(setting.asked, []);
  });

  test('is answered before its body is asked for, which a client with Expect: 100-continue then keeps', () => {
    const setting = new ProxySetting({ servers: [{ ...ONE_SERVER, ready: false }] });
    const exchange = new FakeExchange({ method: 'PUT', target: POD, hasBody: true });
    const readBefore: boolean[] = [];
    const respond = exchange.respond.bind(exchange);
    exchange.respond = (head, bodyless) => {
      readBefore.push(exchange.body.isRead);
      return respond(head, bodyless);
    };
    const prepared = setting.prepare(exchange);
    new Forwarding(setting.context, prepared).start(
      route(setting.control, { ...prepared, tried: new Set() }, setting.now),
    );
    assert.deepEqual([readBefore, exchange.body.isRead], [[false], true]);
  });

  test('has its body read away', async () => {
    const { setting, exchange, at } = forward({ method: 'PUT', hasBody: true }, { servers: [ONE_SERVER] });
    const sink = at(0).body;
    assert.ok(sink);
    sink.full = true;
    exchange.body.send('a');
    exchange.body.send('b');
    await settled();
    at(0).fail({ ...UNKNOWN, cause: 'protocol' });
    await settled();
    assert.deepEqual([exchange.body.held, setting.budget.held], [0, 0]);
  });

  test('by a defect is 500 without its details', () => {
    const setting = new ProxySetting();
    const exchange = new FakeExchange({ target: POD });
    const forwarding = new Forwarding(setting.context, setting.prepare(exchange));
    const decision = { kind: 'forward', server: 9, reason: 'PreferredCapable', final: true } as const;
    forwarding.start({ snapshot: setting.control.snapshot, decision, decidedAt: setting.now });
    assert.equal(statusOf(exchange).code, 500);
    assert.doesNotMatch(statusOf(exchange).message, /position/);
    assert.equal(setting.observer.defects.length, 1);
  });
});

test('an observer hears of each request once, with the server that answered and the time until it did', () => {
  const { setting, at } = forward();
  at(0).fail();
  setting.now += 25;
  at(1).respond(200, [], 'ok');
  const [record, ...others] = setting.observer.records;
  assert.deepEqual(others, []);
  assert.deepEqual(
    [record?.server, record?.status, record?.error, record?.attempts, record?.milliseconds, record?.decision?.reason],
    ['server-1', 200, undefined, 2, 25, 'PreferredCapable'],
  );
});
