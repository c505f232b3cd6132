import assert from 'node:assert/strict';
import { test } from 'node:test';
import { recordedText } from '../../src/kubernetes/testing/recorded-documents.ts';
import { sendUnknown } from '../support/fake-api-server.ts';
import { until } from './support/running-lab.ts';
import { believes, passed, type SidecarNode, sidecarNodes, startAll } from './support/sidecars.ts';

/** What 1.37.2 serves and 1.34.4 does not, in a group that both know. */
const NEW_ONLY = '/apis/resource.k8s.io/v1/devicetaintrules';
const ON_BOTH = '/api/v1/namespaces/default/configmaps';
const WHO = ['admin', 'token', 'nobody'] as const;

const TWO = ['1.34.4', '1.37.2'] as const;

function pair(nodes: readonly SidecarNode[]): [SidecarNode, SidecarNode] {
  const [old, recent] = nodes;
  assert.ok(old !== undefined && recent !== undefined);
  return [old, recent];
}

test('a sidecar reaches what only another node serves through that node’s sidecar, for everybody as himself', async (t) => {
  const { nodes } = await sidecarNodes(t, TWO);
  const [old, recent] = pair(nodes);
  await startAll(nodes);
  for (const who of WHO) {
    const client = await old.as(who);
    const { text } = await client.request({ path: NEW_ONLY, headers: { 'x-remote-user': 'root' } });
    assert.match(text, /"servedBy":"node-2"/, who);
    const head = recent.heads.at(-1);
    assert.equal(passed(head), 2);
    assert.equal(head?.['x-remote-user'], who === 'admin' ? 'admin' : undefined);
    assert.equal(head?.['x-remote-group'], who === 'admin' ? 'system:masters' : undefined);
    assert.equal(head?.authorization, who === 'token' ? 'Bearer of-somebody' : undefined);
    assert.equal(head?.['x-kubernetes-peer-proxied'], 'true', 'so that a native server does not send it on');
    assert.match((await client.request({ path: ON_BOTH })).text, /"servedBy":"node-1"/);
    assert.equal(passed(old.heads.at(-1)), 1);
  }
  assert.equal(recent.answered.length, WHO.length);
});

test('a sidecar tells its peers of its own server alone, and clients of all', async (t) => {
  const { nodes } = await sidecarNodes(t, TWO);
  const [old, recent] = pair(nodes);
  await startAll(nodes);
  const accept = 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList';
  const peer = await old.as('front-proxy');
  const asPeer = {
    'x-kubernetes-peer-proxied': 'true',
    'x-remote-user': 'system:mixed-version-proxy',
    accept: `${accept};profile=nopeer`,
  };
  for (const headers of [asPeer, { ...asPeer, accept }]) {
    const { text } = await peer.request({ path: '/apis', headers });
    assert.equal(text, recordedText('1.34.4', 'apis-v2.json'));
  }
  const merged = await (await old.as('admin')).request({ path: '/apis', headers: { accept } });
  assert.match(merged.text, /"devicetaintrules"/);
  assert.equal(recent.answered.length, 0, 'peers are told without asking others');
});

for (const who of WHO) {
  test(`sidecars whose tables contradict for good send a request of ${who} from one to another once at most`, async (t) => {
    const { nodes } = await sidecarNodes(t, TWO);
    const [old, recent] = pair(nodes);
    const [without, having] = [old.api.discovery, recent.api.discovery];
    // Each sidecar reads that the other node serves it, and its own does not, as often as it reads; and nobody does.
    for (const { api, heads } of nodes) {
      api.discovery = (path, accept, headers) => (passed(headers) > 1 ? having : without)(path, accept);
      api.handler = (stream, headers) => {
        heads.push(headers);
        sendUnknown(stream);
      };
    }
    await startAll(nodes);
    const client = await old.as(who);
    for (const path of [NEW_ONLY, `${NEW_ONLY}/x`, `${NEW_ONLY}?watch=true`]) {
      const { status } = await client.request({ path });
      assert.ok(status === 503 || status === 404, `${status}`);
    }
    const created = await client.request({ method: 'POST', path: NEW_ONLY, body: { metadata: { name: 'x' } } });
    assert.ok(created.status === 503 || created.status === 404, `${created.status}`);
    assert.equal(old.answered.length, 4, 'nothing comes back');
    assert.ok(recent.answered.length >= 4, 'the other one was asked');
    for (const head of [...old.heads, ...recent.heads]) assert.ok(passed(head) <= 2);
  });
}

