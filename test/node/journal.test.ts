import assert from 'node:assert/strict';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import type { DecisionList } from '../../src/admin/decisions-page.ts';
import type { ServerHistory } from '../../src/admin/server-history-page.ts';
import type { TimelineReport } from '../../src/admin/timeline-page.ts';
import type { Unexpected404List } from '../../src/admin/unexpected-404s-page.ts';
import { createPki } from '../../src/lab/pki/pki.ts';
import { reports } from '../../src/reports/index.ts';
import { H1Client } from '../support/api-client.ts';
import { type EmbeddedControlPlane, startEmbeddedControlPlane, startFake } from '../support/embedded-daemon.ts';
import { EventReader } from '../support/event-reader.ts';
import { sendJson, sendUnknown } from '../support/fake-api-server.ts';
import { aggregatedDiscovery } from '../support/fake-discovery.ts';
import { startServe } from '../support/serve-process.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';

const KUBECTL = { 'user-agent': 'kubectl/v1.34.4 (linux/amd64) kubernetes/1234567' };
const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736';
/** Only the newer server has it. */
const MIGRATIONS = '/apis/storagemigration.k8s.io/v1/storageversionmigrations';
/** Both have it; the older one is local and is asked first. */
const CONFIG_MAPS = '/api/v1/namespaces/default/configmaps';
/** Nothing of these may be seen anywhere. */
const PLANTED = {
  token: 'planted-token',
  query: 'planted-query',
  selector: 'planted-selector',
  body: 'planted-body',
  header: 'planted-header',
  secret: 'planted-secret-name',
  link: 'planted-link',
};

async function setting(t: TestContext, flags: Readonly<Record<string, string>> = {}) {
  const plane = await startEmbeddedControlPlane(t, { flags: { 'access-log': 'all', ...flags } });
  const base = plane.daemon.adminAddress ?? '';
  const admin = new H1Client(base, { ca: '' });
  t.after(() => admin.close());
  return {
    plane,
    client: await plane.client(),
    events: (query = '', after?: string) => EventReader.open(t, base, query, after),
    raw: async (path: string) => (await admin.request({ path })).text,
    async page<T>(path: string): Promise<T> {
      const answer: T = JSON.parse((await admin.request({ path })).text);
      const pattern = new URL(path, base).pathname.replace(/^\/servers\/[^/]+/, '/servers/NAME');
      const report = reports.find((one) => one.path === pattern);
      report?.schema.parse(answer);
      assert.ok(report !== undefined, `${path} is not described`);
      return answer;
    },
  };
}

/** The lines of the access log so far. */
async function accessLog({ log }: EmbeddedControlPlane): Promise<Readonly<Record<string, unknown>>[]> {
  const lines: Readonly<Record<string, unknown>>[] = [];
  while (log.size > 0) {
    const { message, fields } = await log.next();
    if (message === 'request') lines.push(fields);
  }
  return lines;
}

