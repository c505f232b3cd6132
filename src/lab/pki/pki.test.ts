import assert from 'node:assert/strict';
import { createPrivateKey, createPublicKey, X509Certificate } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import type { CertificateAuthority, CertificateRequest, KeyPair } from './certificate-authority.ts';
import { createPki, type Pki } from './pki.ts';

const CLIENT_AUTH = '1.3.6.1.5.5.7.3.2';
const SERVER_AUTH = '1.3.6.1.5.5.7.3.1';

let pki: Pki;

before(async () => {
  pki = await createPki(join(await mkdtemp(join(tmpdir(), 'mvproxy-pki-')), 'pki'));
});

after(async () => {
  await rm(join(pki.directory, '..'), { recursive: true });
});

function isSignedBy(pair: KeyPair, ca: CertificateAuthority): boolean {
  const certificate = new X509Certificate(pair.cert);
  const issuer = new X509Certificate(ca.cert);
  return certificate.checkIssued(issuer) && certificate.verify(issuer.publicKey);
}

test('the three authorities do not vouch for each other', () => {
  const { servingCa, clientCa, frontProxyCa, admin, proxyServing, frontProxyClient } = pki;
  const cas = [servingCa, clientCa, frontProxyCa];
  assert.ok(cas.every((ca) => new X509Certificate(ca.cert).ca));
  assert.deepEqual(
    [proxyServing, admin, frontProxyClient].map((pair) => cas.map((ca) => isSignedBy(pair, ca))),
    [
      [true, false, false],
      [false, true, false],
      [false, false, true],
    ],
  );
});

test('users carry their name and groups, and can only be clients', () => {
  const jane = new X509Certificate(pki.jane.cert);
  assert.equal(jane.subject, 'O=dev\nO=ops\nCN=jane');
  assert.equal(new X509Certificate(pki.admin.cert).subject, 'O=system:masters\nCN=admin');
  assert.equal(new X509Certificate(pki.frontProxyClient.cert).subject, 'CN=front-proxy-client');
  assert.deepEqual(jane.keyUsage, [CLIENT_AUTH]);
  assert.equal(jane.ca, false);
});

test('serving certificates hold the names clients verify and the address of the server', async () => {
  const certificate = new X509Certificate((await pki.serving('cp-1', '127.0.0.2')).cert);
  assert.deepEqual(certificate.keyUsage, [SERVER_AUTH]);
  for (const name of ['kubernetes.default.svc', 'kubernetes', 'localhost'])
    assert.ok(certificate.checkHost(name), name);
  for (const address of ['127.0.0.1', '127.0.0.2']) assert.ok(certificate.checkIP(address), address);
  assert.equal(certificate.checkIP('127.0.0.3'), undefined);
  assert.equal(await pki.serving('cp-1', '127.0.0.2'), await pki.serving('cp-1', '127.0.0.2'));
});

test('every certificate belongs to the EC P-256 key beside it', () => {
  for (const pair of [pki.admin, pki.jane, pki.frontProxyClient, pki.proxyServing]) {
    const key = createPrivateKey(pair.key);
    assert.ok(new X509Certificate(pair.cert).checkPrivateKey(key));
    assert.equal(key.asymmetricKeyDetails?.namedCurve, 'prime256v1');
  }
});

test('the service account keys are a pair', async () => {
  const { publicKeyFile, privateKeyFile } = pki.serviceAccount;
  const publicKey = createPublicKey(await readFile(publicKeyFile, 'utf8'));
  assert.ok(publicKey.equals(createPublicKey(await readFile(privateKeyFile, 'utf8'))));
});

test('private keys are readable by their owner only', async () => {
  const keys = (await readdir(pki.directory)).filter((name) => name.endsWith('.key'));
  assert.ok(keys.length >= 8);
  for (const name of keys) assert.equal((await stat(join(pki.directory, name))).mode & 0o777, 0o600, name);
});

test('further certificates follow the request', async () => {
  const notBefore = new Date('2020-01-01T00:00:00Z');
  const notAfter = new Date('2020-01-02T00:00:00Z');
  const request: CertificateRequest = {
    commonName: 'x, y',
    altNames: ['::1', 'a.test'],
    usages: ['client', 'server'],
    notBefore,
    notAfter,
  };
  const pair = await pki.issue('odd', request, await pki.untrustedCa());
  const certificate = new X509Certificate(pair.cert);
  assert.equal(certificate.subject, 'CN=x\\, y');
  assert.deepEqual([certificate.validFromDate, certificate.validToDate], [notBefore, notAfter]);
  assert.deepEqual(certificate.keyUsage, [CLIENT_AUTH, SERVER_AUTH]);
  assert.equal(certificate.checkIP('::1'), '::1');
  for (const ca of [pki.servingCa, pki.clientCa, pki.frontProxyCa]) assert.equal(isSignedBy(pair, ca), false);
  assert.equal(await readFile(pair.certFile, 'utf8'), pair.cert);
});

test('issuing under the same name again replaces both files', async () => {
  const first = await pki.issue('renewed', { commonName: 'a' });
  const second = await pki.issue('renewed', { commonName: 'a' });
  assert.notEqual(first.cert, second.cert);
  assert.deepEqual(
    [await readFile(first.certFile, 'utf8'), await readFile(first.keyFile, 'utf8')],
    [second.cert, second.key],
  );
});