test('a sidecar whose own server is out looks so to its peers, and still answers its own clients', async (t) => {
  const { nodes } = await sidecarNodes(t, TWO);
  const [old, recent] = pair(nodes);
  await startAll(nodes);
  const client = await old.as('admin');
  await old.api.stop();
  await believes(old, { 'node-1': 'unready' });
  // Its sidecar answers, and says no.
  await believes(recent, { 'node-1': 'draining' });

  const readyz = await client.request({ path: '/readyz' });
  assert.equal(readyz.status, 503);
  const { message } = JSON.parse(readyz.text);
  assert.match(message, /^node-1 \(.+\), the API server that this proxy belongs to, is not ready/);
  assert.match(message, /retry, or ask another proxy/);
  for (const path of [ON_BOTH, NEW_ONLY, '/version']) {
    assert.equal((await client.request({ path })).status, 200, path);
  }
  assert.match((await client.request({ path: ON_BOTH })).text, /"servedBy":"node-2"/);
  const peer = await old.as('front-proxy');
  const forwarded = { 'x-kubernetes-peer-proxied': 'true', 'x-remote-user': 'alice' };
  const refused = await peer.request({ path: ON_BOTH, headers: forwarded });
  assert.deepEqual([refused.status, refused.headers['retry-after']], [503, '1']);
  assert.match(refused.text, /node-1 \(/);

  await old.api.start();
  await believes(recent, { 'node-1': 'ready' });
  assert.equal((await client.request({ path: '/readyz' })).text, 'ok');
  assert.match((await client.request({ path: ON_BOTH })).text, /"servedBy":"node-1"/);
});

test('three sidecars: probing and reading through a sidecar makes it probe and read nothing', async (t) => {
  const { nodes } = await sidecarNodes(t, ['1.34.4', '1.36.3', '1.37.2']);
  const [first, ...others] = nodes;
  assert.ok(first !== undefined);
  const often = { 'discovery-interval-seconds': '0.02' };
  await Promise.all([first.start({ flags: often }), ...others.map((node) => node.start())]);
  const ready = Object.fromEntries(nodes.map(({ name }) => [name, 'ready']));
  await Promise.all(nodes.map((node) => believes(node, ready)));
  /** Readings of a node's API server, by the number of proxies they passed. */
  const readings = others.map((node) => {
    const counts = { own: 0, throughSidecar: 0, further: 0 };
    node.api.permits = (headers) => {
      const count = passed(headers);
      if (count === 1) counts.own++;
      else if (count === 2) counts.throughSidecar++;
      else counts.further++;
      return true;
    };
    return counts;
  });
  for (const counts of readings) {
    await until(
      () => Promise.resolve(counts.throughSidecar),
      (count) => count >= 40,
    );
    assert.deepEqual({ ...counts, throughSidecar: 0 }, { own: 0, throughSidecar: 0, further: 0 });
  }
});

test('a sidecar that finds itself among its peers says so, sends itself nothing, and works', async (t) => {
  const { nodes } = await sidecarNodes(t, TWO);
  const [old, recent] = pair(nodes);
  const peers = [
    { name: 'node-2', url: recent.url },
    { name: 'myself', url: old.url },
  ];
  await Promise.all([old.start({ peers }), recent.start()]);
  const { servers } = await believes(old, { 'node-1': 'ready', 'node-2': 'ready' });
  const myself = servers.find(({ name }) => name === 'myself');
  assert.notEqual(myself?.state, 'ready');
  const { servers: later } = await until(
    () => old.status(),
    (status) => status.servers.some(({ name, condition }) => name === 'myself' && condition.includes('to itself')),
  );
  assert.match(
    later.find(({ name }) => name === 'myself')?.condition ?? '',
    /This proxy \([0-9a-f]+\) has sent this request to itself/,
  );
  assert.equal((await (await old.as('token')).request({ path: NEW_ONLY })).status, 200);
  assert.deepEqual(
    old.answered.map(({ error }) => error),
    [undefined],
  );
});

test('a gateway among a sidecar’s peers, and one in front of sidecars, make no loop', async (t) => {
  const { nodes } = await sidecarNodes(t, ['1.34.4', '1.37.2', '1.36.3']);
  const [old, recent, third] = nodes;
  assert.ok(old !== undefined && recent !== undefined && third !== undefined);
  await Promise.all([
    old.start({ peers: [{ name: 'node-3', url: third.url }] }),
    recent.start({ peers: [] }),
    third.start({ peers: [old, recent], isGateway: true }),
  ]);
  await believes(third, { 'node-1': 'ready', 'node-2': 'ready' });
  for (const who of WHO) {
    const front = await (await third.as(who)).request({ path: NEW_ONLY });
    assert.match(front.text, /"servedBy":"node-2"/);
    assert.equal(passed(recent.heads.at(-1)), 2);
    const { status } = await (await old.as(who)).request({ path: NEW_ONLY });
    assert.ok(status === 404 || status === 503 || status === 200);
  }
  // From node-1's sidecar through the gateway to node-2's is the longest way there is.
  for (const head of [...old.heads, ...recent.heads]) assert.ok(passed(head) <= 3);
});

test('a sidecar that nobody may trust sends nothing to others and gets nothing from them, so that there is no loop', async (t) => {
  const { nodes } = await sidecarNodes(t, TWO);
  const [old, recent] = pair(nodes);
  // node-1 has no certificate to prove itself with, and node-2 takes nobody for a front proxy.
  const nothingToShow = { 'proxy-client-cert-file': '', 'proxy-client-key-file': '' };
  const trustsNobody = { 'requestheader-client-ca-file': '', 'requestheader-allowed-names': '' };
  old.api.handler = (stream, headers) => {
    old.heads.push(headers);
    sendUnknown(stream);
  };
  await Promise.all([old.start({ flags: nothingToShow }), recent.start({ flags: trustsNobody })]);
  const { view } = await believes(old, { 'node-1': 'ready' });
  assert.equal(view, 'server-local');
  for (const who of ['token', 'nobody'] as const) {
    assert.equal((await (await old.as(who)).request({ path: NEW_ONLY })).status, 404);
    assert.match((await (await recent.as(who)).request({ path: NEW_ONLY })).text, /"servedBy":"node-2"/);
  }
  assert.equal(recent.answered.length, 2);
  for (const head of [...old.heads, ...recent.heads]) assert.equal(passed(head), 1);
});

test('what a client claims of the way its request came brings it nothing but a refusal', async (t) => {
  const { nodes } = await sidecarNodes(t, TWO);
  const [old, recent] = pair(nodes);
  await startAll(nodes);
  for (const who of WHO) {
    const client = await old.as(who);
    const looped = await client.request({ path: NEW_ONLY, headers: { 'x-kubernetes-peer-proxied': 'true' } });
    assert.match(looped.text, /"servedBy":"node-2"/, 'the header of a client is not believed');
    const passedOne = await client.request({ path: NEW_ONLY, headers: { 'x-mvproxy-via': 'somebody' } });
    assert.deepEqual([passedOne.status, passedOne.headers['retry-after']], [503, '1']);
    assert.match(JSON.parse(passedOne.text).message, /is served by node-2 .*not by node-1/);
    const passedMany = await client.request({ path: ON_BOTH, headers: { 'x-mvproxy-via': 'a, b, c' } });
    assert.equal(passedMany.status, 503);
    assert.match(
      (await client.request({ path: ON_BOTH, headers: { 'x-mvproxy-via': 'a' } })).text,
      /"servedBy":"node-1"/,
    );
  }
  assert.equal(recent.answered.length, WHO.length);
});
