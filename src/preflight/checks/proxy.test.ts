import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { test } from 'node:test';
import { PlayedLink, playedFacts, playedPki, verdictsOf } from '../../../test/support/played-link.ts';
import type { OwnCertificate } from '../preflight-setting.ts';
import { configuration } from './configuration.ts';
import { membership } from './membership.ts';
import { mergedView } from './merged-view.ts';
import { ownCertificates } from './own-certificates.ts';

const pki = await playedPki();
const DAY_MS = 86_400_000;
const front: OwnCertificate = {
  what: 'front-proxy certificate',
  flag: '--proxy-client-cert-file',
  use: 'client',
  pem: pki.client.cert,
};
const bundle: OwnCertificate = { what: 'peer CA', flag: '--peer-ca-file', use: 'authority', pem: pki.serving.cert };

test('each problem of the configuration is a finding', async () => {
  const facts = playedFacts(pki, [], { configuration: async () => ['--a: is bad.', '--b: is worse.'] });
  const found = await verdictsOf(configuration, facts);
  assert.deepEqual(
    found.map(([, status, text]) => [status, text]),
    [
      ['fail', '--a: is bad.'],
      ['fail', '--b: is worse.'],
    ],
  );
  assert.deepEqual(
    (await verdictsOf(configuration, playedFacts(pki, []))).map(([, status]) => status),
    ['pass'],
  );
});

test('our certificates', async () => {
  const judge = async (...certificates: OwnCertificate[]) =>
    (await verdictsOf(ownCertificates, playedFacts(pki, [], { certificates }))).map(([, status, text, fix]) => [
      status,
      text,
      fix,
    ]);
  const [[status, text] = []] = await judge(front, bundle);
  assert.equal(status, 'pass');
  assert.match(
    text ?? '',
    /^Our front-proxy certificate and peer CA are valid; the first expires on \d{4}-\d\d-\d\d\.$/,
  );
  const expired = {
    ...front,
    pem: (await pki.frontProxy.issue({ commonName: 'x', usage: 'client', notAfter: new Date(Date.now() - DAY_MS) }))
      .cert,
  };
  const [[failed, why, fix] = []] = await judge(expired, bundle);
  assert.deepEqual(
    [failed, fix],
    ['fail', 'Renew the file of --proxy-client-cert-file (on kubeadm: kubeadm certs renew front-proxy-client).'],
  );
  assert.match(why ?? '', /^Our front-proxy certificate expired on \S+ \(CN=x\): connections that rely on it fail\.$/);
  const soon = {
    ...front,
    pem: (await pki.frontProxy.issue({ commonName: 'x', usage: 'client', notAfter: new Date(Date.now() + DAY_MS) }))
      .cert,
  };
  assert.equal((await judge(soon))[0]?.[0], 'warn');
  const wrongUse = {
    ...front,
    pem: (
      await pki.frontProxy.issue({ commonName: 'x', usage: 'server', notAfter: new Date(Date.now() + 99 * DAY_MS) })
    ).cert,
  };
  assert.deepEqual((await judge(wrongUse))[0], [
    'fail',
    'Our front-proxy certificate may not be used by a client: its extended key usage lacks clientAuth.',
    'Issue the certificate of --proxy-client-cert-file with clientAuth.',
  ]);
});

test('without a client CA, those with certificates are turned away', async () => {
  const facts = playedFacts(pki, [], { certificates: [front], knowsClients: false });
  const [found, ...others] = await verdictsOf(ownCertificates, facts);
  assert.deepEqual([found?.[1], others], ['warn', []]);
  assert.match(found?.[3] ?? '', /^Give --client-ca-file/);
});

test('of a bundle one valid authority is enough: another one is on its way out', async () => {
  const old = (await pki.unrelated.issue({ commonName: 'old-ca', notAfter: new Date(Date.now() - DAY_MS) })).cert;
  const judge = async (pem: string) =>
    (await verdictsOf(ownCertificates, playedFacts(pki, [], { certificates: [{ ...bundle, pem }] })))[0]?.[1];
  assert.equal(await judge(`${old}\n${pki.serving.cert}`), 'pass');
  const pem = `${old}\n${pki.serving.cert}`;
  const [found] = await verdictsOf(ownCertificates, playedFacts(pki, [], { certificates: [{ ...bundle, pem }] }));
  const day = new Date(new X509Certificate(pki.serving.cert).validTo).toISOString().slice(0, 10);
  assert.match(found?.[2] ?? '', new RegExp(`expires on ${day}\\.$`), 'not the day of the old one');
  assert.equal(await judge(old), 'fail');
});

test('who the servers are', async () => {
  const links = [new PlayedLink('a', pki), new PlayedLink('b', pki)];
  const judge = async (...parameters: Parameters<typeof playedFacts> extends [unknown, ...infer Rest] ? Rest : never) =>
    (await verdictsOf(membership, playedFacts(pki, ...parameters))).map(([, status, text]) => [status, text]);
  assert.deepEqual(await judge(links), [['pass', '2 API servers are known: a and b.']]);
  assert.deepEqual(
    (await judge(links.slice(0, 1))).map(([status]) => status),
    ['warn'],
  );
  assert.deepEqual(await judge([]), [['fail', 'No API server is known, so that nothing can be answered.']]);
  const failing = [{ source: 'dns', condition: 'SERVFAIL' }];
  const refused = [{ id: 'x', address: '10.0.0.9:6443', reason: 'it is outside of membership.allowedCIDRs' }];
  assert.deepEqual(await judge(links, { membership: { failing, empty: ['leases'], refused } }), [
    ['fail', 'The source dns of servers cannot be read: SERVFAIL.'],
    ['warn', 'The source leases names no API server, so that none is found by it.'],
    ['warn', 'x at 10.0.0.9:6443 is not used: it is outside of membership.allowedCIDRs.'],
  ]);
});

for (const [title, trust, missing] of [
  ['a peer CA', { isConfigured: false }, '--peer-ca-file'],
  ['a front-proxy certificate', { frontProxy: undefined }, '--proxy-client-cert-file and --proxy-client-key-file'],
] as const) {
  test(`without ${title} nothing is merged`, async () => {
    const [found] = await verdictsOf(mergedView, playedFacts(pki, [], { trust }));
    assert.deepEqual([found?.[1], found?.[3]], ['fail', `Give ${missing} to mvproxy serve.`]);
  });
}
