import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PlayedLink, playedFacts, playedPki, verdictsOf, waitingFor } from '../../../test/support/played-link.ts';
import { PROXY_RIGHTS, PUBLISHING_RIGHTS } from '../required-rights.ts';
import { clockSkew } from './clock-skew.ts';
import { nativeProxy } from './native-proxy.ts';
import { proxyRbac } from './proxy-rbac.ts';
import { serverReady } from './server-ready.ts';
import { serverVersion } from './server-version.ts';
import { versionSkew } from './version-skew.ts';

const pki = await playedPki();
const REVIEW = 'POST /apis/authentication.k8s.io/v1/selfsubjectreviews';

test('missing rights are named, with the manifest that grants them', async () => {
  const link = new PlayedLink('a', pki);
  link.denied = ['list leases', 'watch leases', 'get /readyz'];
  assert.deepEqual(await verdictsOf(proxyRbac, playedFacts(pki, [link])), [
    [
      'a',
      'fail',
      'The proxy may not get /readyz and list/watch leases.coordination.k8s.io in kube-system: what changes is seen late, and servers are not found.',
      'kubectl apply -f deploy/rbac.yaml',
    ],
  ]);
});

test('where it publishes itself, the rights for that are of another manifest', async () => {
  const link = new PlayedLink('a', pki);
  link.denied = ['create leases'];
  assert.equal((await verdictsOf(proxyRbac, playedFacts(pki, [link])))[0]?.[1], 'pass');
  const rights = [...PROXY_RIGHTS, ...PUBLISHING_RIGHTS];
  const [found] = await verdictsOf(proxyRbac, playedFacts(pki, [link], { rights }));
  assert.equal(found?.[3], 'kubectl apply -f deploy/publishing-rbac.yaml');
});

test('whom a kubeconfig says that we are has to be the subject', async () => {
  const link = new PlayedLink('a', pki);
  link.user = 'jane';
  link.denied = ['watch apiservices'];
  const trust = { frontProxy: undefined, control: { certificate: undefined, token: 'x' } };
  const [found] = await verdictsOf(proxyRbac, playedFacts(pki, [link], { trust }));
  assert.equal(found?.[3], 'kubectl apply -f deploy/rbac.yaml, with the user jane as its subject');
});

test('a server that is not ready says which of its checks fail', async () => {
  const link = new PlayedLink('a', pki);
  const body = '[+]ping ok\n[-]etcd failed: reason withheld\n[-]informer-sync failed\nreadyz check failed\n';
  link.answers.set('GET /readyz?verbose', { status: 500, body });
  const [found] = await verdictsOf(serverReady, playedFacts(pki, [link]));
  assert.deepEqual(
    [found?.[1], found?.[2]],
    ['fail', 'It is not ready: /readyz answers 500; it fails etcd and informer-sync. It gets no requests.'],
  );
});

test('readiness is what the proxy takes for it', async () => {
  const link = new PlayedLink('a', pki);
  link.answers.set('GET /readyz?verbose', { status: 500, body: '[-]etcd failed: reason withheld\n' });
  link.answers.set('GET /readyz?exclude=etcd&verbose', { status: 200, body: 'readyz check passed' });
  const [found] = await verdictsOf(serverReady, playedFacts(pki, [link], { readyPath: '/readyz?exclude=etcd' }));
  assert.deepEqual([found?.[1], found?.[2]], ['pass', '/readyz?exclude=etcd answers ok.']);
  link.answers.set('GET /own?verbose', { status: 403, body: 'no' });
  const [forbidden] = await verdictsOf(serverReady, playedFacts(pki, [link], { readyPath: '/own' }));
  assert.deepEqual(
    [forbidden?.[1], forbidden?.[3]],
    ['fail', 'Grant get on the path /own to the proxy, as deploy/rbac.yaml does on /readyz.'],
  );
});

test('a server that does not answer is not ready, and everything after that waits for it', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const link = new PlayedLink('a', pki);
  link.answers.set(REVIEW, 'silent');
  const facts = playedFacts(pki, [link]);
  const asked = Promise.all(
    [serverReady, clockSkew, serverVersion, proxyRbac].map((check) => verdictsOf(check, facts)),
  );
  while (link.asked.length === 0) await new Promise(setImmediate);
  t.mock.timers.tick(4_000);
  const [ready, ...others] = await asked;
  assert.deepEqual(
    [ready?.[0]?.[1], ready?.[0]?.[3]],
    ['fail', 'Look at its load and its etcd; a process that stays like this has to be restarted.'],
  );
  for (const found of others) assert.deepEqual(found, [waitingFor('ServerReady', 'a')]);
});

for (const [seconds, asked, answered, status, text] of [
  [0, 0, 0, 'pass', 'Its clock agrees with ours to 1 s.'],
  [0, -3_000, 0, 'pass', 'Its clock agrees with ours to 1 s.'],
  [0, 0, 3_000, 'pass', 'Its clock agrees with ours to 1 s.'],
  [0.501, 0, 3, 'pass', 'Its clock agrees with ours to 2 s.'],
  [-4, 0, 0, 'pass', /agrees with ours to \d s/],
  [20, -10, 10, 'warn', /is (19|20) s ahead of ours/],
  [-20, -10, 10, 'warn', /is (19|20) s behind ours/],
  [120, 0, 0, 'fail', /is (119|120) s ahead of ours/],
] as const) {
  test(`a clock that is ${seconds} s ahead, asked at ${asked} ms and read at ${answered} ms: ${status}`, async () => {
    const link = new PlayedLink('a', pki);
    const now = Date.parse('2026-01-02T03:04:05.500Z');
    const date = new Date(now + seconds * 1000).toUTCString();
    link.answers.set('GET /readyz?verbose', { status: 200, fields: ['date', date], body: 'ok' });
    // Certificates are of today, and so is the probe; the clock that is compared is ours.
    const facts = playedFacts(pki, [link]);
    const [read] = await Promise.all(facts.servers.map((server) => server.readiness()));
    assert.ok(read?.kind === 'read' && read.value.kind === 'answered');
    const [server] = facts.servers;
    assert.ok(server !== undefined);
    const times = { askedAt: now + asked, answeredAt: now + answered };
    server.readiness = () => Promise.resolve({ kind: 'read', value: { ...read.value, ...times } });
    const [found] = await verdictsOf(clockSkew, facts);
    assert.equal(found?.[1], status);
    if (typeof text === 'string') assert.equal(found?.[2], text);
    else assert.match(found?.[2] ?? '', text);
  });
}

