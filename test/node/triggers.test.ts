import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { loadConfiguration } from '../../src/config/load.ts';
import { startDaemon } from '../../src/daemon/daemon.ts';
import { startEmbeddedPlane } from '../../src/lab/plane/embedded-plane.ts';
import { type ApiClient, connectClient, H1Client } from '../support/api-client.ts';
import { serveFlags } from '../support/embedded-daemon.ts';

const V2 = 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList';
const GROUP = 'triggered.example';
const RBAC = '/apis/rbac.authorization.k8s.io/v1';
const DEFINITIONS = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';
const LEASES = '/apis/coordination.k8s.io/v1/namespaces/kube-system/leases';

const GIZMOS = {
  metadata: { name: `gizmos.${GROUP}` },
  spec: {
    group: GROUP,
    scope: 'Cluster',
    names: { plural: 'gizmos', singular: 'gizmo', kind: 'Gizmo', listKind: 'GizmoList' },
    versions: [{ name: 'v1', served: true, storage: true, schema: { openAPIV3Schema: { type: 'object' } } }],
  },
};

const ignore = () => {};

/** Two embedded servers with the proxy in front, which reads discovery every `interval` seconds. */
async function setUp(t: TestContext, { interval, denied = false }: { interval: string; denied?: boolean }) {
  const warnings: string[] = [];
  const logger = { debug: ignore, info: ignore, warn: (message: string) => warnings.push(message), error: ignore };
  const plane = await startEmbeddedPlane({ versions: ['1.34.4', '1.37.2'], builtIn: 'none', logger });
  t.after(() => plane.close());
  const clientOf = async (url: string): Promise<ApiClient> => {
    const { servingCa, admin } = plane.pki;
    const client = await connectClient('h2', url, { ca: servingCa.cert, cert: admin.cert, key: admin.key });
    t.after(() => client.close());
    return client;
  };
  const direct = await clientOf(plane.servers[0]?.url ?? assert.fail());
  if (denied) {
    for (const path of [
      'clusterrolebindings',
      'namespaces/kube-system/rolebindings',
      'namespaces/default/rolebindings',
    ]) {
      const { status } = await direct.request({ method: 'DELETE', path: `${RBAC}/${path}/system:mixed-version-proxy` });
      assert.equal(status, 200);
    }
  }
  const flags = {
    ...serveFlags(plane.pki),
    'discovery-interval-seconds': interval,
    'discovery-stale-after-seconds': '3601',
  };
  const configuration = await loadConfiguration({
    flags: new Map([
      ...Object.entries(flags).map(([name, value]): [string, string[]] => [name, [value]]),
      ['server', plane.servers.map(({ name, url }) => `${name}=${url}`)],
    ]),
  });
  const daemon = await startDaemon(configuration, { logger });
  t.after(() => daemon.stop(0));
  await daemon.ready();
  const through = await clientOf(daemon.servingAddress);
  const admin = new H1Client(daemon.adminAddress ?? '', { ca: '' });
  t.after(() => admin.close());
  /** The sum of the metric's samples whose labels match. */
  const metric = async (name: string, label: string): Promise<number> => {
    const { text } = await admin.request({ path: '/metrics' });
    const samples = text.matchAll(new RegExp(`^${name}\\{[^}]*${label}[^}]*\\} (\\S+)$`, 'gm'));
    return [...samples].reduce((sum, [, value]) => sum + Number(value), 0);
  };
  const states = async (): Promise<string[]> => {
    const { text } = await admin.request({ path: '/status' });
    const { servers }: { servers: { watches: { state: string }[] }[] } = JSON.parse(text);
    return servers.flatMap(({ watches }) => watches.map(({ state }) => state));
  };
  const servers = plane.servers.map(({ name }) => name);
  return { servers, direct, through, metric, states, warnings };
}

/** For each shape of the merged view whether it has the group. */
async function shapesWithGroup(client: ApiClient): Promise<Record<string, boolean>> {
  const shapes: [name: string, path: string, accept: string][] = [
    ['v2', '/apis', V2],
    ['v2beta1', '/apis', V2.replace('v=v2', 'v=v2beta1')],
    ['/apis', '/apis', 'application/json'],
    ['/openapi/v3', '/openapi/v3', 'application/json'],
  ];
  const entries = shapes.map(async ([name, path, accept]): Promise<[string, boolean]> => {
    const { text } = await client.request({ path, headers: { accept } });
    return [name, text.includes(`"${GROUP}`) || text.includes(`/${GROUP}/`)];
  });
  return Object.fromEntries(await Promise.all(entries));
}