test('what was routed, healed, refused and relayed is found with its client and server', async (t) => {
  const { plane, client, events, page } = await setting(t);
  const reader = await events('?notable=true');
  const found = async (id: string, expected: Readonly<Record<string, unknown>>): Promise<void> => {
    const { items } = await page<DecisionList>(`/decisions?notable=true&client=kubectl`);
    const item = items.find(({ path, decision }) => `${decision} ${path}` === id);
    assert.ok(item !== undefined, JSON.stringify(items));
    assert.deepEqual({ ...item, ...expected }, item);
    const told = await reader.first(({ event, data }) => event === 'decision' && data['id'] === item.id);
    assert.deepEqual(told.data, item);
  };

  plane.new.handler = (stream) => {
    stream.respond({ ':status': 200, 'content-type': 'application/json', 'audit-id': 'b7b1a1c4' });
    stream.end('{}');
  };
  const headers = { ...KUBECTL, traceparent: `00-${TRACE}-00f067aa0ba902b7-01` };
  assert.equal((await client.request({ path: `${MIGRATIONS}/m`, headers })).status, 200);
  await found(`PeerServesResource ${MIGRATIONS}/m`, {
    ...{
      method: 'GET',
      verb: 'get',
      group: 'storagemigration.k8s.io',
      version: 'v1',
      resource: 'storageversionmigrations',
    },
    ...{ name: 'm', client: 'kubectl', server: 'new', status: 200, attempts: 1, error: '', unknownType: null },
    ...{ traceId: TRACE, auditId: 'b7b1a1c4' },
  });

  plane.old.handler = sendUnknown;
  assert.equal((await client.request({ path: `${CONFIG_MAPS}/c`, headers: KUBECTL })).status, 200);
  const unknownType = { outcome: 'retried', denying: ['old'], awaited: false };
  await found(`PreferredNotReady ${CONFIG_MAPS}/c`, { server: 'new', status: 200, attempts: 2, unknownType });

  plane.new.handler = sendUnknown;
  const path = '/apis/apps/v1/namespaces/default/deployments/d';
  assert.equal((await client.request({ path, headers: KUBECTL })).status, 404);

  await plane.new.stop();
  await reader.first(({ event, data }) => event === 'timeline' && data['server'] === 'new' && data['to'] === 'unready');
  assert.equal((await client.request({ path: `${MIGRATIONS}/m`, headers: KUBECTL })).status, 503);
  await found(`CapableServersNotReady ${MIGRATIONS}/m`, {
    status: 503,
    error: 'MVP_NO_CAPABLE_SERVER_READY',
    server: '',
  });

  const { items } = await page<Unexpected404List>('/unexpected-404s');
  const rows = items.map(({ group, resource, client: who, server, outcome, count, lastPath }) =>
    [group, resource, who, server, outcome, count, lastPath].join(' '),
  );
  assert.deepEqual(rows.sort(), [
    ` configmaps kubectl old retried 1 ${CONFIG_MAPS}/c`,
    `apps deployments kubectl new relayed 1 ${path}`,
    `apps deployments kubectl old relayed 1 ${path}`,
  ]);
  const first = await reader.first(({ event, data }) => event === 'timeline' && data['type'] === 'unexpected-404');
  assert.equal(
    first.data['text'],
    'old answered kubectl that configmaps.v1 is unknown, which it lists; the client got another answer. The first time.',
  );
});

test('ordinary traffic is listed, and pushes nothing notable out', async (t) => {
  const { client, page } = await setting(t);
  await client.request({ path: `${MIGRATIONS}/m`, headers: KUBECTL });
  for (let i = 0; i < 1_100; i += 50) {
    await Promise.all(Array.from({ length: 50 }, () => client.request({ path: CONFIG_MAPS, headers: KUBECTL })));
  }
  const all = await page<DecisionList>('/decisions?limit=2000');
  assert.deepEqual([all.kept, all.items.length], [1_001, 1_001]);
  assert.ok(all.total >= 1_101);
  assert.equal(all.items[0]?.decision, 'PreferredCapable');
  const { items } = await page<DecisionList>('/decisions?notable=true');
  assert.deepEqual(
    items.map(({ path, server }) => [path, server]),
    [[`${MIGRATIONS}/m`, 'new']],
  );
});

