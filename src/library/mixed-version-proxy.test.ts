import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { type TestContext, test } from 'node:test';
import { type ApiAnswer, type ApiRequest, H1Client, H2Client } from '../../test/support/api-client.ts';
import { type Issued, TestCa } from '../../test/support/certificates.ts';
import { Inbox } from '../../test/support/loopback.ts';
import { OtlpCollector } from '../../test/support/otlp-collector.ts';
import { discoveryOf } from '../discovery/testing/discovery-of.ts';
import type { Logger } from '../observe/logger.ts';
import type { ExchangeHandler } from '../wire/exchange.ts';
import { listen } from '../wire/listener.ts';
import { createMixedVersionProxy, type MixedVersionProxy } from './mixed-version-proxy.ts';
import type { MixedVersionProxyOptions, TrustOptions } from './options.ts';
import { type Shown, TinyApiServer } from './testing/tiny-api-server.ts';

const WIDGETS = discoveryOf({
  v1: { pods: ['get', 'list'] },
  'example.com/v1': { widgets: ['get', 'list', 'create'] },
});
const GADGETS = discoveryOf({
  v1: { pods: ['get', 'list'] },
  'example.com/v1': { gadgets: ['get', 'list', 'create'] },
});
const WIDGET = '/apis/example.com/v1/widgets';
const GADGET = '/apis/example.com/v1/gadgets';
const AGGREGATED = 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList';
const QUICK = { health: { intervalSeconds: 0.05 }, discovery: { intervalSeconds: 0.05, watch: false } };

interface Pki {
  readonly serving: Issued;
  readonly ca: string;
  readonly jane: Issued;
  readonly trust: TrustOptions;
}

let material: Promise<Pki> | undefined;

function pki(): Promise<Pki> {
  material ??= (async () => {
    const [ca, frontProxyCa] = [await TestCa.create('ca'), await TestCa.create('front-proxy-ca')];
    return {
      serving: await ca.issue({ commonName: 'server', dnsNames: ['kubernetes.default.svc'], ips: ['127.0.0.1'] }),
      ca: ca.cert,
      jane: await ca.issue({ commonName: 'jane', organizations: ['dev', 'ops'], usage: 'client' }),
      trust: {
        peerCa: ca.cert,
        clientCa: ca.cert,
        requestHeaderCa: frontProxyCa.cert,
        allowedNames: ['front-proxy-client'],
        proxyClientCertificate: await frontProxyCa.issue({ commonName: 'front-proxy-client', usage: 'client' }),
      },
    };
  })();
  return material;
}

interface Member {
  readonly server: TinyApiServer;
  readonly proxy: MixedVersionProxy;
  readonly url: string;
  client(certificate?: Issued): Promise<H2Client>;
  get(path: string, headers?: Record<string, string>, certificate?: Issued): Promise<ApiAnswer>;
}

/** A listener whose handler comes later, because servers have to know each other's addresses. */
async function open(t: TestContext) {
  const { serving, ca, trust } = await pki();
  let handler: ExchangeHandler = (exchange) => exchange.reset('refused');
  const listener = await listen({
    host: '127.0.0.1',
    port: 0,
    tls: { ...serving, clientCa: [ca, trust.requestHeaderCa].join('\n') },
    handler: (exchange) => handler(exchange),
  });
  t.after(() => listener.close(0));
  const serve = (next: ExchangeHandler) => {
    handler = next;
  };
  return { url: `https://127.0.0.1:${listener.port}`, serve };
}

function join(
  t: TestContext,
  { url, serve }: Awaited<ReturnType<typeof open>>,
  server: TinyApiServer,
  options: Omit<MixedVersionProxyOptions, 'local' | 'tuning'> & Pick<MixedVersionProxyOptions, 'tuning'>,
): Member {
  const ignore = () => {};
  const logger: Logger = { debug: ignore, info: ignore, warn: ignore, error: ignore };
  const local = { name: server.name, handler: server.handler };
  const proxy = createMixedVersionProxy({ logger, tuning: QUICK, ...options, local });
  t.after(() => proxy.stop(0));
  serve(proxy.handler);
  const client = async (certificate?: Issued) => {
    const { ca } = await pki();
    const connected = await H2Client.connect(url, { ca, ...certificate });
    t.after(() => connected.close());
    return connected;
  };
  return {
    server,
    proxy,
    url,
    client,
    get: async (path, headers = {}, certificate) => (await client(certificate)).request({ path, headers }),
  };
}

/** Two servers of the library, each with the other as its peer. */
async function startPair(t: TestContext, options: Partial<MixedVersionProxyOptions> = {}) {
  const { trust } = await pki();
  const [first, second] = [await open(t), await open(t)];
  const a = join(t, first, new TinyApiServer('a', trust, WIDGETS), {
    trust,
    peers: [{ name: 'b', url: second.url }],
    ...options,
  });
  const b = join(t, second, new TinyApiServer('b', trust, GADGETS), { trust, peers: [{ name: 'a', url: first.url }] });
  await Promise.all([a, b].map(known));
  return { a, b };
}

