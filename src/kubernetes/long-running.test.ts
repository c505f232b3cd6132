import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isLongRunning } from './long-running.ts';
import { requestInfo } from './request-info.ts';

const VECTORS: readonly (readonly [string, string, boolean])[] = [
  ['GET', '/api/v1/pods?watch=1', true],
  ['GET', '/api/v1/watch/pods', true],
  ['GET', '/api/v1/proxy/nodes/n', true],
  ['GET', '/api/v1/namespaces/n/pods/p/log', true],
  ['POST', '/api/v1/namespaces/n/pods/p/exec', true],
  ['POST', '/api/v1/namespaces/n/pods/p/attach', true],
  ['POST', '/api/v1/namespaces/n/pods/p/portforward', true],
  ['DELETE', '/api/v1/namespaces/n/services/s/proxy/x', true],
  ['GET', '/debug/pprof/profile', true],
  ['GET', '/api/v1/pods', false],
  ['GET', '/api/v1/namespaces/n/pods/log', false],
  ['GET', '/api/v1/namespaces/n/pods/p/status', false],
  ['POST', '/api/v1/pods?watch=1', false],
  ['GET', '/debug/pprof', false],
  ['GET', '/healthz', false],
];

for (const [method, target, expected] of VECTORS) {
  test(`${method} ${target} is ${expected ? '' : 'not '}long-running`, () => {
    assert.equal(isLongRunning(requestInfo(method, target)), expected);
  });
}
