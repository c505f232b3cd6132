import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { requestInfo } from '../kubernetes/request-info.ts';
import { mayBeShuttingDown, saysShuttingDown, turnsAway } from './turned-away.ts';

const SHUTTING_DOWN = { status: 503, fields: ['content-type', 'application/json', 'retry-after', '1'] };
const PODS = '/api/v1/namespaces/a/pods';

function isTurnedAway(method: string, target: string, head: Parameters<typeof turnsAway>[0] = SHUTTING_DOWN): boolean {
  return turnsAway(head, method, requestInfo(method, target));
}

for (const [method, target] of [
  ['GET', PODS],
  ['HEAD', PODS],
  ['POST', PODS],
  ['POST', `${PODS}/x/eviction`],
  ['DELETE', `${PODS}/x`],
  ['PATCH', '/apis/apps/v1/namespaces/a/deployments/x'],
  ['PUT', '/apis/rbac.authorization.k8s.io/v1/clusterroles/x'],
  ['GET', '/apis/wardle.example.com/v1/flunders'],
  ['GET', '/version'],
] as const) {
  test(`503 with Retry-After to ${method} ${target}: nothing was executed, as kube-apiserver says it when it shuts down`, () => {
    assert.equal(isTurnedAway(method, target), true);
  });
}

for (const [method, target] of [
  ['POST', '/apis/wardle.example.com/v1/namespaces/a/flunders'],
  ['DELETE', '/apis/custom.metrics.k8s.io/v1beta1/namespaces/x'],
  ['GET', `${PODS}/x/proxy/pay`],
  ['POST', `${PODS}/x/proxy/pay`],
  ['POST', '/api/v1/namespaces/a/services/app:80/proxy/charge'],
  ['POST', '/api/v1/nodes/x/proxy/run'],
  ['POST', '/api/v1/proxy/namespaces/a/pods/x'],
  ['POST', `${PODS}/x/exec?command=rm`],
  ['POST', `${PODS}/x/attach`],
  ['POST', '/somewhere/else'],
] as const) {
  test(`503 with Retry-After to ${method} ${target} may come from behind the server, after something was executed`, () => {
    assert.equal(isTurnedAway(method, target), false);
  });
}

test('503 without Retry-After is an answer', () => {
  assert.equal(isTurnedAway('GET', PODS, { status: 503, fields: [] }), false);
});

for (const status of [200, 404, 429, 500, 502, 504]) {
  test(`${status} with Retry-After is an answer`, () => {
    assert.equal(isTurnedAway('GET', PODS, { status, fields: ['retry-after', '1'] }), false);
  });
}

describe('an answer that may be that of a server that shuts down', () => {
  const may = (method: string, target: string, status = 429, fields = ['retry-after', '5']) =>
    mayBeShuttingDown({ status, fields }, method, requestInfo(method, target));

  for (const [method, target] of [
    ['GET', PODS],
    ['POST', PODS],
    ['POST', `${PODS}/x/exec`],
    ['DELETE', '/apis/wardle.example.com/v1/namespaces/a/flunders/x'],
    ['GET', '/version'],
  ] as const) {
    test(`${method} ${target}`, () => {
      assert.deepEqual([may(method, target, 429), may(method, target, 503)], [true, true]);
      assert.deepEqual([may(method, target, 429, []), may(method, target, 500)], [false, false]);
    });
  }

  for (const [method, target] of [
    ['POST', `${PODS}/x/proxy/pay`],
    ['GET', `${PODS}/x/proxy/pay`],
    ['POST', '/somewhere/else'],
  ] as const) {
    test(`not: ${method} ${target}`, () => assert.equal(may(method, target), false));
  }

  for (const [text, expected] of [
    ['The apiserver is shutting down, please try again later.\n', true],
    ['{"kind":"Status","message":"apiserver is shutting down","reason":"ServiceUnavailable","code":503}\n', true],
    ['Too many requests, please try again later.\n', false],
    ['', false],
  ] as const) {
    test(`its body: ${JSON.stringify(text)} ${expected ? 'says so' : 'does not'}`, () => {
      assert.equal(saysShuttingDown(Buffer.from(text)), expected);
    });
  }
});
