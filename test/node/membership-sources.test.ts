import assert from 'node:assert/strict';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { loadConfiguration } from '../../src/config/load.ts';
import { startDaemon } from '../../src/daemon/daemon.ts';
import { ownAddresses } from '../../src/daemon/membership-settings.ts';
import { singleKubeconfig } from '../../src/lab/pki/kubeconfig.ts';
import { startEmbeddedPlane } from '../../src/lab/plane/embedded-plane.ts';
import type { LabServer } from '../../src/lab/plane/lab-server.ts';
import { PlayedResolver } from '../../src/membership/testing/played-resolver.ts';
import { serverId } from '../../src/servers/server-id.ts';
import { type ApiClient, connectClient, H1Client } from '../support/api-client.ts';
import { serveFlags } from '../support/embedded-daemon.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';
import { until } from './support/running-lab.ts';

const LEASES = '/apis/coordination.k8s.io/v1/namespaces/kube-system/leases';
const SLICES = '/apis/discovery.k8s.io/v1/namespaces/default/endpointslices';
const RBAC = '/apis/rbac.authorization.k8s.io/v1/namespaces/default';
/** 1.37.2 serves it, 1.34.4 does not. */
const ONLY_NEW = '/apis/certificates.k8s.io/v1/clustertrustbundles';
const COMMON = '/api/v1/namespaces/default/configmaps';
/** Servers on loopback may be found, and changes only by what servers let us watch. */
const UNPOLLED = { 'membership-allowed-cidrs': ['127.0.0.0/8'], 'membership-interval-seconds': ['3600'] };
const ignore = () => {};

interface Status {
  readonly servers: readonly { readonly name: string; readonly address: string; readonly state: string }[];
  readonly membership: {
    readonly sources: readonly { readonly source: string; readonly up: boolean; readonly condition: string }[];
    readonly refused: readonly { readonly address: string; readonly reason: string }[];
  };
}

const portOf = ({ url }: LabServer): number => Number(new URL(url).port);

/** Two embedded servers, and a function that starts a proxy in front of them. */
async function setUp(t: TestContext) {
  const warnings: string[] = [];
  const logger = { debug: ignore, info: ignore, warn: (message: string) => warnings.push(message), error: ignore };
  const plane = await startEmbeddedPlane({ versions: ['1.34.4', '1.37.2'], builtIn: 'none', logger });
  t.after(() => plane.close());
  const [old, recent] = plane.servers;
  assert.ok(old !== undefined && recent !== undefined);
  const { servingCa, admin } = plane.pki;
  const connect = async (url: string): Promise<ApiClient> => {
    const client = await connectClient('h2', url, { ca: servingCa.cert, cert: admin.cert, key: admin.key });
    t.after(() => client.close());
    return client;
  };
  const direct = await connect(old.url);
  const write = async (method: string, path: string, body?: object) => {
    const headers = { 'content-type': method === 'PATCH' ? 'application/merge-patch+json' : 'application/json' };
    const { status, text } = await direct.request({ method, path, headers, ...(body === undefined ? {} : { body }) });
    assert.ok(status < 300, `${method} ${path}: ${status} ${text}`);
  };
  const start = async (flags: Readonly<Record<string, readonly string[]>>, resolver?: PlayedResolver) => {
    const base = serveFlags(plane.pki);
    const configuration = await loadConfiguration({
      flags: new Map([
        ...Object.entries(base).map(([name, value]): [string, string[]] => [name, [value]]),
        ...Object.entries(flags),
      ]),
    });
    const daemon = await startDaemon(configuration, { logger, resolver });
    t.after(() => daemon.stop(0));
    await daemon.ready();
    const client = await connect(daemon.servingAddress);
    const http = new H1Client(daemon.adminAddress ?? '', { ca: '' });
    t.after(() => http.close());
    const status = async (): Promise<Status> => JSON.parse((await http.request({ path: '/status' })).text);
    const states = async () =>
      Object.fromEntries((await status()).servers.map(({ name, state }): [string, string] => [name, state]));
    const metrics = async () => (await http.request({ path: '/metrics' })).text;
    /** How the proxy answers a request that only 1.37.2 can. */
    const onlyNew = async () => (await client.request({ path: ONLY_NEW })).status;
    return { daemon, client, status, states, metrics, onlyNew };
  };
  return { plane, old, recent, write, start, warnings };
}

/** What kube-apiserver 1.36 writes of itself. */
function leaseOf(hostname: string, address: string): object {
  return {
    metadata: {
      name: serverId(hostname),
      labels: { 'apiserver.kubernetes.io/identity': 'kube-apiserver', 'kubernetes.io/hostname': hostname },
      annotations: { 'kubernetes.io/peer-advertise-address': address },
    },
    spec: {
      holderIdentity: `${serverId(hostname)}_1`,
      leaseDurationSeconds: 3600,
      renewTime: new Date().toISOString().replace('Z', '000Z'),
    },
  };
}