const versions = (...texts: string[]) =>
  texts.map((text, at) => Object.assign(new PlayedLink(`s${at}`, pki), { gitVersion: text }));

for (const [gitVersions, to, status, text] of [
  [['v1.37.2', 'v1.37.0'], undefined, 'pass', /of one minor version \(1\.37\)/],
  [['v1.36.3', 'v1.37.2'], undefined, 'pass', /one minor version apart \(1\.36 to 1\.37\)/],
  [['v1.34.4', 'v1.37.2'], undefined, 'warn', /3 minor versions apart \(1\.34 to 1\.37\); Kubernetes supports one/],
  [['v1.36.3', 'v1.36.3'], 38, 'warn', /^On the way to 1\.38\.0, .* 2 minor versions apart/],
  [['v1.36.3', 'unknown'], undefined, 'unknown', /as far as they have told their version/],
  [['unknown'], undefined, 'unknown', /No server has told its version/],
] as const) {
  test(`${gitVersions.join(' and ')}${to === undefined ? '' : ` on the way to 1.${to}`}: ${status}`, async () => {
    const { discovery } = new PlayedLink('x', pki);
    const target =
      to === undefined ? undefined : { name: `1.${to}.0`, version: { major: 1, minor: to, patch: 0 }, discovery };
    const [found] = await verdictsOf(versionSkew, playedFacts(pki, versions(...gitVersions), { target }));
    assert.equal(found?.[1], status);
    assert.match(found?.[2] ?? '', text);
  });
}

test('what to do about a wide skew is the next minor version', async () => {
  const [found] = await verdictsOf(versionSkew, playedFacts(pki, versions('v1.34.4', 'v1.37.2')));
  assert.equal(found?.[3], 'Upgrade the servers of 1.34.4 to 1.35 before any other goes on.');
});

test('on the way to an older release the way back is by steps, too', async () => {
  const { discovery } = new PlayedLink('x', pki);
  const target = { name: '1.34.4', version: { major: 1, minor: 34, patch: 4 }, discovery };
  const [found] = await verdictsOf(versionSkew, playedFacts(pki, versions('v1.36.3', 'v1.37.2'), { target }));
  assert.equal(found?.[1], 'warn');
  assert.match(found?.[3] ?? '', /^Take the servers of 1\.37\.2 back to 1\.36 before any other goes on;/);
});

test('a version that is refused, or no version', async () => {
  const refused = new PlayedLink('a', pki);
  refused.answers.set('GET /version', { status: 403, body: { message: 'no' } });
  assert.deepEqual(await verdictsOf(serverVersion, playedFacts(pki, [refused])), [
    ['a', 'fail', 'Its version is not known: /version answered 403: no.', 'kubectl apply -f deploy/rbac.yaml'],
  ]);
  const [none] = await verdictsOf(serverVersion, playedFacts(pki, versions('unknown')));
  assert.match(none?.[2] ?? '', /tells no release of Kubernetes \(gitVersion "unknown"\)/);
});

test('a server without aggregated discovery has no proxy of its own', async () => {
  const link = new PlayedLink('a', pki);
  const { handler } = link.upstream;
  link.upstream.handler = (request) => {
    const accept = request.head.fields[request.head.fields.indexOf('accept') + 1] ?? '';
    if (request.head.target !== '/apis') handler?.(request);
    else if (accept.split(',').includes('application/json')) request.respond(200, [], '{"kind":"APIGroupList"}');
    else request.respond(406, [], '{"kind":"Status","message":"only the following media types are accepted"}');
  };
  const [found] = await verdictsOf(nativeProxy, playedFacts(pki, [link]));
  assert.deepEqual(
    [found?.[1], found?.[2]],
    ['pass', 'Off, or there is nothing to merge: it serves all that the others do.'],
  );
});

test('a server that merges what its peers serve', async () => {
  const link = new PlayedLink('a', pki);
  const [off] = await verdictsOf(nativeProxy, playedFacts(pki, [link]));
  assert.match(off?.[2] ?? '', /^Off, or there is nothing to merge/);
  let calls = 0;
  const { handler } = link.upstream;
  link.upstream.handler = (request) => {
    const accept = request.head.fields[request.head.fields.indexOf('accept') + 1] ?? '';
    if (request.head.target === '/apis' && !accept.includes('nopeer')) {
      calls++;
      request.respond(200, ['etag', '"merged"'], '{}');
    } else handler?.(request);
  };
  const [on] = await verdictsOf(nativeProxy, playedFacts(pki, [link]));
  assert.equal(calls, 1);
  assert.deepEqual(
    [on?.[1], on?.[2]],
    ['pass', 'On: it merges what its peers serve. Both work beside each other (docs/native.md).'],
  );
});
