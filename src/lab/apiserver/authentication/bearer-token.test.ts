import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bearerToken, webSocketToken } from './bearer-token.ts';

// Each answered by a real kube-apiserver: 401 for a token, the anonymous user's 403 for none.
for (const [value, token] of [
  ['Bearer abc', 'abc'],
  ['bearer abc', 'abc'],
  ['  Bearer abc  ', 'abc'],
  ['Bearer abc def', 'abc'],
  ['Bearer  abc', undefined],
  ['Bearer ', undefined],
  ['Bearer', undefined],
  ['Basic YTpi', undefined],
  ['', undefined],
] as const) {
  test(`Authorization "${value}" presents ${token ?? 'nothing'}`, () => {
    const expected = token === undefined ? { kind: 'none' } : { kind: 'token', token };
    assert.deepEqual(bearerToken(['authorization', value]), expected);
  });
}

const hidden = (token: string) => `base64url.bearer.authorization.k8s.io.${Buffer.from(token).toString('base64url')}`;

for (const [title, protocols, expected] of [
  ['beside a protocol', `${hidden('secret')}, base64.binary.k8s.io`, { kind: 'token', token: 'secret' }],
  ['alone', hidden('secret'), { kind: 'malformed' }],
  ['twice', `${hidden('a')}, ${hidden('b')}, base64.binary.k8s.io`, { kind: 'malformed' }],
  ['not base64url', 'base64url.bearer.authorization.k8s.io.a+b, v4.channel.k8s.io', { kind: 'malformed' }],
  ['absent', 'base64.binary.k8s.io', { kind: 'none' }],
] as const) {
  test(`a token among WebSocket protocols, ${title}`, () => {
    assert.deepEqual(webSocketToken(['upgrade', 'websocket', 'sec-websocket-protocol', protocols]), expected);
  });
}

test('only a WebSocket carries its token among the protocols', () => {
  const protocols = `${hidden('secret')}, base64.binary.k8s.io`;
  assert.deepEqual(webSocketToken(['sec-websocket-protocol', protocols]), { kind: 'none' });
});