function sliceOf(name: string, port: number): object {
  return {
    metadata: { name, labels: { 'kubernetes.io/service-name': 'kubernetes' } },
    addressType: 'IPv4',
    ports: [{ name: 'https', port, protocol: 'TCP' }],
    endpoints: [{ addresses: ['127.0.0.1'], conditions: { ready: true } }],
  };
}

test('a server joins with its Lease and leaves with it, under the name of its host', async (t) => {
  const { old, recent, write, start } = await setUp(t);
  await write('POST', LEASES, leaseOf('cp-1', `127.0.0.1:${portOf(old)}`));
  const { states, onlyNew, status } = await start({
    server: [`first=${old.url}`],
    'membership-leases': ['true'],
    ...UNPOLLED,
  });
  assert.deepEqual(await states(), { first: 'ready' });
  assert.equal(await onlyNew(), 404);

  await write('POST', LEASES, leaseOf('cp-2', `127.0.0.1:${portOf(recent)}`));
  await until(onlyNew, (code) => code === 200);
  assert.deepEqual(await states(), { first: 'ready', 'cp-2': 'ready' });

  await write('DELETE', `${LEASES}/${serverId('cp-2')}`);
  await until(states, (all) => all['cp-2'] === 'gone');
  assert.equal(await onlyNew(), 503, 'for the departure grace');
  assert.deepEqual(
    (await status()).membership.sources.map(({ source, up }) => [source, up]),
    [['leases', true]],
  );
});

test('servers are in EndpointSlices; with no right to list all of them, in the one named kubernetes', async (t) => {
  const { old, recent, write, start } = await setUp(t);
  await write('POST', SLICES, sliceOf('kubernetes', portOf(old)));
  await write('POST', SLICES, sliceOf('kubernetes-2', portOf(recent)));
  const flags = {
    'membership-endpointslices': ['true'],
    ...UNPOLLED,
    server: [`first=${old.url}`],
  };
  const restricted = await start(flags);
  assert.deepEqual(await restricted.states(), { first: 'ready' });
  await write('PUT', `${SLICES}/kubernetes`, sliceOf('kubernetes', portOf(recent)));
  await until(restricted.onlyNew, (code) => code === 200);
  await write('PUT', `${SLICES}/kubernetes`, sliceOf('kubernetes', portOf(old)));
  await until(restricted.states, (all) => all[`127.0.0.1-${portOf(recent)}`] === 'gone');

  const rules = [{ apiGroups: ['discovery.k8s.io'], resources: ['endpointslices'], verbs: ['list'] }];
  const subjects = [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'User', name: 'system:mixed-version-proxy' }];
  await write('POST', `${RBAC}/roles`, { metadata: { name: 'all' }, rules });
  const roleRef = { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: 'all' };
  await write('POST', `${RBAC}/rolebindings`, { metadata: { name: 'all' }, roleRef, subjects });
  const allowed = await start(flags);
  await until(allowed.onlyNew, (code) => code === 200);
});

test('servers that DNS names join and leave; what cannot be resolved takes nobody away and is seen', async (t) => {
  const { old, recent, start, warnings } = await setUp(t);
  const resolver = new PlayedResolver();
  const name = '_https._tcp.api.example';
  const records = [old, recent].map((server, index) => ({ target: `cp-${index}.example`, port: portOf(server) }));
  for (const { target } of records) resolver.records.set(`4 ${target}`, ['127.0.0.1']);
  resolver.srv.set(name, records.slice(0, 1));
  const { states, onlyNew, metrics, status } = await start(
    {
      'membership-dns': [name],
      'membership-dns-interval-seconds': ['0.1'],
      'membership-allowed-cidrs': ['127.0.0.0/8'],
    },
    resolver,
  );
  const [one, two] = records.map(({ target, port }) => `${target}-${port}`);
  assert.deepEqual(await states(), { [one ?? '']: 'ready' });
  resolver.srv.set(name, records);
  await until(onlyNew, (code) => code === 200);

  for (const answer of ['fails', []] as const) {
    resolver.srv.set(name, answer);
    await until(metrics, (text) => text.includes(`mvproxy_membership_source_up{source="dns/${name}"} 0`));
    assert.match(await metrics(), /mvproxy_membership_members\{[^}]*\} 2/);
    assert.equal(await onlyNew(), 200);
    assert.notEqual((await status()).membership.sources[0]?.condition, '');
  }
  assert.match(warnings.join('\n'), /the servers of its last answer stay in use/);
  resolver.srv.set(name, records.slice(0, 1));
  await until(states, (all) => all[two ?? ''] === 'gone');
});