/** A peer that is asked before it is ready itself is asked again after a while. */
async function known({ proxy }: Member): Promise<void> {
  await proxy.ready();
  const isKnown = () => {
    const { view, servers } = proxy.status();
    return view === 'server-local' || servers.every(({ state }) => state === 'ready');
  };
  while (!isKnown()) await new Promise(setImmediate);
}

function shown({ text, status }: ApiAnswer): Shown {
  assert.equal(status, 200, text);
  return JSON.parse(text);
}

function groups({ text }: ApiAnswer): string[] {
  const { items } = JSON.parse(text);
  return items.flatMap(({ versions }: { versions: { resources: { resource: string }[] }[] }) =>
    versions.flatMap(({ resources }) => resources.map(({ resource }) => resource)),
  );
}

async function post(client: { request(request: ApiRequest): Promise<ApiAnswer> }, path: string, body: string) {
  return shown(await client.request({ method: 'POST', path, body }));
}

test('what the local server serves it answers; what only a peer serves, the peer answers', async (t) => {
  const { a, b } = await startPair(t);
  assert.equal(shown(await a.get(WIDGET)).servedBy, 'a');
  assert.equal(shown(await a.get(GADGET)).servedBy, 'b');
  assert.equal(shown(await b.get(WIDGET)).servedBy, 'a');
  assert.equal(shown(await a.get('/api/v1/pods')).servedBy, 'a');
  assert.deepEqual(
    [a.server.requests, b.server.requests].map((requests) => requests.length),
    [3, 1],
  );
});

test('discovery is one view; the view without peers is the local server’s own', async (t) => {
  const { a } = await startPair(t);
  assert.deepEqual(groups(await a.get('/apis', { accept: AGGREGATED })), ['gadgets', 'widgets']);
  assert.deepEqual(groups(await a.get('/apis', { accept: `${AGGREGATED};profile=nopeer` })), ['widgets']);
});

test('a user’s certificate counts at the peer as it does here, and identity headers of clients count nowhere', async (t) => {
  const { a } = await startPair(t);
  const { jane } = await pki();
  const forged = { 'x-remote-user': 'root', 'x-remote-group': 'system:masters' };
  for (const [path, servedBy] of [
    [WIDGET, 'a'],
    [GADGET, 'b'],
  ] as const) {
    for (const headers of [{}, forged]) {
      const { user, groups: memberOf, ...answer } = shown(await a.get(path, headers, jane));
      assert.deepEqual([answer.servedBy, user, memberOf], [servedBy, 'jane', ['dev', 'ops']]);
    }
    assert.equal(shown(await a.get(path, forged)).user, 'system:anonymous');
  }
});

test('bodies reach the local server and the peer, over both protocols', async (t) => {
  const { a } = await startPair(t);
  const { ca } = await pki();
  const h1 = new H1Client(a.url, { ca });
  t.after(() => h1.close());
  const long = 'x'.repeat(1_000_000);
  for (const client of [await a.client(), h1]) {
    for (const path of [WIDGET, GADGET]) assert.equal((await post(client, path, long)).body, long);
  }
});

test('what nobody serves is answered by the local server, unchanged', async (t) => {
  const { a, b } = await startPair(t);
  const answer = await a.get('/apis/example.com/v1/gizmos');
  assert.deepEqual([answer.status, answer.text], [404, '404 page not found\n']);
  assert.deepEqual(b.server.requests, []);
});

test('a local server that says it is going is asked for its health, and nothing else', async (t) => {
  const { a } = await startPair(t);
  a.server.isReady = false;
  while (a.proxy.status().servers.find(({ name }) => name === 'a')?.state !== 'draining') {
    await new Promise(setImmediate);
  }
  assert.equal(shown(await a.get('/api/v1/pods')).servedBy, 'b');
  assert.equal((await a.get(WIDGET)).status, 503);
  assert.deepEqual([(await a.get('/readyz')).status, (await a.get('/livez')).text], [500, 'a lives']);
});

test('a server is ready when it says so and requests are routed, not before', async (t) => {
  const { trust } = await pki();
  const opened = await open(t);
  const server = new TinyApiServer('a', trust, WIDGETS);
  server.isReady = false;
  const { get, proxy } = join(t, opened, server, { trust, peers: [], tuning: { health: { intervalSeconds: 3600 } } });
  await proxy.ready();
  assert.equal((await get('/readyz')).text, 'no', 'its own reason');
  server.isReady = true;
  const { status, text } = await get('/readyz');
  assert.equal(status, 500);
  assert.match(text, /^\[-\]mixed-version-proxy failed: /);
  const quick = join(t, await open(t), server, { trust, peers: [] });
  while ((await quick.get('/readyz')).status !== 200);
  assert.equal(shown(await quick.get(WIDGET)).servedBy, 'a');
});

