import assert from 'node:assert/strict';
import { test } from 'node:test';
import { answerField, FakeExchange } from '../../test/support/fake-exchange.ts';
import { ProxyError } from '../errors.ts';
import { answerStatus } from './status-answer.ts';

test('an error is answered as the Status that every client reads', () => {
  const exchange = new FakeExchange();
  answerStatus(exchange, new ProxyError('MVP_NO_READY_SERVER', 'No server, größe.'));
  const { head, bodyless, body } = exchange.answer;
  assert.deepEqual([head.status, bodyless, body.ending], [503, false, 'end']);
  assert.deepEqual(JSON.parse(Buffer.from(body.text, 'latin1').toString('utf8')), {
    kind: 'Status',
    apiVersion: 'v1',
    metadata: {},
    status: 'Failure',
    message: 'No server, größe.',
    reason: 'ServiceUnavailable',
    details: { retryAfterSeconds: 1 },
    code: 503,
  });
  assert.equal(answerField(exchange.answer, 'content-type'), 'application/json');
  assert.equal(answerField(exchange.answer, 'content-length'), String(body.text.length));
  assert.equal(answerField(exchange.answer, 'retry-after'), '1');
});

test('without a time to wait there is no Retry-After, by which client-go would repeat even a POST', () => {
  const exchange = new FakeExchange({ method: 'POST' });
  answerStatus(exchange, new ProxyError('MVP_UPSTREAM_RESET', 'Broken.'));
  assert.equal(answerField(exchange.answer, 'retry-after'), undefined);
  assert.equal(JSON.parse(exchange.answer.body.text).details, undefined);
});

test('HEAD gets the head of it', () => {
  const exchange = new FakeExchange({ method: 'HEAD' });
  answerStatus(exchange, new ProxyError('MVP_UNAUTHORIZED', 'No.'));
  const { head, bodyless, body } = exchange.answer;
  assert.deepEqual([head.status, bodyless, body.text, body.ending], [401, true, '', undefined]);
  assert.ok(Number(answerField(exchange.answer, 'content-length')) > 0);
});
