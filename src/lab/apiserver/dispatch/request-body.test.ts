import assert from 'node:assert/strict';
import { mock, test } from 'node:test';
import { FakeExchange } from '../../../../test/support/fake-exchange.ts';
import { ApiError } from '../api-error.ts';
import { RequestAborted, requestBody } from './request-body.ts';
import { ServedExchange } from './served-exchange.ts';

const LIMIT = 3 * 1024 * 1024;

function request(hasBody = true) {
  const client = new FakeExchange({ method: 'POST', hasBody });
  return { client, body: requestBody(new ServedExchange(client, 0), 60_000) };
}

function isRefused(code: number): (error: unknown) => boolean {
  return (error) => error instanceof ApiError && error.status.code === code;
}

test('the body is read once and given to everybody who asks', async () => {
  const { client, body } = request();
  const [first, second] = [body(), body()];
  client.body.send('{"a":');
  client.body.send('1}');
  client.body.end();
  assert.equal((await first).toString(), '{"a":1}');
  assert.equal(await second, await first);
});

test('a request without a body has an empty one', async () => {
  assert.equal((await request(false).body()).length, 0);
});

test('three mebibytes are taken, one byte more is refused', async () => {
  const whole = request();
  const taken = whole.body();
  whole.client.body.send(Buffer.alloc(LIMIT));
  whole.client.body.end();
  assert.equal((await taken).length, LIMIT);

  const larger = request();
  const refused = assert.rejects(larger.body(), isRefused(413));
  larger.client.body.send(Buffer.alloc(LIMIT));
  larger.client.body.send('x');
  await refused;
});

test('a body that breaks off is nobody’s fault', async () => {
  const { client, body } = request();
  const rejected = assert.rejects(body(), RequestAborted);
  client.body.reset('cancel');
  await rejected;
});

test('a body that does not end is given up', async (t) => {
  t.after(() => mock.timers.reset());
  mock.timers.enable({ apis: ['setTimeout'] });
  const { client, body } = request();
  const rejected = assert.rejects(body(), isRefused(504));
  client.body.send('{');
  mock.timers.tick(60_000);
  await rejected;
});