test('planted secrets: no token, query, header, body or name of a Secret is seen on any page, in events or in the log', async (t) => {
  const { plane, client, events, raw } = await setting(t);
  const reader = await events();
  const headers = {
    ...KUBECTL,
    authorization: `Bearer ${PLANTED.token}`,
    'x-planted': PLANTED.header,
    'impersonate-user': PLANTED.header,
    cookie: PLANTED.header,
    traceparent: PLANTED.header,
  };
  const secrets = '/api/v1/namespaces/default/secrets';
  const get = (path: string) => client.request({ path, headers });
  const query = `token=${PLANTED.query}&fieldSelector=metadata.name%3D${PLANTED.selector}`;
  const ask = async (): Promise<void> => {
    await get(`${CONFIG_MAPS}?${query}`);
    await get(`${MIGRATIONS}?${query}`);
    await get(`${secrets}/${PLANTED.secret}?${query}`);
    await get(`${secrets}?fieldSelector=metadata.name%3D${PLANTED.secret}`);
    await get(`/api/v1/watch/namespaces/default/secrets/${PLANTED.secret}`);
    await get(`/api/v1/namespaces/default/services/s/proxy/login/${PLANTED.link}?${query}`);
    await get(`/api/v1/namespaces/default/pods/p/exec?command=${PLANTED.query}`);
    await get(`/healthz?${query}`);
    await get(`/%zz?${query}`);
    await client.request({ method: 'POST', path: secrets, headers, body: PLANTED.body });
    await client.request({ method: 'POST', path: `${CONFIG_MAPS}?${query}`, headers, body: PLANTED.body });
  };
  plane.new.handler = (stream) => sendJson(stream, 200, { data: PLANTED.body });
  await ask();
  plane.old.handler = sendUnknown;
  await ask();
  plane.new.handler = sendUnknown;
  await ask();
  await plane.old.stop();
  await plane.new.stop();
  await ask();
  await client.request({ path: '/api/v1/nodes/the-last-one', headers: KUBECTL });
  await reader.first(({ data }) => data['name'] === 'the-last-one' || data['path'] === '/api/v1/nodes/the-last-one');
  const seen = {
    decisions: await raw('/decisions?limit=2000'),
    unexpected: await raw('/unexpected-404s'),
    timeline: await raw('/timeline'),
    history: await raw('/servers/old/history'),
    status: await raw('/status'),
    metrics: await raw('/metrics'),
    events: reader.text,
    log: JSON.stringify(await accessLog(plane)),
  };
  assert.ok(
    seen.decisions.includes(`${secrets}/…`) && seen.unexpected.includes('"resource": "secrets"'),
    seen.unexpected,
  );
  for (const [where, text] of Object.entries(seen)) {
    for (const [what, planted] of Object.entries(PLANTED)) assert.ok(!text.includes(planted), `${what} in ${where}`);
  }
});

test('the access log has one line for each request, with what /decisions says', async (t) => {
  const { plane, client, page } = await setting(t);
  await accessLog(plane);
  await client.request({ path: `${CONFIG_MAPS}/c?x=1`, headers: KUBECTL });
  await client.request({ path: `${MIGRATIONS}/m`, headers: KUBECTL });
  const lines = await accessLog(plane);
  const { items } = await page<DecisionList>('/decisions?client=kubectl');
  assert.deepEqual(
    lines,
    items.toReversed().map(({ at: _, ...rest }) => rest),
  );
  assert.equal(lines.length, 2);
});

for (const [mode, expected] of [
  ['notable', [`${MIGRATIONS}/m`]],
  ['none', []],
] as const) {
  test(`the access log of ${mode}, without an admin listener`, async (t) => {
    const plane = await startEmbeddedControlPlane(t, { flags: { 'access-log': mode, 'admin-enabled': 'false' } });
    const client = await plane.client();
    await client.request({ path: `${CONFIG_MAPS}/c` });
    await client.request({ path: `${MIGRATIONS}/m` });
    const lines = await accessLog(plane);
    assert.deepEqual(
      lines.map(({ path }) => path),
      expected,
    );
  });
}

