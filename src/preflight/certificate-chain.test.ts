import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { test } from 'node:test';
import { TestCa } from '../../test/support/certificates.ts';
import { certificatesOf, commonName, issuedBy, issuerText, subjectText } from './certificate-chain.ts';
import { commonNameIn, issuerName } from './distinguished-names.ts';
import { expiryFinding } from './expiry.ts';

const root = await TestCa.create('root');
const impostor = await TestCa.create('root');
const between = await root.intermediate('between');
const leaf = await between.issue({ commonName: 'leaf', organizations: ['org'] });
const x509 = (pem: string) => new X509Certificate(pem);
const NOW = Date.now();
const names = (path: ReturnType<typeof issuedBy>) => path?.map(commonName);

test('a chain leads to an authority over those between', () => {
  const chain = [x509(leaf.cert), x509(between.cert)];
  assert.deepEqual(names(issuedBy(chain, [x509(root.cert)], NOW)), ['leaf', 'between', 'root']);
  assert.deepEqual(names(issuedBy(chain, [x509(between.cert)], NOW)), ['leaf', 'between']);
  assert.equal(issuedBy([x509(leaf.cert)], [x509(root.cert)], NOW), undefined, 'the server has to send those between');
  assert.equal(issuedBy([], [x509(root.cert)], NOW), undefined);
});

test('an authority of the same name with another key is another authority', () => {
  assert.equal(issuedBy([x509(leaf.cert), x509(between.cert)], [x509(impostor.cert)], NOW), undefined);
});

test('a certificate that is itself in the bundle needs no issuer', () => {
  assert.deepEqual(names(issuedBy([x509(leaf.cert)], [x509(leaf.cert)], NOW)), ['leaf']);
});

test('of an authority and its renewal the valid one counts, whichever comes first', async () => {
  const old = await root.renewed(new Date(NOW - 1_000));
  const renewed = await root.renewed(new Date(NOW + 86_400_000));
  const issued = x509((await root.issue({ commonName: 'x' })).cert);
  for (const bundle of [
    [x509(old.cert), x509(renewed.cert)],
    [x509(renewed.cert), x509(old.cert)],
  ]) {
    assert.equal(issuedBy([issued], bundle, NOW)?.at(-1)?.fingerprint256, x509(renewed.cert).fingerprint256);
  }
  assert.deepEqual(names(issuedBy([issued], [x509(old.cert)], NOW)), ['x', 'root']);
});

test('expiry does not break a chain', async () => {
  const expired = await root.issue({ commonName: 'expired', notAfter: new Date(Date.now() - 1_000) });
  assert.deepEqual(names(issuedBy([x509(expired.cert)], [x509(root.cert)], NOW)), ['expired', 'root']);
});

test('bundles have every certificate that can be read', () => {
  const bundle = `# a\n${root.cert}\n-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n${between.cert}`;
  assert.deepEqual(certificatesOf(bundle).map(commonName), ['root', 'between']);
  assert.deepEqual(certificatesOf('nothing'), []);
});

test('names for people and for comparison', () => {
  const certificate = x509(leaf.cert);
  assert.deepEqual([subjectText(certificate), issuerText(certificate)], ['O=org, CN=leaf', 'CN=between']);
  const issuer = issuerName(certificate);
  assert.ok(issuer !== undefined);
  assert.equal(commonNameIn(issuer), 'between');
  assert.deepEqual(issuerName(x509(impostor.cert)), issuerName(x509(root.cert)), 'self-signed ones are their own');
  assert.equal(commonNameIn(Buffer.from([0x30, 0])), '');
});

test('the certificate that expired counts more than the one that will', async () => {
  const DAY = 86_400_000;
  const now = Date.now();
  const [over, soon, later] = await Promise.all(
    [-1, 20, 200].map((days) => root.issue({ commonName: `${days}`, notAfter: new Date(now + days * DAY) })),
  );
  const of = (...issued: (typeof over)[]) =>
    expiryFinding(
      issued.map((each) => x509(each?.cert ?? '')),
      now,
    )?.status;
  assert.deepEqual([of(later), of(later, soon), of(soon, over)], [undefined, 'warn', 'fail']);
  assert.equal(expiryFinding([x509(root.cert)], now - 3 * 3_600_000)?.status, 'fail', 'not valid yet');
});