async function until(what: string, probe: () => Promise<boolean>): Promise<void> {
  const deadline = performance.now() + 30_000;
  while (!(await probe())) assert.ok(performance.now() < deadline, `not within 30 s: ${what}`);
}

const all = (has: boolean) => ({ v2: has, v2beta1: has, '/apis': has, '/openapi/v3': has });

test('a CRD that is created or deleted is merged in every shape because it was watched', async (t) => {
  const { servers, direct, through, metric, states, warnings } = await setUp(t, { interval: '3600' });
  await until('everything is watched', async () => (await states()).every((state) => state === 'watching'));
  assert.equal((await states()).length, 8);
  const changes = () =>
    Promise.all(servers.map((name) => metric('mvproxy_discovery_readings_total', `server="${name}",result="changed"`)));
  /** Before that no client may ask: the server that is asked for its permission could tell of the change. */
  const allWereRead = async (before: readonly number[]) =>
    until('both servers were read', async () => (await changes()).every((count, at) => count > (before[at] ?? 0)));
  assert.deepEqual(await shapesWithGroup(through), all(false));
  const has = async (expected: boolean): Promise<boolean> =>
    Object.values(await shapesWithGroup(through)).every((one) => one === expected);

  const atFirst = await changes();
  const created = await direct.request({ method: 'POST', path: DEFINITIONS, body: GIZMOS });
  assert.equal(created.status, 201, created.text);
  await allWereRead(atFirst);
  await until('the new type is in every shape', () => has(true));
  const list = await through.request({ path: `/apis/${GROUP}/v1`, headers: { accept: 'application/json' } });
  assert.match(list.text, /"gizmos"/);
  assert.ok((await metric('mvproxy_discovery_triggers_total', 'trigger="crd"')) > 0);

  const withType = await changes();
  const deleted = await direct.request({ method: 'DELETE', path: `${DEFINITIONS}/${GIZMOS.metadata.name}` });
  assert.equal(deleted.status, 200, deleted.text);
  await allWereRead(withType);
  await until('the deleted type is in no shape', () => has(false));
  for (const trigger of ['unknown-resource', 'condition-changed']) {
    assert.equal(await metric('mvproxy_discovery_triggers_total', `trigger="${trigger}"`), 0, trigger);
  }
  assert.deepEqual(warnings, []);
});

test('a new Lease of an API server makes all servers be read', async (t) => {
  const { direct, metric, states } = await setUp(t, { interval: '3600' });
  await until('everything is watched', async () => (await states()).every((state) => state === 'watching'));
  const triggers = () => metric('mvproxy_discovery_triggers_total', 'trigger="lease"');
  const readings = () => metric('mvproxy_discovery_readings_total', 'result="unchanged"');
  const before = { triggers: await triggers(), readings: await readings() };
  const lease = {
    metadata: { name: 'apiserver-x', labels: { 'apiserver.kubernetes.io/identity': 'kube-apiserver' } },
    spec: { holderIdentity: 'apiserver-x_1' },
  };
  assert.equal((await direct.request({ method: 'POST', path: LEASES, body: lease })).status, 201);
  await until('both servers told of it', async () => (await triggers()) >= before.triggers + 2);
  await until('both were read', async () => (await readings()) >= before.readings + 2);
});

test('where RBAC was not applied changes are found by reading, and the log says once for each server what to do', async (t) => {
  const { direct, through, states, metric, warnings } = await setUp(t, { interval: '0.1', denied: true });
  await until('everything is denied', async () => (await states()).every((state) => state === 'denied'));
  assert.equal(await metric('mvproxy_watch_state', 'state="denied"'), 8);
  assert.equal((await direct.request({ method: 'POST', path: DEFINITIONS, body: GIZMOS })).status, 201);
  await until('the new type is merged', async () => (await shapesWithGroup(through))['v2'] === true);
  assert.equal(warnings.length, 2);
  for (const warning of warnings) assert.match(warning, /deploy\/rbac\.yaml/);
});
