import assert from 'node:assert/strict';
import { test } from 'node:test';
import { answerField, FakeExchange } from '../../test/support/fake-exchange.ts';
import { RequestInfoError, requestInfo } from '../kubernetes/request-info.ts';
import { answerRequestInfoError } from './request-info-answer.ts';

function answerTo(target: string, method = 'GET') {
  const exchange = new FakeExchange({ target, method });
  try {
    requestInfo(method, target);
    assert.fail('the target has a RequestInfo');
  } catch (error) {
    assert.ok(error instanceof RequestInfoError, String(error));
    answerRequestInfoError(exchange, error);
  }
  const { answer } = exchange;
  return { answer, status: answer.head.status, text: Buffer.from(answer.body.text, 'latin1').toString('utf8') };
}

// The form is that of k8s.io/apiserver pkg/endpoints/handlers/responsewriters InternalError.
for (const [target, said] of [
  ['/api/v1/watch', '"/api/v1/watch"'],
  ['/api/v1/watch?a="b"\\c', '"/api/v1/watch?a=\\"b\\"\\\\c"'],
  ['/api/v1/watch?<script>&x', '"/api/v1/watch?&lt;script&gt;&amp;x"'],
  [Buffer.from('/api/v1/watch?größe', 'utf8').toString('latin1'), '"/api/v1/watch?größe"'],
  ['/api/v1/watch?\xff', '"/api/v1/watch?\\xff"'],
] as const) {
  test(`a watch of nothing is 500 in plain text that quotes ${said}`, () => {
    const { status, text, answer } = answerTo(target);
    assert.equal(status, 500);
    assert.ok(text.startsWith(`Internal Server Error: ${said}: failed to create RequestInfo: `), text);
    assert.ok(text.endsWith('\n'));
    assert.equal(answerField(answer, 'content-type'), 'text/plain; charset=utf-8');
    assert.equal(answerField(answer, 'x-content-type-options'), 'nosniff');
    assert.equal(answerField(answer, 'content-length'), String(answer.body.text.length));
  });
}

test('a bad target is 400 in plain text, as of Go', () => {
  const { status, text, answer } = answerTo('/api/v1/%zz');
  assert.equal(status, 400);
  assert.match(text, /^400 Bad Request: .*\n$/);
  assert.equal(answer.body.ending, 'end');
});

test('HEAD gets the head of it', () => {
  const { answer } = answerTo('/api/v1/watch', 'HEAD');
  assert.deepEqual([answer.bodyless, answer.body.text], [true, '']);
  assert.ok(Number(answerField(answer, 'content-length')) > 0);
});
