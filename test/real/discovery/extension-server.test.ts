import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { CertificateAuthority } from '../../../src/lab/pki/certificate-authority.ts';
import { startProxy } from '../../../tools/control-plane/proxy.ts';
import { startControlPlane } from '../../../tools/control-plane/start.ts';
import { V2 } from '../support/aggregated-discovery.ts';
import { apiRequest } from '../support/api-request.ts';
import { eventually } from '../support/eventually.ts';
import { ExtensionServer, GAUGES, GROUP, registration, VERSION } from '../support/extension-server.ts';
import { type HttpClient, header, httpClient } from '../support/http-client.ts';
import { aggregated, SHAPES, type Shape } from '../support/shapes.ts';
import { Sightings } from '../support/sightings.ts';

/** Between two looks at one shape. */
const PAUSE_MS = 20;
const TYPE = { group: GROUP, version: VERSION, resource: 'gauges' };
const API_SERVICES = '/apis/apiregistration.k8s.io/v1/apiservices';
const API_SERVICE = `${API_SERVICES}/${VERSION}.${GROUP}`;

// Each kube-apiserver has a front-proxy certificate of its own, so that the extension server can treat them differently.
const directory = await mkdtemp(join(tmpdir(), 'mvproxy-aggregators-'));
after(() => rm(directory, { recursive: true, force: true }));
const aggregators = await CertificateAuthority.create(join(directory, 'ca'));
async function aggregator(name: 'old' | 'new') {
  const { certFile, keyFile } = await aggregators.issue(join(directory, name), { commonName: name });
  return { name, extraArgs: [`--proxy-client-cert-file=${certFile}`, `--proxy-client-key-file=${keyFile}`] };
}

const controlPlane = await startControlPlane({
  servers: [
    { version: '1.34.4', ...(await aggregator('old')) },
    { version: '1.37.2', ...(await aggregator('new')) },
  ],
});
after(() => controlPlane.stop());
const { pki } = controlPlane;
const extension = await ExtensionServer.start(pki, aggregators);
after(() => extension.kill());
const proxy = await startProxy(controlPlane);

const clients: HttpClient[] = [];
const watched: Sightings[] = [];
after(async () => {
  await Promise.all(watched.map((sightings) => sightings.stop()));
  for (const client of clients) client.close();
});

function clientOf({ url }: { readonly url: string }): HttpClient {
  const client = httpClient({ url, protocol: 'h2', ca: pki.servingCa.cert, certificate: pki.admin });
  clients.push(client);
  return client;
}

function watch(endpoint: { readonly url: string }, shape: Shape): Sightings {
  const sightings = new Sightings(clientOf(endpoint), {
    request: shape.request(TYPE),
    read: (answer) => shape.read(TYPE, answer),
    pauseMs: PAUSE_MS,
  });
  watched.push(sightings);
  return sightings;
}

/** The extension server, and each API server. */
const KILLS = 3;

/** What it says when the extension server works. */
const goodWord = (shape: string): string => (shape.startsWith('v2') ? 'Current' : 'listed');
const is =
  (...values: readonly string[]) =>
  (value: string): boolean =>
    values.includes(value);

const client = clientOf(proxy);
const through = new Map(SHAPES.map((shape) => [shape.name, watch(proxy, shape)]));
const requests = watch(proxy, {
  name: 'requests',
  request: () => ({ target: GAUGES }),
  read: (_type, { status }) => String(status),
});
const own = {
  old: watch(controlPlane.server('old'), aggregated('v2', V2)),
  new: watch(controlPlane.server('new'), aggregated('v2', V2)),
};

async function allGood(from: number): Promise<void> {
  await Promise.all([...through].map(([name, shape]) => shape.until(is(goodWord(name)), from)));
  await requests.until(is('200'), from);
}

async function everyServerSays(word: string, from: number): Promise<number> {
  const seen = await Promise.all(Object.values(own).map((server) => server.until(is(word), from)));
  return Math.max(...seen.map(({ at }) => at));
}

