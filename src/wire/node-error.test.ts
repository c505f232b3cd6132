import assert from 'node:assert/strict';
import { test } from 'node:test';
import { codeOf, connectFailure, lostConnection } from './node-error.ts';

const TARGET = { host: 'fd00::1', port: 6443, servername: 'kubernetes.default.svc' };

test('codes are found along causes and in the errors of an AggregateError, and endless chains end', () => {
  const refused = Object.assign(new Error('x'), { code: 'ECONNREFUSED' });
  assert.equal(codeOf(new Error('outer', { cause: new Error('middle', { cause: refused }) })), 'ECONNREFUSED');
  assert.equal(codeOf(new AggregateError([refused, new Error('y')])), 'ECONNREFUSED');
  assert.equal(codeOf('text'), undefined);
  const loop: { cause?: unknown } = {};
  loop.cause = loop;
  assert.equal(codeOf(loop), undefined);
});

test('every translation says where, and that nothing was sent', () => {
  for (const code of [
    ...[
      'ECONNREFUSED',
      'ETIMEDOUT',
      'EHOSTUNREACH',
      'EMFILE',
      'ECONNRESET',
      'EPROTO',
      'CERT_HAS_EXPIRED',
      'INVALID_PURPOSE',
    ],
    ...[
      'ERR_TLS_CERT_ALTNAME_INVALID',
      'SELF_SIGNED_CERT_IN_CHAIN',
      'ERR_WIRE_NO_HTTP2',
      'ERR_HTTP2_ERROR',
      'EWHATEVER',
    ],
  ]) {
    const failure = connectFailure({ code }, TARGET);
    assert.equal(failure.processed, 'no', code);
    if (code !== 'EMFILE') assert.match(failure.message, /\[fd00::1\]:6443/, code);
  }
  assert.match(connectFailure({ code: 'ENOTFOUND' }, TARGET).message, /the name fd00::1 does not resolve/);
  assert.match(connectFailure(new Error('odd'), TARGET).message, /failed \(odd\)/);
});

test('a lost connection is unknown to have been processed; broken HTTP/2 is told from a lost one', () => {
  const lost = lostConnection({ code: 'ECONNRESET' }, TARGET);
  assert.deepEqual([lost.processed, lost.reason, lost.cause], ['unknown', 'connection-lost', 'connection']);
  assert.match(lost.message, /lost \(ECONNRESET\)/);
  const broke = lostConnection({ code: 'ERR_HTTP2_ERROR' }, TARGET);
  assert.deepEqual([broke.processed, broke.reason, broke.cause], ['unknown', 'protocol', 'protocol']);
});