test('servers without the objects that the proxy watches are asked for them, and nothing else comes of it', async (t) => {
  const { a } = await startPair(t, { tuning: { ...QUICK, discovery: { intervalSeconds: 0.05 } } });
  const states = () => a.proxy.status().servers.flatMap(({ watches }) => watches.map(({ state }) => state));
  while (!states().every((state) => state === 'absent')) await new Promise(setImmediate);
  assert.equal(states().length, 8, 'four at the local server, in this process, and four at the peer');
  assert.equal(shown(await a.get(WIDGET)).servedBy, 'a');
  assert.equal(shown(await a.get(GADGET)).servedBy, 'b');
});

for (const missing of ['peerCa', 'proxyClientCertificate'] as const) {
  test(`without ${missing} the local server answers everybody, identities included, and says so once`, async (t) => {
    const log = new Inbox<string>();
    const ignore = () => {};
    const { trust, jane } = await pki();
    const logger = { debug: ignore, info: ignore, warn: log.put, error: ignore };
    const { a, b } = await startPair(t, { trust: { ...trust, [missing]: undefined }, logger });
    assert.equal(a.proxy.status().view, 'server-local');
    assert.equal(log.size, 1);
    assert.match(await log.next(), /peer traffic cannot be authenticated without/);
    assert.deepEqual(shown(await a.get(WIDGET, {}, jane)).groups, ['dev', 'ops']);
    assert.equal(shown(await a.get(WIDGET, { 'x-remote-user': 'root' })).user, 'system:anonymous');
    assert.equal((await a.get(GADGET)).status, 404);
    assert.deepEqual(groups(await a.get('/apis', { accept: AGGREGATED })), ['widgets']);
    assert.deepEqual(b.server.requests, []);
  });
}

test('peers can be changed while requests are served', async (t) => {
  const { a, b } = await startPair(t, { peers: [] });
  assert.equal((await a.get(GADGET)).status, 404);
  await a.proxy.setPeers([{ name: 'b', url: b.url }]);
  assert.equal(shown(await a.get(GADGET)).servedBy, 'b');
  await a.proxy.setPeers([]);
  assert.equal((await a.get(GADGET)).status, 503, 'its types stay known for the departure grace');
  await assert.rejects(a.proxy.setPeers([{ name: 'a', url: b.url }]), /also the name of the local server/);
  assert.equal(shown(await a.get(WIDGET)).servedBy, 'a', 'refused peers change nothing');
});

test('a proxy that is stopped ends a change of peers that cannot be read', async (t) => {
  const { a } = await startPair(t, { peers: [] });
  const silent = createServer().listen(0, '127.0.0.1');
  await once(silent, 'listening');
  t.after(() => silent.close());
  const { port } = silent.address() as AddressInfo;
  const order: string[] = [];
  const changed = a.proxy
    .setPeers([{ name: 'silent', url: `https://127.0.0.1:${port}` }])
    .then(() => order.push('changed'));
  await once(silent, 'connection');
  await a.proxy.stop(0);
  order.push('stopped');
  await changed;
  assert.deepEqual(order, ['changed', 'stopped']);
});

test('requests are spans where a collector is named, sent before the proxy is stopped, and explain themselves', async (t) => {
  const collector = await OtlpCollector.start(t);
  const tracing = {
    otlpEndpoint: collector.url,
    otlpHeaders: { Authorization: 'Bearer key' },
    samplingRatio: 1,
    explainHeader: true,
  };
  const { a } = await startPair(t, { tracing });
  const { headers } = await a.get(GADGET, { 'x-mvproxy-explain': '1' });
  assert.match(String(headers['x-mvproxy-explain']), /^server=b; decision=PeerServesResource/);
  await a.proxy.stop(0);
  const moved = collector.spans.filter(({ attributes }) => attributes['mvproxy.server'] === 'b');
  assert.deepEqual(
    moved.map(({ name }) => name),
    [`GET ${GADGET}`],
  );
  assert.equal(collector.requests[0]?.authorization, 'Bearer key');
});

test('every request that the proxy answers is told to who asked for it', async (t) => {
  const records: string[] = [];
  const { a } = await startPair(t, {
    onExchange: ({ status, server, decision, info }) => {
      if (info?.isResourceRequest) records.push(`${status} ${server} ${decision?.reason}`);
    },
  });
  await a.get(GADGET);
  await a.get('/livez');
  assert.deepEqual(records, ['200 b PeerServesResource']);
});
