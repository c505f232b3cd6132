import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { test } from 'node:test';
import { PlayedLink, playedFacts, playedPki, verdictsOf, waitingFor } from '../../../test/support/played-link.ts';
import { CHECKS } from '../check-list.ts';
import { serverCa } from './server-ca.ts';
import { serverExpiry } from './server-expiry.ts';
import { serverName } from './server-name.ts';
import { serverReachable } from './server-reachable.ts';
import { serverTls } from './server-tls.ts';

const pki = await playedPki();
const DAY_MS = 86_400_000;

/** The codes of all checks with the status that they do not pass with. */
async function notPassed(link: PlayedLink, overrides: Parameters<typeof playedFacts>[2] = {}) {
  const facts = playedFacts(pki, [link, new PlayedLink('other', pki)], overrides);
  const found = await Promise.all(
    CHECKS.map(async (check) => (await check.run(facts)).map((each) => ({ code: check.code, ...each }))),
  );
  const bad = found.flat().filter(({ status }) => status !== 'pass');
  return {
    failed: bad.filter(({ status }) => status === 'fail').map(({ code, server }) => `${code} ${server}`),
    waitFor: [...new Set(bad.map(({ needs }) => needs).filter((needs) => needs !== ''))],
  };
}

test('all is well', async () => {
  assert.deepEqual(await notPassed(new PlayedLink('a', pki)), { failed: [], waitFor: [] });
});

test('a server that is not there', async () => {
  const link = new PlayedLink('a', pki);
  link.tls = { kind: 'unreachable', code: 'ECONNREFUSED' };
  const facts = playedFacts(pki, [link]);
  assert.deepEqual(await verdictsOf(serverReachable, facts), [
    [
      'a',
      'fail',
      'It cannot be connected to: nothing listens there.',
      'Start the kube-apiserver on that host, or correct --server NAME=URL.',
    ],
  ]);
  for (const check of [serverTls, serverCa, serverName, serverExpiry]) {
    assert.deepEqual(await verdictsOf(check, facts), [waitingFor('ServerReachable', 'a')]);
  }
  assert.deepEqual(await notPassed(link), { failed: ['ServerReachable a'], waitFor: ['ServerReachable'] });
  assert.deepEqual(link.asked, [], 'nothing is sent');
});

test('a name that does not resolve is DNS, not the server', async () => {
  const link = new PlayedLink('a', pki);
  link.tls = { kind: 'unreachable', code: 'ENOTFOUND' };
  const [found] = await verdictsOf(serverReachable, playedFacts(pki, [link]));
  assert.match(found?.[2] ?? '', /its name does not resolve\.$/);
  assert.equal(found?.[3], 'Correct its host in --server NAME=URL, or DNS.');
});

test('a server behind something that drops packets may be up', async () => {
  const link = new PlayedLink('a', pki);
  link.tls = { kind: 'unreachable', code: 'ETIMEDOUT' };
  const [found] = await verdictsOf(serverReachable, playedFacts(pki, [link]));
  assert.match(found?.[3] ?? '', /firewalls/);
});

for (const [title, tls, text, fix] of [
  ['hangs', { code: 'ETIMEDOUT', silent: true }, /does not answer: the process hangs/, /restarted/],
  ['speaks no TLS', { code: 'EPROTO', silent: false }, /^TLS fails \(EPROTO\)/, /Correct the port/],
] as const) {
  test(`a server that ${title}`, async () => {
    const link = new PlayedLink('a', pki);
    link.tls = { kind: 'no-tls', ...tls };
    const [found] = await verdictsOf(serverTls, playedFacts(pki, [link]));
    assert.match(found?.[2] ?? '', text);
    assert.match(found?.[3] ?? '', fix);
    assert.deepEqual(await notPassed(link), { failed: ['ServerTLS a'], waitFor: ['ServerTLS'] });
    assert.deepEqual(link.asked, []);
  });
}

test('a server without HTTP/2', async () => {
  const link = new PlayedLink('a', pki);
  link.tls = { ...link.tls, alpn: 'http/1.1' } as typeof link.tls;
  const [found] = await verdictsOf(serverTls, playedFacts(pki, [link]));
  assert.deepEqual([found?.[1], found?.[3]], ['fail', 'Remove --disable-http2-serving from the kube-apiserver.']);
  assert.deepEqual(await notPassed(link), { failed: ['ServerTLS a'], waitFor: ['ServerTLS'] });
});

