import assert from 'node:assert/strict';
import { test } from 'node:test';
import { TestCa } from '../../test/support/certificates.ts';
import { presentedCertificate } from '../wire/in-process-upstream.ts';
import { createAuthenticator } from './authenticator.ts';

const NONE = { kind: 'none' } as const;
const CLAIM = ['x-remote-user', 'jane', 'x-remote-group', 'dev', 'x-remote-group', 'ops'];

async function setUp() {
  const [clientCa, frontProxyCa] = [await TestCa.create('client-ca'), await TestCa.create('front-proxy-ca')];
  const trust = { clientCa: clientCa.cert, requestHeaderCa: frontProxyCa.cert, allowedNames: ['front-proxy-client'] };
  const certificate = async (ca: TestCa, commonName: string) =>
    presentedCertificate((await ca.issue({ commonName, usage: 'client' })).cert);
  return { clientCa, frontProxyCa, trust, certificate };
}

test('identity headers count on connections of an allowed front proxy, and there alone', async () => {
  const { clientCa, frontProxyCa, trust, certificate } = await setUp();
  const authenticate = createAuthenticator(trust);
  const proxied = authenticate({ certificate: await certificate(frontProxyCa, 'front-proxy-client'), fields: CLAIM });
  assert.ok(proxied.kind === 'asserted');
  assert.deepEqual([proxied.user.name, proxied.user.groups, proxied.source], ['jane', ['dev', 'ops'], 'front-proxy']);

  const direct = authenticate({ certificate: await certificate(clientCa, 'max'), fields: CLAIM });
  assert.ok(direct.kind === 'asserted');
  assert.deepEqual([direct.user.name, direct.source], ['max', 'client-certificate']);

  assert.deepEqual(authenticate({ certificate: NONE, fields: CLAIM }), { kind: 'anonymous' });
  const other = await certificate(frontProxyCa, 'somebody');
  assert.throws(() => authenticate({ certificate: other, fields: CLAIM }), { code: 'MVP_CLIENT_CERTIFICATE' });
});

test('a token is the server’s to judge', async () => {
  const { trust } = await setUp();
  assert.deepEqual(createAuthenticator(trust)({ certificate: NONE, fields: ['authorization', 'Bearer t'] }), {
    kind: 'own',
    authorization: 'Bearer t',
  });
});

test('the headers of a front proxy can have other names', async () => {
  const { frontProxyCa, trust, certificate } = await setUp();
  const authenticate = createAuthenticator({ ...trust, headers: { username: ['X-User'] } });
  const credential = authenticate({
    certificate: await certificate(frontProxyCa, 'front-proxy-client'),
    fields: ['x-user', 'jane'],
  });
  assert.equal(credential.kind === 'asserted' && credential.user.name, 'jane');
});

test('a certificate that expires is judged again', async (t) => {
  const { clientCa, trust } = await setUp();
  const notAfter = new Date(Date.now() + 60_000);
  const { cert } = await clientCa.issue({ commonName: 'jane', usage: 'client', notAfter });
  const caller = { certificate: presentedCertificate(cert), fields: [] };
  const authenticate = createAuthenticator(trust);
  assert.equal(authenticate(caller).kind, 'asserted');
  t.mock.timers.enable({ apis: ['Date'], now: notAfter.getTime() + 1_000 });
  assert.throws(() => authenticate(caller), { code: 'MVP_CLIENT_CERTIFICATE' });
});
