import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { answerField, FakeExchange } from '../../../../test/support/fake-exchange.ts';
import { answerHealth } from './health-handler.ts';

const READY = { started: true, ready: true };

function ask(target: string, health = READY, method = 'GET') {
  const exchange = new FakeExchange({ method, target });
  const [path = '', query] = target.split('?');
  assert.ok(answerHealth(exchange, path, new URLSearchParams(query), health));
  const { head, body } = exchange.answer;
  return { status: head.status, text: body.text, sniff: answerField(exchange.answer, 'x-content-type-options') };
}

describe('health', () => {
  for (const endpoint of ['/healthz', '/livez', '/readyz']) {
    test(`${endpoint} of a server that serves`, () => {
      assert.deepEqual(ask(endpoint), { status: 200, text: 'ok', sniff: 'nosniff' });
      assert.deepEqual(ask(endpoint, READY, 'POST').text, 'ok');
      const { text } = ask(`${endpoint}?verbose`);
      assert.match(text, /^\[\+\]ping ok\n\[\+\]log ok\n\[\+\]etcd ok\n/);
      assert.ok(text.endsWith(`${endpoint.slice(1)} check passed\n`));
    });
  }

  test('a server that leaves is alive and not ready, and says which check fails', () => {
    const leaving = { started: true, ready: false };
    assert.equal(ask('/livez', leaving).status, 200);
    assert.equal(ask('/healthz', leaving).status, 200);
    const { status, text } = ask('/readyz', leaving);
    assert.equal(status, 500);
    assert.match(text, /\n\[-\]shutdown failed: reason withheld\nreadyz check failed\n$/);
    assert.equal(ask('/readyz/shutdown', leaving).status, 500);
    assert.equal(ask('/readyz?exclude=shutdown', leaving).status, 200);
  });

  test('a server that starts is not healthy yet', () => {
    const starting = { started: false, ready: false };
    for (const endpoint of ['/healthz', '/livez', '/readyz']) assert.equal(ask(endpoint, starting).status, 500);
    assert.match(ask('/livez', starting).text, /\[-\]poststarthook\/rbac\/bootstrap-roles failed: reason withheld/);
  });

  test('single checks', () => {
    assert.deepEqual(ask('/readyz/ping'), { status: 200, text: 'ok', sniff: undefined });
    assert.equal(ask('/livez/poststarthook/rbac/bootstrap-roles').text, 'ok');
    assert.deepEqual(ask('/readyz/nosuch'), { status: 404, text: '404 page not found\n', sniff: 'nosniff' });
    assert.equal(ask('/readyz/').status, 404);
  });

  test('excluded checks are marked, unknown ones are warned of', () => {
    const { text } = ask('/readyz?verbose&exclude=etcd&exclude=nosuch');
    assert.match(text, /\[\+\]etcd excluded: ok\n/);
    assert.match(text, /warn: some health checks cannot be excluded: no matches for "nosuch"\n/);
  });

  test('other paths are not health’s', () => {
    for (const path of ['/healthzz', '/', '/api/readyz']) {
      const exchange = new FakeExchange({ target: path });
      assert.equal(answerHealth(exchange, path, new URLSearchParams(), READY), false);
      assert.equal(exchange.answers.length, 0);
    }
  });
});
