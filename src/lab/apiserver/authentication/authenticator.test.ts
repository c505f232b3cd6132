import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { FakeConnection, FakeExchange } from '../../../../test/support/fake-exchange.ts';
import { DEFAULT_NAMES } from '../../../identity/testing/default-names.ts';
import { parseTrustAnchors } from '../../../identity/trust-anchors.ts';
import type { User } from '../../../identity/user.ts';
import type { ClientCertificate } from '../../../wire/exchange.ts';
import type { Fields } from '../../../wire/fields.ts';
import { createPki } from '../../pki/pki.ts';
import { MemoryStore } from '../../store/memory-store.ts';
import { ApiError } from '../api-error.ts';
import { put, ROBOT, serviceAccountKey } from '../testing/objects.ts';
import { Authenticator } from './authenticator.ts';
import { ISSUER, ServiceAccountTokens } from './service-account-tokens.ts';

const directory = await mkdtemp(join(tmpdir(), 'authenticator-'));
after(() => rm(directory, { recursive: true, force: true }));
const pki = await createPki(directory);
const trust = {
  clientCa: parseTrustAnchors(pki.clientCa.cert),
  requestHeaderCa: parseTrustAnchors(pki.frontProxyCa.cert),
  allowedNames: ['front-proxy-client'],
};
const store = new MemoryStore();
const account = put(store, ROBOT);
const serviceAccounts = new ServiceAccountTokens(serviceAccountKey(), store, Date.now, true);
const robot = serviceAccounts.mint({ account, audiences: [ISSUER], expirationSeconds: 600, bound: undefined }).token;
const STATIC: User = { name: 'amy', uid: '7', groups: ['ops'], extra: [] };

const ROBOT_NAME = 'system:serviceaccount:default:robot';
const FRONT_PROXY = presented(pki.frontProxyClient.cert);
const JANE = presented(pki.jane.cert);
const ROGUE: ClientCertificate = { ...JANE, authorized: false, error: 'UNABLE_TO_GET_ISSUER_CERT_LOCALLY' };
const ASSERTED: Fields = [
  ...['x-remote-user', 'bob', 'x-remote-uid', 'u1', 'x-remote-group', 'a', 'x-remote-group', 'b'],
  ...['x-remote-extra-foo%2fbar', '1', 'x-remote-extra-foo%2fbar', '2'],
];

function presented(pem: string) {
  return { kind: 'presented', chain: [new X509Certificate(pem).raw], authorized: true, error: undefined } as const;
}

function authenticate(fields: Fields, certificate: ClientCertificate = { kind: 'none' }, version = '1.37.2'): User {
  const tokens = new Map([['static', STATIC]]);
  const options = { version, trust: () => trust, names: DEFAULT_NAMES, tokens, serviceAccounts, clock: Date.now };
  const connection = new FakeConnection({ certificate });
  return new Authenticator(options).authenticate(new FakeExchange({ fields, connection }));
}

function refused(fields: Fields, certificate?: ClientCertificate): void {
  assert.throws(
    () => authenticate(fields, certificate),
    (error) => error instanceof ApiError && error.status.code === 401 && error.status.message === 'Unauthorized',
  );
}

const bearer = (token: string): Fields => ['authorization', `Bearer ${token}`];

describe('who sends a request', () => {
  test('nobody who presents nothing', () => {
    const anonymous = { name: 'system:anonymous', uid: '', groups: ['system:unauthenticated'], extra: [] };
    assert.deepEqual(authenticate([]), anonymous);
    assert.deepEqual(authenticate(['authorization', 'Basic YTpi']), anonymous);
  });

  test('whom a front proxy asserts', () => {
    assert.deepEqual(authenticate(ASSERTED, FRONT_PROXY), {
      name: 'bob',
      uid: 'u1',
      groups: ['a', 'b', 'system:authenticated'],
      extra: [['foo/bar', ['1', '2']]],
    });
  });

  test('nobody is taken for authenticated whom a front proxy asserts to be anonymous', () => {
    const fields = ['x-remote-user', 'system:anonymous', 'x-remote-group', 'system:unauthenticated'];
    assert.deepEqual(authenticate(fields, FRONT_PROXY).groups, ['system:unauthenticated']);
  });

  test('assertions of anybody else are not read', () => {
    assert.equal(authenticate(ASSERTED).name, 'system:anonymous');
    assert.equal(authenticate(ASSERTED, JANE).name, 'jane');
  });

  test('a front proxy without an assertion is nobody, but may carry a token', () => {
    refused([], FRONT_PROXY);
    assert.equal(authenticate(bearer(robot), FRONT_PROXY).name, ROBOT_NAME);
  });

  test('a client certificate', () => {
    const jane = authenticate([], JANE);
    assert.deepEqual([jane.name, jane.groups], ['jane', ['dev', 'ops', 'system:authenticated']]);
    const fingerprint = new X509Certificate(pki.jane.cert).fingerprint256.replaceAll(':', '').toLowerCase();
    assert.deepEqual(jane.extra, [['authentication.kubernetes.io/credential-id', [`X509SHA256=${fingerprint}`]]]);
  });

  test('tokens: static ones and those of service accounts', () => {
    assert.deepEqual(authenticate(bearer('static')), { ...STATIC, groups: ['ops', 'system:authenticated'] });
    assert.equal(authenticate(bearer(robot)).name, ROBOT_NAME);
    const hidden = `base64url.bearer.authorization.k8s.io.${Buffer.from('static').toString('base64url')}`;
    const protocols = `${hidden}, v4.channel.k8s.io`;
    assert.equal(authenticate(['upgrade', 'websocket', 'sec-websocket-protocol', protocols]).name, 'amy');
  });

  test('one credential that works outweighs others that do not; none that works is 401', () => {
    assert.equal(authenticate(bearer('bad'), JANE).name, 'jane');
    assert.equal(authenticate(bearer('static'), ROGUE).name, 'amy');
    refused(bearer('bad'));
    refused([], ROGUE);
    refused(bearer('bad'), ROGUE);
  });
});

describe('older servers', () => {
  test('read no UID of a front proxy before 1.33', () => {
    assert.equal(authenticate(ASSERTED, FRONT_PROXY, '1.33.0').uid, 'u1');
    assert.equal(authenticate(ASSERTED, FRONT_PROXY, '1.32.9').uid, '');
  });

  test('do not name the certificate before 1.32', () => {
    assert.equal(authenticate([], JANE, '1.32.0').extra.length, 1);
    assert.deepEqual(authenticate([], JANE, '1.31.14').extra, []);
  });
});
