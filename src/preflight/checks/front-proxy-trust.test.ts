import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { test } from 'node:test';
import { PlayedLink, playedFacts, playedPki, verdictsOf, waitingFor } from '../../../test/support/played-link.ts';
import { issuerName } from '../distinguished-names.ts';
import { frontProxyTrust } from './front-proxy-trust.ts';
import { proxyRbac } from './proxy-rbac.ts';
import { serverReady } from './server-ready.ts';

const pki = await playedPki();
const REVIEW = (version: string) => `POST /apis/authentication.k8s.io/${version}/selfsubjectreviews`;
const ACCESS_REVIEW = 'POST /apis/authorization.k8s.io/v1/selfsubjectaccessreviews';
const NOT_FOUND = { status: 404, body: { message: 'the server could not find the requested resource' } };
const UNAUTHORIZED = { status: 401, body: { message: 'Unauthorized' } };

/** The name of an authority, as servers ask for it. */
const nameOf = (cert: string) => issuerName(new X509Certificate(cert)) ?? Buffer.alloc(0);

async function judge(link: PlayedLink, trust = {}) {
  const [found] = await verdictsOf(frontProxyTrust, playedFacts(pki, [link], { trust }));
  const [, status, text = '', fix = ''] = found ?? assert.fail();
  return { status, text, fix };
}

test('a server that believes whom we vouch for', async () => {
  const link = new PlayedLink('a', pki);
  assert.deepEqual(await judge(link), {
    status: 'pass',
    text: 'It believes X-Remote-User over the front-proxy certificate (asked as system:mixed-version-proxy).',
    fix: '',
  });
  assert.deepEqual(link.asked, [REVIEW('v1')]);
});

test('servers before 1.28 are asked by an older version, those before 1.26 whether we are somebody', async () => {
  const link = new PlayedLink('a', pki);
  link.answers.set(REVIEW('v1'), NOT_FOUND);
  link.answers.set(REVIEW('v1beta1'), { status: 201, body: { status: { userInfo: { username: 'somebody-else' } } } });
  assert.match((await judge(link)).text, /takes whoever the proxy vouches for as somebody-else/);
  const older = new PlayedLink('a', pki);
  for (const version of ['v1', 'v1beta1', 'v1alpha1']) older.answers.set(REVIEW(version), NOT_FOUND);
  assert.match((await judge(older)).text, /^It believes the front-proxy certificate; being older than 1\.26/);
  older.answers.set(ACCESS_REVIEW, {
    status: 403,
    body: { message: 'forbidden: User "system:anonymous" cannot create' },
  });
  assert.match((await judge(older)).text, /as system:anonymous: it does not look at X-Remote-User/);
});

test('a server that believes the name and not the groups would take them from every client', async () => {
  const link = Object.assign(new PlayedLink('a', pki), { believes: ['extra'] as const });
  const { status, text, fix } = await judge(link);
  assert.equal(status, 'fail');
  assert.match(text, /^It believes X-Remote-User and not X-Remote-Group: .* lose their groups/);
  assert.equal(fix, 'Start it with --requestheader-group-headers=X-Remote-Group.');
});

test('what only extra fields say is lost where they are not believed', async () => {
  const link = Object.assign(new PlayedLink('a', pki), { believes: ['group'] as const });
  const { status, text, fix } = await judge(link);
  assert.equal(status, 'warn');
  assert.match(text, /^It believes X-Remote-User and X-Remote-Group, and not X-Remote-Extra-/);
  assert.equal(fix, 'Start it with --requestheader-extra-headers-prefix=X-Remote-Extra-.');
});

test('a server that takes the certificate for a client’s own', async () => {
  const link = new PlayedLink('a', pki);
  link.user = 'front-proxy-client';
  const { status, text, fix } = await judge(link);
  assert.equal(status, 'fail');
  assert.match(
    text,
    /as front-proxy-client: it takes the certificate for a client's own, because its --client-ca-file issued it/,
  );
  assert.match(fix, /^Use a certificate of its --requestheader-client-ca-file/);
});

test('a server without --requestheader-client-ca-file', async () => {
  const link = new PlayedLink('a', pki);
  link.user = 'system:anonymous';
  assert.match((await judge(link)).fix, /^Start it with --requestheader-client-ca-file/);
});

for (const [title, issuers, text, fix] of [
  [
    'of an unrelated CA',
    () => [nameOf(pki.unrelated.cert)],
    /it takes those of unrelated-ca\.$/,
    /^Issue --proxy-client-cert-file by the CA in its --requestheader-client-ca-file/,
  ],
  [
    'with a name that is not allowed',
    () => [nameOf(pki.unrelated.cert), nameOf(pki.frontProxy.cert)],
    /the common name front-proxy-client is not in its --requestheader-allowed-names/,
    /^Add front-proxy-client to its --requestheader-allowed-names/,
  ],
  [
    'where the server does not say why',
    () => undefined,
    /is not in its --requestheader-client-ca-file, or the common name front-proxy-client not in/,
    /^Issue .* Add front-proxy-client/,
  ],
] as const) {
  test(`a certificate ${title}`, async () => {
    const link = new PlayedLink('a', pki);
    link.answers.set(REVIEW('v1'), UNAUTHORIZED);
    link.clientIssuers = issuers();
    const found = await judge(link);
    assert.equal(found.status, 'fail');
    assert.match(found.text, text);
    assert.match(found.fix, fix);
    const facts = playedFacts(pki, [link]);
    for (const check of [proxyRbac, serverReady]) {
      assert.deepEqual(await verdictsOf(check, facts), [waitingFor('FrontProxyTrust', 'a')]);
    }
  });
}

test('an expired certificate of ours is OwnCertificates, which is to be renewed first', async () => {
  const link = new PlayedLink('a', pki);
  link.answers.set(REVIEW('v1'), UNAUTHORIZED);
  const frontProxy = await pki.frontProxy.issue({
    commonName: 'front-proxy-client',
    usage: 'client',
    notAfter: new Date(Date.now() - 1_000),
  });
  const found = await verdictsOf(frontProxyTrust, playedFacts(pki, [link], { trust: { frontProxy } }));
  assert.deepEqual(found, [waitingFor('OwnCertificates', 'a')]);
});

test('without a front-proxy certificate there is nothing to prove', async () => {
  const { status, fix } = await judge(new PlayedLink('a', pki), { frontProxy: undefined });
  assert.deepEqual(
    [status, fix],
    ['unknown', 'Give --proxy-client-cert-file and --proxy-client-key-file to mvproxy serve.'],
  );
});

test('a server that answers something else', async () => {
  const link = new PlayedLink('a', pki);
  link.answers.set(REVIEW('v1'), { status: 500, body: { message: 'etcd is away' } });
  assert.match((await judge(link)).text, /^It answered 500 .*: etcd is away$/);
});
