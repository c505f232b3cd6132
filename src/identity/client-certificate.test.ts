import assert from 'node:assert/strict';
import { createHash, type X509Certificate } from 'node:crypto';
import { test } from 'node:test';
import type { JsonNameParams } from '@peculiar/x509';
import { certify, type Holder, holder } from '../../test/support/certificate-shapes.ts';
import type { ClientCertificate } from '../wire/exchange.ts';
import { type CertificateTrust, CREDENTIAL_ID, judgeCertificate } from './client-certificate.ts';

const HOUR = 3_600_000;
const UID = '1.3.6.1.4.1.57683.2';
const now = Date.now();

const [clientCa, requestHeaderCa, stranger, middle] = await Promise.all([
  holder('cluster CA'),
  holder('front proxy CA'),
  holder('stranger'),
  holder('middle'),
]);
const root = (subject: Holder) => certify(subject, subject, { ca: true });
const [clientRoot, requestHeaderRoot] = await Promise.all([root(clientCa), root(requestHeaderCa)]);

const TRUST: CertificateTrust = { clientCa: [clientRoot], requestHeaderCa: [requestHeaderRoot], allowedNames: [] };

async function leaf(name: JsonNameParams, issuer: Holder): Promise<X509Certificate> {
  return certify(await holder(name), issuer);
}

/** As the listener describes it after OpenSSL verified it against both CAs. */
function presented(...chain: readonly X509Certificate[]): ClientCertificate {
  return { kind: 'presented', chain: chain.map(({ raw }) => raw), authorized: true, error: undefined };
}

const ALICE = await leaf([{ O: ['dev'] }, { O: ['ops'] }, { CN: ['alice'] }], clientCa);
const FRONT_PROXY = await leaf([{ CN: ['front-proxy'] }], requestHeaderCa);

function judge(certificate: ClientCertificate, trust: Partial<CertificateTrust> = {}, at = now) {
  return judgeCertificate(certificate, { ...TRUST, ...trust }, at);
}

test('a certificate of the client CA is its user, with the credential id of kube-apiserver ≥ 1.32', () => {
  const digest = createHash('sha256').update(ALICE.raw).digest('hex');
  assert.deepEqual(judge(presented(ALICE)), {
    frontProxy: false,
    user: { name: 'alice', uid: '', groups: ['dev', 'ops'], extra: [[CREDENTIAL_ID, [`X509SHA256=${digest}`]]] },
    rejected: undefined,
    validUntil: ALICE.validToDate.getTime(),
  });
});

test('a certificate of the request-header CA is a front proxy and no user', () => {
  const { frontProxy, user, rejected } = judge(presented(FRONT_PROXY));
  assert.deepEqual([frontProxy, user], [true, undefined]);
  assert.match(rejected ?? '', /--client-ca-file/);
});

test('a certificate under both CAs is both', async () => {
  const { frontProxy, user } = judge(presented(ALICE), { requestHeaderCa: [clientRoot] });
  assert.deepEqual([frontProxy, user?.name], [true, 'alice']);
});

for (const [allowedNames, expected] of [
  [[], true],
  [['front-proxy'], true],
  [['aggregator', 'front-proxy'], true],
  [['aggregator'], false],
  [['front'], false],
  [['Front-Proxy'], false],
] as const) {
  test(`front-proxy is ${expected ? 'a' : 'no'} front proxy where the allowed names are [${allowedNames.join()}]`, () => {
    assert.equal(judge(presented(FRONT_PROXY), { allowedNames }).frontProxy, expected);
  });
}

test('the allowed names do not make a certificate of the client CA a front proxy', async () => {
  const named = await leaf([{ CN: ['front-proxy'] }], clientCa);
  const { frontProxy, user } = judge(presented(named), { allowedNames: ['front-proxy'] });
  assert.deepEqual([frontProxy, user?.name], [false, 'front-proxy']);
});

test('a CA of equal name and another key vouches for nobody', async () => {
  const impostor = await holder('front proxy CA');
  const forged = await leaf([{ CN: ['front-proxy'] }], impostor);
  const { frontProxy, user, rejected } = judge(presented(forged, await root(impostor)));
  assert.deepEqual([frontProxy, user], [false, undefined]);
  assert.ok(rejected);
});