function since(from: number, sightings: Sightings | undefined): readonly string[] {
  return (sightings?.changes ?? []).filter(({ at }) => at >= from).map(({ value }) => value);
}

/** kube-aggregator reads an extension server's discovery again when its APIService changes, else once a minute. */
async function touch(value: string): Promise<void> {
  const { status } = await client.request({
    method: 'PATCH',
    target: API_SERVICE,
    headers: ['content-type', 'application/merge-patch+json'],
    body: { metadata: { annotations: { touched: value } } },
  });
  assert.equal(status, 200);
}

/** Resolves when the proxy has read that server's discovery from a beginning after `at`. */
async function readAfter(name: string, at: number): Promise<void> {
  let readings = 0;
  let last = at;
  await eventually(`the proxy reads ${name} twice`, async () => {
    const askedAt = performance.now();
    const { body } = await apiRequest(`${proxy.adminUrl}/status`);
    const { servers }: { servers: { name: string; discoveryAgeSeconds: number }[] } = JSON.parse(body);
    const age = servers.find((server) => server.name === name)?.discoveryAgeSeconds ?? Number.POSITIVE_INFINITY;
    // An age is of a moment between question and answer: only what is later than the latest that the last can have been is another.
    if (askedAt - age * 1_000 > last) {
      last = performance.now() - age * 1_000;
      readings += 1;
    }
    return readings >= 2;
  });
}

test('a registered extension server is in every shape, and requests reach it through the proxy', async (t) => {
  await Promise.all([...through.values()].map((shape) => shape.until(is('absent'))));
  const { service, apiService } = registration(extension, pki);
  const services = '/api/v1/namespaces/default/services';
  assert.equal((await client.request({ method: 'POST', target: services, body: service })).status, 201);
  const from = performance.now();
  assert.equal((await client.request({ method: 'POST', target: API_SERVICES, body: apiService })).status, 201);
  await allGood(from);
  t.diagnostic(`in every shape, with answers to requests, ${seconds(performance.now() - from)} after its registration`);
  const created = await client.request({ method: 'POST', target: GAUGES, body: { metadata: { name: 'one' } } });
  assert.equal(created.status, 201, created.body.toString());
  const read = await client.request({ target: `${GAUGES}/one` });
  assert.deepEqual(JSON.parse(read.body.toString()), JSON.parse(created.body.toString()));
  const missing = await client.request({ target: `${GAUGES}/two` });
  assert.equal(missing.status, 404);
  assert.equal(JSON.parse(missing.body.toString()).details.name, 'two');
  const post = extension.heard.find(({ method }) => method === 'POST');
  assert.equal(post?.user, 'admin');
  assert.ok(post?.groups.includes('system:masters'));
});

test('a killed extension server stays listed, Stale, and requests get the server’s own 503', async (t) => {
  const from = performance.now();
  await extension.kill();
  const refused = await requests.until(is('503'), from);
  const noticed = await everyServerSays('Stale', from);
  const stale = await Promise.all(['v2', 'v2beta1'].map((name) => through.get(name)?.until(is('Stale'), from)));
  await through.get('/apis/G/V')?.until(is('503'), from);
  t.diagnostic(`requests: 503 after ${seconds(refused.at - from)}`);
  t.diagnostic(`the last server says Stale after ${seconds(noticed - from)}`);
  for (const sighting of stale)
    t.diagnostic(`the proxy says so ${seconds(Math.max(0, (sighting?.at ?? 0) - noticed))} later`);
  for (const target of [GAUGES, `${GAUGES}/one`, `/apis/${GROUP}/${VERSION}`]) {
    const direct = clientOf(controlPlane.server('new'));
    const answers = async () => [await direct.request({ target }), await client.request({ target })] as const;
    // A server that has heard that nobody answers for the APIService says it in other words than one that tries to connect.
    await eventually(`all servers say of ${target} the same`, async () => {
      const [own, answer] = await answers();
      return own.body.equals(answer.body);
    });
    const [own503, answer] = await answers();
    assert.equal(answer.status, 503);
    assert.equal(answer.body.toString(), own503.body.toString(), target);
    assert.equal(header(answer, 'content-type'), header(own503, 'content-type'));
  }
  for (const name of ['/apis', '/apis/G']) assert.equal(through.get(name)?.values.at(-1), 'listed', name);
});

