import assert from 'node:assert/strict';
import { test } from 'node:test';
import { failureOf } from '../../test/support/fake-upstream.ts';
import { requestInfo } from '../kubernetes/request-info.ts';
import type { UpstreamFailure } from '../wire/upstream.ts';
import { failureError } from './failure-error.ts';

const POD = requestInfo('GET', '/api/v1/namespaces/a/pods/x');
const READ = { isRead: true, breaking: 1, isDangerous: false };
const WRITE = { isRead: false, breaking: 1, isDangerous: false };
const LOST: Partial<UpstreamFailure> = { processed: 'unknown', cause: 'connection', reason: 'connection-lost' };

for (const [what, failure, tried, code, retryAfter, says] of [
  ['nothing was sent', {}, WRITE, 'MVP_UPSTREAM_UNREACHABLE', 1, /Nothing was executed; retry\.$/],
  [
    'a write broke off before its end',
    { ...LOST, processed: 'no' },
    WRITE,
    'MVP_UPSTREAM_RESET',
    1,
    /broke off before it had the whole of the request.* Nothing was executed; retry\.$/,
  ],
  ['a read broke off', LOST, READ, 'MVP_UPSTREAM_RESET', 1, /broke off.* Retry\.$/],
  [
    'a write broke off',
    LOST,
    WRITE,
    'MVP_UPSTREAM_RESET',
    undefined,
    /may have been executed; look before you repeat it\.$/,
  ],
  [
    'no answer came in time',
    { ...LOST, reason: 'timeout' },
    WRITE,
    'MVP_UPSTREAM_TIMEOUT',
    undefined,
    /did not answer in time.* may have been executed/,
  ],
  [
    'several servers broke off',
    LOST,
    { isRead: true, breaking: 3, isDangerous: true },
    'MVP_SERVERS_BROKE_OFF',
    5,
    /^3 servers broke off.*the last one was a: .*logs; retry later\.$/,
  ],
  [
    'several servers broke off, the last one with the whole of a write',
    LOST,
    { isRead: false, breaking: 3, isDangerous: true },
    'MVP_UPSTREAM_RESET',
    undefined,
    /may have been executed; look before you repeat it\.$/,
  ],
  [
    'several servers broke off before the end of a write',
    { ...LOST, processed: 'no' },
    { isRead: false, breaking: 3, isDangerous: true },
    'MVP_SERVERS_BROKE_OFF',
    5,
    /retry later\.$/,
  ],
  ['our own limit', { cause: 'overloaded' }, WRITE, 'MVP_OVERLOADED', 1, /refused/],
] as const) {
  test(`${what}: ${code} ${retryAfter === undefined ? 'without Retry-After' : 'with Retry-After'}`, () => {
    const error = failureError(failureOf(failure), 'a', POD, tried);
    assert.deepEqual([error.code, error.retryAfterSeconds], [code, retryAfter]);
    assert.match(error.message, says);
  });
}