test('an intermediate that the client sends counts', async () => {
  const [certificate, intermediate] = await Promise.all([
    leaf([{ CN: ['bob'] }], middle),
    certify(middle, clientCa, { ca: true }),
  ]);
  assert.equal(judge(presented(certificate, intermediate)).user?.name, 'bob');
  assert.equal(judge(presented(certificate)).user, undefined);
});

test('what OpenSSL did not verify is worth nothing, and its reason is kept', () => {
  const verdict = judge({ kind: 'presented', chain: [ALICE.raw], authorized: false, error: 'CERT_HAS_EXPIRED' });
  assert.deepEqual([verdict.frontProxy, verdict.user], [false, undefined]);
  assert.equal(verdict.rejected, 'CERT_HAS_EXPIRED');
  const unexplained = judge({ kind: 'presented', chain: [ALICE.raw], authorized: false, error: undefined });
  assert.ok(unexplained.rejected);
});

test('a stranger under neither CA is rejected', async () => {
  const { frontProxy, user, rejected } = judge(presented(await leaf([{ CN: ['mallory'] }], stranger)));
  assert.deepEqual([frontProxy, user], [false, undefined]);
  assert.ok(rejected);
});

test('no certificate is no credential and no fault', () => {
  const verdict = judge({ kind: 'none' });
  assert.deepEqual([verdict.frontProxy, verdict.user, verdict.rejected], [false, undefined, undefined]);
});

test('without any CA a certificate is not looked at, as kube-apiserver then has no authenticator for it', () => {
  const nothing = { clientCa: [], requestHeaderCa: [] };
  for (const certificate of [presented(ALICE), { ...presented(ALICE), authorized: false, error: 'x' } as const]) {
    const verdict = judge(certificate, nothing);
    assert.deepEqual([verdict.frontProxy, verdict.user, verdict.rejected], [false, undefined, undefined]);
  }
});

test('without a common name a certificate is no credential, and a fault where only front proxies are expected', async () => {
  const nameless = presented(await leaf([{ O: ['dev'] }], clientCa));
  const { user, rejected } = judge(nameless);
  assert.equal(user, undefined);
  assert.match(rejected ?? '', /CN/);
  const alone = judge(nameless, { requestHeaderCa: [] });
  assert.deepEqual([alone.user, alone.rejected], [undefined, undefined]);
  const frontProxy = judge(nameless, { requestHeaderCa: [clientRoot] });
  assert.deepEqual([frontProxy.frontProxy, frontProxy.user, frontProxy.rejected], [true, undefined, undefined]);
});

test("the UID of the subject is the user's", async () => {
  assert.equal(judge(presented(await leaf([{ CN: ['alice'] }, { [UID]: ['7'] }], clientCa))).user?.uid, '7');
});

test('two UIDs are rejected, for neither is certain', async () => {
  const two = await leaf([{ CN: ['alice'] }, { [UID]: ['7'] }, { [UID]: ['8'] }], clientCa);
  const { user, rejected } = judge(presented(two));
  assert.equal(user, undefined);
  assert.match(rejected ?? '', /UID/);
});

test('a certificate holds until it expires and not longer', async () => {
  const until = new Date(Math.floor(now / 1000) * 1000 + 60_000);
  const certificate = await certify(await holder('alice'), clientCa, { notAfter: until });
  const at = (time: number) => judge(presented(certificate), {}, time);
  assert.equal(at(until.getTime()).user?.name, 'alice');
  assert.equal(at(until.getTime()).validUntil, until.getTime());
  assert.equal(at(until.getTime() + 1).user, undefined);
  assert.match(at(until.getTime() + 1).rejected ?? '', /expired/);
});

test('an expired certificate is no front proxy either', () => {
  assert.equal(judge(presented(FRONT_PROXY), {}, now + 2 * HOUR).frontProxy, false);
});

test('a subject that cannot be read is rejected, not thrown', async () => {
  const verdict = judge(presented(await leaf([{ CN: [{ universalString: 'alice' }] }], clientCa)));
  assert.equal(verdict.user, undefined);
  assert.ok(verdict.rejected);
});
