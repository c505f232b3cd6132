import assert from 'node:assert/strict';
import { test } from 'node:test';
import { codeOf, connectFailure, lostConnection } from './node-error.ts';
import type { UpstreamFailure } from './upstream.ts';

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

test('of several addresses the most telling failure counts', () => {
  const all = (...codes: string[]): string | undefined =>
    codeOf(Object.assign(new AggregateError(codes.map((code) => ({ code }))), { code: codes[0] }));
  assert.equal(all('EADDRNOTAVAIL', 'ECONNREFUSED'), 'ECONNREFUSED');
  assert.equal(all('ENETUNREACH', 'ETIMEDOUT'), 'ETIMEDOUT');
  assert.equal(all('ECONNREFUSED', 'ETIMEDOUT'), 'ETIMEDOUT');
  assert.equal(all('ENETUNREACH', 'EHOSTUNREACH'), 'ENETUNREACH');
  assert.equal(all(), undefined);
});

test('only a server that refuses or cannot be reached has cause connect', () => {
  const causes: [UpstreamFailure['cause'], readonly string[]][] = [
    ['connect', ['ECONNREFUSED', 'EHOSTUNREACH', 'ENETUNREACH', 'EHOSTDOWN']],
    ['timeout', ['ETIMEDOUT', 'ERR_WIRE_CONNECT_TIMEOUT']],
    ['name', ['ENOTFOUND', 'EAI_AGAIN', 'EAI_FAIL']],
    ['overloaded', ['EMFILE', 'ENFILE', 'EADDRNOTAVAIL', 'ENOBUFS', 'ENOMEM']],
    ['tls', ['ECONNRESET', 'EWHATEVER']],
  ];
  for (const [cause, codes] of causes) {
    for (const code of codes) assert.equal(connectFailure({ code }, TARGET).cause, cause, code);
  }
});

test("a shortage of this proxy's own says so and what to raise", () => {
  for (const [code, remedy] of [
    ['EMFILE', /LimitNOFILE/],
    ['ENFILE', /fs\.file-max/],
    ['EADDRNOTAVAIL', /ip_local_port_range/],
    ['ENOMEM', /more memory/],
  ] as const) {
    const { message } = connectFailure({ code }, TARGET);
    assert.match(message, /^this proxy, not the server, is short of /);
    assert.match(message, remedy);
  }
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
    assert.match(failure.message, /\[fd00::1\]:6443/, code);
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
