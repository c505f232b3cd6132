import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ProxyError } from '../errors.ts';
import type { CertificateVerdict } from './client-certificate.ts';
import { identify } from './credential.ts';
import { DEFAULT_NAMES } from './testing/default-names.ts';
import type { User } from './user.ts';

const ALICE: User = { name: 'alice', uid: '', groups: ['dev'], extra: [] };

const NOTHING: CertificateVerdict = {
  frontProxy: false,
  user: undefined,
  rejected: undefined,
  validUntil: Number.POSITIVE_INFINITY,
};
const FRONT_PROXY: CertificateVerdict = { ...NOTHING, frontProxy: true, rejected: 'another CA' };
const CLIENT: CertificateVerdict = { ...NOTHING, user: ALICE };
const BOTH: CertificateVerdict = { ...NOTHING, frontProxy: true, user: ALICE };
const REJECTED: CertificateVerdict = { ...NOTHING, rejected: 'it has expired' };

const ASSERTION = ['x-remote-user', 'bob', 'x-remote-group', 'ops'];
const BOB: User = { name: 'bob', uid: '', groups: ['ops'], extra: [] };
const TOKEN = ['authorization', 'Bearer token'];
const PROTOCOLS = 'base64url.bearer.authorization.k8s.io.dG9rZW4, v4.channel.k8s.io';

const asFrontProxy = { kind: 'asserted', user: BOB, source: 'front-proxy' } as const;
const asClient = { kind: 'asserted', user: ALICE, source: 'client-certificate' } as const;
const asToken = { kind: 'own', authorization: 'Bearer token' } as const;

for (const [name, verdict, fields, expected] of [
  ["a front proxy's assertion before everything", BOTH, [...ASSERTION, ...TOKEN], asFrontProxy],
  ["a front proxy's own certificate when it asserts nobody", BOTH, TOKEN, asClient],
  ['the token of a front proxy that asserts nobody', FRONT_PROXY, TOKEN, asToken],
  ['a client certificate before the token', CLIENT, TOKEN, asClient],
  ['a client certificate whatever identity headers claim', CLIENT, ASSERTION, asClient],
  ['a token without a certificate', NOTHING, TOKEN, asToken],
  ['a token beside a rejected certificate', REJECTED, TOKEN, asToken],
  ['a token whatever identity headers claim', NOTHING, [...ASSERTION, ...TOKEN], asToken],
  ['anonymous with Authorization of another scheme', NOTHING, ['authorization', 'Basic eDp5'], { kind: 'anonymous' }],
  ['anonymous with two spaces before the token', NOTHING, ['authorization', 'Bearer  token'], { kind: 'anonymous' }],
  [
    'anonymous with a token among WebSocket protocols of a request that is no WebSocket',
    NOTHING,
    ['sec-websocket-protocol', PROTOCOLS],
    { kind: 'anonymous' },
  ],
  [
    'a token among WebSocket protocols',
    NOTHING,
    ['upgrade', 'WebSocket', 'sec-websocket-protocol', PROTOCOLS],
    { kind: 'own', authorization: PROTOCOLS },
  ],
  [
    'a token in a later line of WebSocket protocols',
    REJECTED,
    ['upgrade', 'websocket', 'sec-websocket-protocol', 'v4.channel.k8s.io', 'sec-websocket-protocol', PROTOCOLS],
    { kind: 'own', authorization: PROTOCOLS },
  ],
  ['anonymous otherwise', NOTHING, ASSERTION, { kind: 'anonymous' }],
  [
    'anonymous with mere WebSocket protocols',
    NOTHING,
    ['sec-websocket-protocol', 'v4.channel.k8s.io'],
    { kind: 'anonymous' },
  ],
] as const) {
  test(`takes ${name}`, () => {
    assert.deepEqual(identify(verdict, fields, DEFAULT_NAMES), expected);
  });
}

function refusal(verdict: CertificateVerdict, fields: readonly string[]): ProxyError {
  try {
    identify(verdict, fields, DEFAULT_NAMES);
  } catch (error) {
    assert.ok(error instanceof ProxyError, String(error));
    return error;
  }
  throw new assert.AssertionError({ message: 'nothing was thrown' });
}

for (const [name, verdict, fields] of [
  ['a rejected certificate', REJECTED, []],
  ['a rejected certificate with identity headers', REJECTED, ASSERTION],
  ['a rejected certificate with Authorization of another scheme', REJECTED, ['authorization', 'Basic eDp5']],
  ['a front proxy that asserts nobody and is no client', FRONT_PROXY, []],
] as const) {
  test(`${name} without a token is 401 and says why`, () => {
    const { code, status, message } = refusal(verdict, fields);
    assert.deepEqual([code, status], ['MVP_CLIENT_CERTIFICATE', 401]);
    assert.ok(message.includes(verdict.rejected ?? ''), message);
  });
}

for (const name of ['a\nb', 'a\0b', 'a\u007fb', ' admin', 'admin\u00a0', 'a\ud800']) {
  test(`a user, group, uid or extra ${JSON.stringify(name)} is 401, for no header could carry it`, () => {
    for (const user of [
      { ...ALICE, name },
      { ...ALICE, groups: ['dev', name] },
      { ...ALICE, uid: name },
      { ...ALICE, extra: [['k', ['v', name]]] },
    ] satisfies User[]) {
      assert.equal(refusal({ ...NOTHING, user }, TOKEN).status, 401);
    }
  });
}

test("a front proxy's user is held to the same rule", () => {
  assert.equal(refusal(BOTH, ['x-remote-user', 'bob', 'x-remote-group', 'a\u0001b']).status, 401);
  assert.equal(refusal(BOTH, ['x-remote-user', 'bob', 'x-remote-extra-k', 'a\u0001b']).status, 401);
});