test('the timeline of an upgrade and its rollback: states, versions and types', async (t) => {
  const { plane, events, page } = await setting(t, {
    'health-interval-seconds': '0.05',
    'departure-grace-seconds': '0',
  });
  const reader = await events();
  await reader.first(({ event }) => event === 'status');
  const told = (text: string) => reader.first(({ event, data }) => event === 'timeline' && data['text'] === text);

  plane.new.ready = false;
  await told('new is draining: /readyz answered 500: shutting down.');
  await plane.new.stop();
  plane.new.discovery = aggregatedDiscovery('1.34.4');
  plane.new.gitVersion = 'v1.34.4';
  plane.new.ready = true;
  await plane.new.start();
  await told('new is 1.34.4 now; it was 1.37.2.');
  await told('new is ready.');
  const view = await reader.first(
    ({ event, data }) =>
      event === 'timeline' && data['type'] === 'view' && JSON.stringify(data['vanished']).includes('storagemigration'),
  );
  await reader.first(({ event }) => event === 'view');
  const { items, since } = await page<TimelineReport>('/timeline');
  assert.deepEqual(
    items.find(({ id }) => id === view.data['id']),
    view.data,
  );
  assert.ok(Date.parse(since) <= Date.parse(items.at(-1)?.at ?? ''));
  const texts = items.map(({ text }) => text).reverse();
  const order = [
    'This proxy started.',
    'new is draining: /readyz answered 500: shutting down.',
    'new is 1.34.4 now; it was 1.37.2.',
  ];
  assert.deepEqual(
    order.map((text) => texts.indexOf(text)).filter((at, i, all) => at > (all[i - 1] ?? -1)).length,
    order.length,
    texts.join('\n'),
  );
  const history = await page<ServerHistory>('/servers/new/history');
  const states = history.items.map(({ to }) => to).reverse();
  assert.deepEqual(states.slice(-1), ['ready']);
  assert.ok(states.indexOf('draining') < states.lastIndexOf('confirming'), states.join());
  assert.equal(history.items.find(({ to }) => to === 'draining')?.why, '/readyz answered 500: shutting down');
});

test('a reload that fails is in the timeline without its cause', async (t) => {
  const { plane, raw } = await setting(t);
  await writeFile(plane.pki.proxyServing.certFile, PLANTED.secret);
  await assert.rejects(plane.daemon.reload());
  const text = await raw('/timeline');
  assert.match(text, /"type": "reload-failed"/);
  assert.ok(!text.includes(PLANTED.secret) && !text.includes('PEM'), text);
});

test('streams end whole with the drain, so that nobody waits for them', async (t) => {
  const { plane, events } = await setting(t);
  const reader = await events();
  await reader.first(({ event }) => event === 'status');
  const stopping = plane.daemon.stop(0);
  assert.deepEqual(await reader.ended, { kind: 'complete' });
  await stopping;
});

test('DNS rebinding: the admin listener of a daemon does not answer to names of others', async (t) => {
  const { plane } = await setting(t);
  const admin = new H1Client(plane.daemon.adminAddress ?? '', { ca: '' });
  t.after(() => admin.close());
  for (const path of ['/decisions', '/events', '/status', '/console/', '/metrics']) {
    const answer = await admin.request({ path, headers: { host: 'attacker.example:6444' } });
    assert.equal(answer.status, 403, path);
    assert.equal(answer.headers['access-control-allow-origin'], undefined);
  }
});

for (const workers of ['0', '2']) {
  test(`the access log of a process with ${workers} workers: whole lines beside the log, the last ones included`, async (t) => {
    const pki = await createPki(join(await temporaryDirectory(t), 'pki'));
    const server = await startFake(t, pki, 'only', '1.37.2');
    const flags = { workers, 'access-log': 'all', 'shutdown-delay-duration': '0', 'shutdown-drain-seconds': '1' };
    const proxy = await startServe(t, { pki, servers: [server], flags });
    const client = new H1Client(proxy.url, { ca: pki.servingCa.cert, cert: pki.admin.cert, key: pki.admin.key });
    const wanted = Array.from({ length: 200 }, (_, i) => `${CONFIG_MAPS}/c${i}`);
    for (const path of wanted) assert.equal((await client.request({ path: `${path}?x=1` })).status, 200);
    client.close();
    const closed = once(proxy.child, 'close');
    proxy.child.kill('SIGTERM');
    assert.deepEqual(await closed, [0, null]);
    const lines = proxy.log.map((line): Record<string, unknown> => JSON.parse(line));
    const requests = lines.filter(({ message }) => message === 'request');
    assert.deepEqual(
      requests.map(({ path }) => path),
      wanted,
    );
    assert.ok(requests.every(({ worker }) => (workers === '0') === (worker === undefined)));
  });
}
