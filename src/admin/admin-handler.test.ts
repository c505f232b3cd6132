import assert from 'node:assert/strict';
import { test } from 'node:test';
import { answerField, FakeExchange, type FakeRequest } from '../../test/support/fake-exchange.ts';
import { settled } from '../../test/support/proxy-setting.ts';
import { type AdminSource, createAdminHandler } from './admin-handler.ts';

async function ask(target: string, request: FakeRequest = {}, overrides: Partial<AdminSource> = {}) {
  const handler = createAdminHandler({
    unreadiness: () => [],
    metrics: async () => 'a 1\n',
    metricsContentType: 'text/plain; version=0.0.4',
    status: () => ({ view: 'merged' }),
    ...overrides,
  });
  const exchange = new FakeExchange({ target, ...request });
  handler(exchange);
  await settled();
  const { answer } = exchange;
  return { exchange, status: answer.head.status, text: answer.body.text, type: answerField(answer, 'content-type') };
}

for (const target of ['/livez', '/readyz', '/healthz', '/readyz?verbose']) {
  test(`${target} is ok while requests can be routed`, async () => {
    const { status, text } = await ask(target);
    assert.deepEqual([status, text], [200, 'ok']);
  });
}

test('while they cannot, the proxy is alive but not ready, and says why', async () => {
  const unreadiness = () => ['no API server is ready', 'it rains'];
  assert.equal((await ask('/livez', {}, { unreadiness })).status, 200);
  for (const target of ['/readyz', '/healthz']) {
    const { status, text } = await ask(target, {}, { unreadiness });
    assert.equal(status, 503);
    assert.equal(text, 'not ready: no API server is ready; it rains. See /status.\n');
  }
});

test('/metrics is the scrape, with its own content type', async () => {
  const { status, text, type } = await ask('/metrics');
  assert.deepEqual([status, text, type], [200, 'a 1\n', 'text/plain; version=0.0.4']);
});

test('/status is JSON', async () => {
  const { text, type } = await ask('/status');
  assert.equal(type, 'application/json');
  assert.deepEqual(JSON.parse(text), { view: 'merged' });
});

for (const target of ['/', '/metrics/', '/readyz/ping', '/debug', '*', '']) {
  test(`${target || 'an empty target'} is 404 and names what there is`, async () => {
    const { status, text } = await ask(target);
    assert.equal(status, 404);
    assert.match(text, /\/status/);
  });
}

for (const method of ['POST', 'PUT', 'DELETE', 'OPTIONS']) {
  test(`${method} is 405, and its body is read away`, async () => {
    const { exchange, status } = await ask('/status', { method, hasBody: true });
    exchange.body.send('a');
    exchange.body.end();
    await settled();
    assert.deepEqual([status, answerField(exchange.answer, 'allow'), exchange.body.held], [405, 'GET, HEAD', 0]);
  });
}

test('HEAD gets the head of the answer', async () => {
  const { exchange, status, text } = await ask('/livez', { method: 'HEAD' });
  assert.deepEqual([status, text, exchange.answer.bodyless], [200, '', true]);
  assert.equal(answerField(exchange.answer, 'content-length'), '2');
});

test('no page of another origin can embed, frame or reinterpret an answer, be it an error', async () => {
  for (const target of ['/status', '/metrics', '/nothing']) {
    const { answer } = (await ask(target)).exchange;
    assert.equal(answerField(answer, 'x-content-type-options'), 'nosniff', target);
    assert.equal(answerField(answer, 'cross-origin-resource-policy'), 'same-origin', target);
    assert.equal(answerField(answer, 'content-security-policy'), "frame-ancestors 'none'", target);
  }
});

test('lengths are counted in octets, and nothing is to be stored', async () => {
  const { exchange } = await ask('/status', {}, { status: () => ({ name: 'größe' }) });
  assert.equal(answerField(exchange.answer, 'content-length'), String(exchange.answer.body.text.length));
  assert.equal(answerField(exchange.answer, 'cache-control'), 'no-store');
  assert.equal(exchange.answer.body.ending, 'end');
});

for (const [target, overrides] of [
  ['/metrics', { metrics: () => Promise.reject(new Error('a secret')) }],
  ['/status', { status: () => assert.fail('a secret') }],
  ['/readyz', { unreadiness: () => assert.fail('a secret') }],
] as const) {
  test(`${target} that cannot be made is 500 without the cause`, async () => {
    const { status, text } = await ask(target, {}, overrides);
    assert.equal(status, 500);
    assert.doesNotMatch(text, /secret/);
  });
}
