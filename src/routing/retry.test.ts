import assert from 'node:assert/strict';
import { test } from 'node:test';
import { requestInfo } from '../kubernetes/request-info.ts';
import { type FailedAttempt, isRead, isSafeToRetry } from './retry.ts';

/** Every combination that product rule 6 tells apart: what may be repeated, and nothing else. */
for (const [isRead, processed, replayable, expected] of [
  [true, 'no', true, true],
  [true, 'unknown', true, true],
  [false, 'no', true, true],
  [false, 'unknown', true, false],
  [true, 'no', false, false],
  [true, 'unknown', false, false],
  [false, 'no', false, false],
  [false, 'unknown', false, false],
] satisfies readonly [boolean, FailedAttempt['processed'], boolean, boolean][]) {
  const body = replayable ? 'held' : 'no longer held';
  test(`${isRead ? 'a read' : 'no read'}, processed: ${processed}, body ${body}: ${expected ? 'again' : 'not again'}`, () => {
    assert.equal(isSafeToRetry({ isRead, processed, replayable }), expected);
  });
}

const POD = '/api/v1/namespaces/a/pods/x';

for (const [method, target, switchesProtocols, expected] of [
  ['GET', POD, false, true],
  ['HEAD', POD, false, true],
  ['GET', `${POD}/log`, false, true],
  ['GET', '/api/v1/pods?watch=1', false, true],
  ['GET', '/version', false, true],
  ['GET', '/api/v1/pods?watch=1', true, false],
  ['GET', `${POD}/exec?command=rm`, true, false],
  ['GET', `${POD}/exec?command=rm`, false, false],
  ['GET', `${POD}/attach`, false, false],
  ['GET', `${POD}/portforward`, false, false],
  ['GET', `${POD}/proxy/pay`, false, false],
  ['GET', '/api/v1/namespaces/a/services/x/proxy', false, false],
  ['GET', '/api/v1/nodes/x/proxy/run', false, false],
  ['GET', '/api/v1/proxy/namespaces/a/pods/x', false, false],
  ['POST', POD, false, false],
  ['PUT', POD, false, false],
  ['PATCH', POD, false, false],
  ['DELETE', POD, false, false],
  ['OPTIONS', POD, false, false],
  ['get', POD, false, false],
] as const) {
  test(`${method} ${target}${switchesProtocols ? ', switching protocols,' : ''} is ${expected ? 'a' : 'no'} read`, () => {
    assert.equal(isRead(method, requestInfo(method, target), switchesProtocols), expected);
  });
}