test('revived it is Current again, with what it had', async (t) => {
  const from = performance.now();
  await extension.start();
  const noticed = await everyServerSays('Current', from);
  await allGood(from);
  t.diagnostic(`every server says Current after ${seconds(noticed - from)}`);
  const current = await through.get('v2')?.until(is('Current'), from);
  t.diagnostic(`the proxy says so ${seconds(Math.max(0, (current?.at ?? 0) - noticed))} after the last of them`);
  const { items }: { items: { metadata: { name: string } }[] } = JSON.parse(
    (await client.request({ target: GAUGES })).body.toString(),
  );
  assert.deepEqual(
    items.map(({ metadata }) => metadata.name),
    ['one'],
  );
});

for (const [blind, seeing] of [
  ['old', 'new'],
  ['new', 'old'],
] as const) {
  test(`it is Current as long as one ready server says so, though ${blind} says Stale`, async () => {
    const from = performance.now();
    extension.unreadableTo.add(blind);
    await touch(`unreadable to ${blind}`);
    const stale = await own[blind].until(is('Stale'), from);
    await readAfter(blind, stale.at);
    assert.deepEqual(since(from, own[seeing]), [], `${seeing} says Current all the time`);
    for (const [name, shape] of through) {
      assert.deepEqual(since(from, shape), [], `${name} does not change`);
      assert.equal(shape.values.at(-1), goodWord(name), name);
    }

    const seeingServer = controlPlane.server(seeing);
    const killedAt = performance.now();
    await seeingServer.kill();
    for (const name of ['v2', 'v2beta1']) await through.get(name)?.until(is('Stale'), killedAt);
    await through.get('/apis/G/V')?.until(is('503', 'listed'), killedAt);
    extension.unreadableTo.clear();
    await touch('readable again');
    await seeingServer.start();
    await everyServerSays('Current', killedAt);
    await allGood(killedAt);
  });
}

test('it is Stale when both servers say so', async () => {
  const from = performance.now();
  for (const name of ['old', 'new']) extension.unreadableTo.add(name);
  await touch('unreadable to both');
  await everyServerSays('Stale', from);
  for (const name of ['v2', 'v2beta1']) await through.get(name)?.until(is('Stale'), from);
  extension.unreadableTo.clear();
  await touch('readable again');
  await allGood(from);
});

test('no shape has ever denied it, and no request', () => {
  for (const [name, { values, counts }] of through) {
    const first = values.findIndex((value) => value !== 'absent');
    const allowed = name.startsWith('v2')
      ? ['Current', 'Stale']
      : name === '/apis/G/V'
        ? ['listed', '503']
        : ['listed'];
    assert.deepEqual(
      values.slice(first).filter((value) => !allowed.includes(value)),
      [],
      `${name}: ${values.join(', ')}`,
    );
    assert.ok((counts.get(goodWord(name)) ?? 0) > 10, `${name} was looked at again and again`);
  }
  const first = requests.values.findIndex((value) => value !== '404');
  const isCut = (value: string): boolean => /^failed: Stream closed with error/.test(value);
  assert.deepEqual(new Set(requests.values.slice(first).filter((value) => !isCut(value))), new Set(['200', '503']));
  // An answer that has begun ends with its server, and is known to be broken off.
  assert.ok(requests.values.filter(isCut).length <= KILLS);
});

test('with its APIService it leaves every shape', async (t) => {
  const from = performance.now();
  assert.equal((await client.request({ method: 'DELETE', target: API_SERVICE })).status, 200);
  const left = await Promise.all([...through.values()].map((shape) => shape.until(is('absent'), from)));
  await requests.until(is('404'), from);
  t.diagnostic(`gone from every shape after ${seconds(Math.max(...left.map(({ at }) => at)) - from)}`);
});

function seconds(ms: number): string {
  return `${(ms / 1_000).toFixed(2)} s`;
}