test('a server of another authority gets nothing, not even a question', async () => {
  const link = new PlayedLink('a', pki);
  const cert = (await pki.unrelated.issue({ commonName: 'x', dnsNames: ['kubernetes.default.svc'] })).cert;
  link.tls = {
    ...link.tls,
    chain: [new X509Certificate(cert)],
    chainError: 'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  } as typeof link.tls;
  const [found] = await verdictsOf(serverCa, playedFacts(pki, [link]));
  assert.equal(
    found?.[2],
    'Its certificate was issued by CN=unrelated-ca; --peer-ca-file has CN=serving-ca, which did not sign it. Nothing is sent to a server that nobody vouches for.',
  );
  assert.match(found?.[3] ?? '', /^Add the CA that signed its --tls-cert-file to --peer-ca-file/);
  const { failed, waitFor } = await notPassed(link);
  assert.deepEqual([failed, waitFor], [['ServerCA a'], ['ServerCA']]);
  assert.deepEqual(link.asked, []);
});

test('a certificate that OpenSSL refuses for another reason', async () => {
  const link = new PlayedLink('a', pki);
  link.tls = { ...link.tls, chainError: 'INVALID_PURPOSE' } as typeof link.tls;
  const [found] = await verdictsOf(serverCa, playedFacts(pki, [link]));
  assert.equal(found?.[2], 'Its certificate is not accepted (INVALID_PURPOSE).');
  assert.deepEqual(await notPassed(link), { failed: ['ServerCA a'], waitFor: ['ServerCA'] });
});

test('a certificate for other names says which ones it has', async () => {
  const link = new PlayedLink('a', pki);
  link.tls = { ...link.tls, nameError: 'no match' } as typeof link.tls;
  const [found] = await verdictsOf(serverName, playedFacts(pki, [link]));
  assert.equal(
    found?.[2],
    'Its certificate is not for kubernetes.default.svc; the names there are kubernetes.default.svc.',
    'the played probe said so',
  );
  assert.match(found?.[3] ?? '', /^Give --server-tls-name \(for one server servers\[\]\.serverName\)/);
  assert.deepEqual(await notPassed(link), { failed: ['ServerName a'], waitFor: ['ServerName'] });
  assert.deepEqual(link.asked, []);
});

test('a certificate that expired, or will', async () => {
  const soon = await pki.serving.issue({
    commonName: 'kube-apiserver',
    notAfter: new Date(Date.now() + 10.5 * DAY_MS),
  });
  const over = await pki.serving.issue({ commonName: 'kube-apiserver', notAfter: new Date(Date.now() - DAY_MS) });
  const link = new PlayedLink('a', pki);
  const withLeaf = ({ cert }: { readonly cert: string }, chainError: string) =>
    ({ ...link.tls, chain: [new X509Certificate(cert)], chainError }) as typeof link.tls;
  link.tls = withLeaf(soon, '');
  const [warned] = await verdictsOf(serverExpiry, playedFacts(pki, [link]));
  assert.equal(warned?.[1], 'warn');
  assert.match(warned?.[2] ?? '', /^Its certificate expires on \d{4}-\d\d-\d\d, in 10 days \(CN=kube-apiserver\)\.$/);
  assert.deepEqual(await notPassed(link), { failed: [], waitFor: [] });
  const expired = new PlayedLink('a', pki);
  expired.tls = withLeaf(over, 'CERT_HAS_EXPIRED');
  const [failed] = await verdictsOf(serverExpiry, playedFacts(pki, [expired]));
  assert.match(
    failed?.[2] ?? '',
    /^Its certificate expired on \S+ \(CN=kube-apiserver\); nobody who verifies it connects\.$/,
  );
  assert.match(failed?.[3] ?? '', /kubeadm certs renew apiserver/);
  assert.deepEqual(await notPassed(expired), { failed: ['ServerExpiry a'], waitFor: ['ServerExpiry'] });
});

for (const [left, status, text] of [
  [30 * DAY_MS, 'pass', /^Valid until /],
  [30 * DAY_MS - 1, 'warn', /, in 29 days /],
  [2 * DAY_MS - 1, 'warn', /, in 47 hours /],
  [3_600_000, 'warn', /, within two hours /],
  [0, 'warn', /, within two hours /],
  [-1, 'fail', / expired on /],
] as const) {
  test(`a certificate with ${left} ms left: ${status}`, async () => {
    const notAfter = new Date(Math.floor(Date.now() / 1000) * 1000 + 99 * DAY_MS);
    const { cert } = await pki.serving.issue({ commonName: 'kube-apiserver', notAfter });
    const link = new PlayedLink('a', pki);
    link.tls = { ...link.tls, chain: [new X509Certificate(cert)] } as typeof link.tls;
    const [found] = await verdictsOf(serverExpiry, playedFacts(pki, [link], { now: () => notAfter.getTime() - left }));
    assert.equal(found?.[1], status);
    assert.match(found?.[2] ?? '', text);
  });
}

test('of an authority that expires before what it signed, the authority has to be replaced', async () => {
  const dying = await pki.serving.renewed(new Date(Date.now() + 10.5 * DAY_MS));
  const link = new PlayedLink('a', pki);
  link.tls = { ...link.tls, chain: [new X509Certificate(pki.server.cert)] } as typeof link.tls;
  const judge = (ca: string) => verdictsOf(serverExpiry, playedFacts(pki, [link], { trust: { ca } }));
  const [found] = await judge(dying.cert);
  assert.equal(found?.[1], 'warn');
  assert.match(found?.[2] ?? '', /^An authority above its certificate expires on \S+, in 10 days \(CN=serving-ca\)\.$/);
  assert.match(found?.[3] ?? '', /^Rotate that CA/);
  const [renewed] = await judge(`${dying.cert}\n${pki.serving.cert}`);
  assert.equal(renewed?.[1], 'warn', 'valid now, and first in the bundle');
  const over = await pki.serving.renewed(new Date(Date.now() - DAY_MS));
  const [found2] = await judge(`${over.cert}\n${pki.serving.cert}`);
  assert.equal(found2?.[1], 'pass', 'its renewal is beside it');
  const facts = playedFacts(pki, [link], { trust: { ca: `${over.cert}\n${pki.serving.cert}` } });
  assert.deepEqual(await facts.servers[0]?.link(), { kind: 'proven' });
});
