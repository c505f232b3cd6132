import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FakeExchange, type FakeRequest } from '../../test/support/fake-exchange.ts';
import { withOwnReadiness } from './serving-readiness.ts';

function ask(request: FakeRequest, isStopping: boolean): { readonly status: number; readonly text: string } {
  const exchange = new FakeExchange(request);
  const handler = withOwnReadiness(
    (served) => void served.respond({ status: 200, fields: [] }, true),
    () => isStopping,
  );
  handler(exchange);
  const { head, body } = exchange.answer;
  return { status: head.status, text: body.text };
}

test('balancers that ask the serving port hear that the proxy is stopping', () => {
  for (const target of ['/readyz', '/readyz?verbose']) {
    const { status, text } = ask({ target }, true);
    assert.equal(status, 500);
    assert.match(text, /shutting down/);
    assert.match(text, /readyz check failed\n$/);
    assert.equal(ask({ target }, false).status, 200);
  }
  assert.deepEqual(ask({ target: '/readyz', method: 'HEAD' }, true), { status: 500, text: '' });
});

test('everything else is answered as ever', () => {
  for (const target of ['/livez', '/healthz', '/readyz/ping', '/api/v1/pods', '/readyzz']) {
    assert.equal(ask({ target }, true).status, 200, target);
  }
});