test('a server that is found by its address gets the name that its Lease gives it, and is not seen twice', async (t) => {
  const { recent, write, start } = await setUp(t);
  const resolver = new PlayedResolver();
  resolver.records.set('4 cp-2.example', ['127.0.0.1']);
  resolver.srv.set('_https._tcp.api.example', [{ target: 'cp-2.example', port: portOf(recent) }]);
  await write('POST', LEASES, leaseOf('cp-2', `127.0.0.1:${portOf(recent)}`));
  const dns = { 'membership-dns': ['_https._tcp.api.example'], 'membership-leases': ['true'], ...UNPOLLED };
  const { states, onlyNew } = await start(dns, resolver);
  assert.deepEqual(await states(), { 'cp-2': 'ready' });
  assert.equal(await onlyNew(), 200);
});

test('the cluster of a kubeconfig says who the servers are, and gets no request of a client', async (t) => {
  const { plane, old, recent, write, start } = await setUp(t);
  await write('POST', LEASES, leaseOf('cp-2', `127.0.0.1:${portOf(recent)}`));
  const kubeconfig = join(await temporaryDirectory(t), 'kubeconfig');
  const { servingCa, adminToken } = { ...plane.pki, ...plane };
  await writeFile(kubeconfig, singleKubeconfig(old.url, servingCa.cert, { kind: 'token', token: adminToken }));
  const { states, onlyNew } = await start({
    'membership-leases': ['true'],
    ...UNPOLLED,
    kubeconfig: [kubeconfig],
  });
  assert.deepEqual(await states(), { 'cp-2': 'ready' });
  assert.equal(await onlyNew(), 200);
});

test('SSRF: forged objects make the proxy connect nowhere that its operator has not named', async (t) => {
  const { old, write, start, warnings } = await setUp(t);
  const trap = createServer((socket) => {
    caught.push(`from port ${socket.remotePort}`);
    socket.destroy();
  });
  const caught: string[] = [];
  trap.listen(0, '127.0.0.1');
  await once(trap, 'listening');
  t.after(() => trap.close());
  const address = trap.address();
  assert.ok(typeof address === 'object' && address !== null);
  const { port } = address;

  // What the "edit" role of a namespace allows (D22), and more than that: writing into kube-system.
  const elsewhere = LEASES.replace('kube-system', 'default');
  await write('POST', elsewhere, leaseOf('forged', `192.0.2.7:${port}`));
  for (const [index, host] of [
    '127.0.0.1',
    '[::ffff:127.0.0.1]',
    '0.0.0.0',
    '169.254.169.254',
    '[fe80::1]',
  ].entries()) {
    await write('POST', LEASES, leaseOf(`forged-${index}`, `${host}:${port}`));
  }
  await write('POST', SLICES, {
    ...sliceOf('kubernetes', port),
    metadata: { name: 'kubernetes', labels: { 'kubernetes.io/service-name': 'kubernetes' } },
  });
  const { states, status, client } = await start({
    server: [`first=${old.url}`],
    'membership-leases': ['true'],
    'membership-endpointslices': ['true'],
  });
  const { refused } = (await status()).membership;
  assert.deepEqual(
    [...new Set(refused.map(({ address: at }) => at))].sort(),
    ['0.0.0.0', '127.0.0.1', '169.254.169.254', '[fe80::1]'].map((host) => `${host}:${port}`),
  );
  assert.deepEqual(await states(), { first: 'ready' });
  assert.equal((await client.request({ path: COMMON })).status, 200);
  assert.match(warnings.join('\n'), /addresses that a source of membership proposes are not used/);
  assert.deepEqual(caught, []);
});

test('a sidecar knows its own server at every address of the machine', async (t) => {
  const own = ownAddresses().find((address) => address.includes('.') && !address.startsWith('127.'));
  if (own === undefined) return t.skip('this machine has no address but loopback ones');
  const { old, recent, write, start } = await setUp(t);
  await write('POST', LEASES, leaseOf('cp-1', `${own}:${portOf(old)}`));
  await write('POST', LEASES, leaseOf('cp-2', `127.0.0.1:${portOf(recent)}`));
  const { states } = await start({
    'local-server': [`https://127.0.0.1:${portOf(old)}`],
    'membership-leases': ['true'],
    ...UNPOLLED,
    'membership-allowed-cidrs': [`127.0.0.0/8,${own}`],
  });
  assert.deepEqual(await states(), { local: 'ready', 'cp-2': 'ready' });
});

test('a Lease that names the proxy itself makes no loop', async (t) => {
  const { old, recent, write, start } = await setUp(t);
  const { daemon, states, status } = await start({
    server: [`first=${old.url}`],
    'membership-leases': ['true'],
    ...UNPOLLED,
  });
  await write('POST', LEASES, leaseOf('proxy', new URL(daemon.servingAddress).host.replace('0.0.0.0', '127.0.0.1')));
  await write('POST', LEASES, leaseOf('cp-2', `127.0.0.1:${portOf(recent)}`));
  await until(states, (all) => all['cp-2'] === 'ready');
  assert.deepEqual(Object.keys(await states()), ['first', 'cp-2']);
  assert.match((await status()).membership.refused[0]?.reason ?? '', /this proxy itself listens there/);
});
