import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ERRORS, type ErrorCode, ProxyError } from './errors.ts';

const codes = Object.keys(ERRORS) as ErrorCode[];

test('a ProxyError carries what its code says', () => {
  for (const code of codes) {
    const error = new ProxyError(code, 'text');
    assert.equal(error.code, code);
    assert.equal(error.status, ERRORS[code].status);
    assert.equal(error.reason, ERRORS[code].reason);
    assert.equal(error.retryAfterSeconds, ERRORS[code].retryAfterSeconds);
    assert.equal(error.message, 'text');
    assert.equal('cause' in error, false);
    assert.ok(error instanceof Error);
  }
});

test('every code has an error status and a documentation sentence', () => {
  for (const code of codes) {
    assert.match(code, /^MVP_[A-Z]+(_[A-Z]+)*$/);
    assert.ok(ERRORS[code].status >= 400 && ERRORS[code].status < 600, code);
    assert.match(ERRORS[code].documentation, /^[A-Z].*\.$/, code);
  }
});

test('a request that a server may have executed is never marked for repetition', () => {
  for (const code of ['MVP_UPSTREAM_RESET', 'MVP_UPSTREAM_TIMEOUT', 'MVP_INTERNAL'] as const) {
    assert.equal(new ProxyError(code, '').retryAfterSeconds, undefined);
  }
});

test('options give a cause and override Retry-After', () => {
  const cause = new Error('ECONNRESET');
  assert.equal(new ProxyError('MVP_UPSTREAM_RESET', '', { cause }).cause, cause);
  assert.equal(new ProxyError('MVP_UPSTREAM_RESET', '', { retryAfterSeconds: 2 }).retryAfterSeconds, 2);
  assert.equal(new ProxyError('MVP_NO_READY_SERVER', '', { retryAfterSeconds: 0 }).retryAfterSeconds, undefined);
  assert.equal(new ProxyError('MVP_NO_READY_SERVER', '', { retryAfterSeconds: 7 }).retryAfterSeconds, 7);
});
