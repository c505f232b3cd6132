import assert from 'node:assert/strict';
import { networkInterfaces } from 'node:os';
import { after, test } from 'node:test';
import { CONTROL_USER } from '../../../src/servers/control-identity.ts';
import { serverId } from '../../../src/servers/server-id.ts';
import { startProxy } from '../../../tools/control-plane/proxy.ts';
import { startControlPlane } from '../../../tools/control-plane/start.ts';
import { apiRequest } from '../support/api-request.ts';
import { eventually } from '../support/eventually.ts';
import { metricSum } from '../support/metrics.ts';

/** kube-apiserver publishes no loopback address in the Service `kubernetes`. */
const [ownAddress] = Object.values(networkInterfaces()).flatMap((each) =>
  (each ?? []).flatMap(({ family, internal, address }) => (family === 'IPv4' && !internal ? address : [])),
);
const published =
  ownAddress === undefined
    ? []
    : ['--endpoint-reconciler-type=lease', `--advertise-address=${ownAddress}`, '--bind-address=0.0.0.0'];

const controlPlane = await startControlPlane({
  servers: [
    { name: 'first', version: '1.36.3', hostname: 'cp-first' },
    { name: 'second', version: '1.37.2', hostname: 'cp-second', extraArgs: published },
  ],
});
after(() => controlPlane.stop());
const { servingCa, admin } = controlPlane.pki;
const credentials = { ca: servingCa.cert, cert: admin.cert, key: admin.key };
const [first, second] = [controlPlane.server('first'), controlPlane.server('second')];
/** Changes are found only by what servers let us watch. */
const UNPOLLED = '--membership-interval-seconds=3600';
const LEASES = '/apis/coordination.k8s.io/v1/namespaces/kube-system/leases';
/** 1.37.2 serves it, 1.36.3 does not. */
const ONLY_NEW = '/apis/resource.k8s.io/v1/devicetaintrules';

interface Status {
  readonly servers: readonly { readonly name: string; readonly state: string; readonly address: string }[];
  readonly membership: { readonly sources: readonly { readonly source: string; readonly condition: string }[] };
}

/** A proxy that is told of `first` alone, with one more source. */
async function proxyWith(name: string, ...extraArgs: readonly string[]) {
  const proxy = await startProxy(controlPlane, { name, servers: [first], extraArgs });
  const status = async (): Promise<Status> => JSON.parse((await apiRequest(`${proxy.adminUrl}/status`)).body);
  const states = async () =>
    Object.fromEntries((await status()).servers.map(({ name: server, state }): [string, string] => [server, state]));
  const code = async (path: string) => (await apiRequest(`${proxy.url}${path}`, credentials)).status;
  return { proxy, status, states, code };
}

test('servers join and leave with their own Leases, and a source that is refused takes nobody away', async (t) => {
  const { proxy, status, states, code } = await proxyWith(
    'by-leases',
    '--membership-leases',
    // From 1.36 on Leases name --advertise-address, whatever --peer-advertise-ip says.
    `--membership-allowed-cidrs=127.0.0.0/8,${ownAddress ?? '127.0.0.1'}`,
    UNPOLLED,
  );
  await eventually('the second server is found', async () => (await code(ONLY_NEW)) === 200);
  assert.deepEqual(await states(), { first: 'ready', 'cp-second': 'ready' });

  let left = 0;
  const leaving = eventually('it leaves', async () => (await states())['cp-second'] === 'gone').then(() => {
    left = performance.now();
  });
  let deleted = 0;
  const deleting = eventually('its Lease is deleted', async () => {
    const { status: found } = await apiRequest(`${first.url}${LEASES}/${serverId('cp-second')}`, credentials);
    return found === 404;
  }).then(() => {
    deleted = performance.now();
  });
  await Promise.all([second.stop('SIGTERM'), leaving, deleting]);
  assert.equal(await code(ONLY_NEW), 503, 'for the departure grace');

  await second.start();
  const ready = performance.now();
  await eventually('it is back', async () => (await code(ONLY_NEW)) === 200);
  t.diagnostic(`off the list ${Math.round(left - deleted)} ms after its Lease was seen deleted`);
  t.diagnostic(`routed to ${Math.round(performance.now() - ready)} ms after its own /readyz was seen to succeed`);
  assert.deepEqual(await states(), { first: 'ready', 'cp-second': 'ready' });

  const binding = '/apis/rbac.authorization.k8s.io/v1/namespaces/kube-system/rolebindings/system:mixed-version-proxy';
  await apiRequest(`${first.url}${binding}`, { ...credentials, method: 'DELETE' });
  // Each of them learns of it by a watch of its own. The proxy asks when a Lease comes, and then not again.
  const headers = { 'impersonate-user': CONTROL_USER, 'impersonate-group': 'system:authenticated' };
  for (const { name, url } of [first, second]) {
    await eventually(`${name} refuses the proxy`, async () => {
      return (await apiRequest(`${url}${LEASES}`, { ...credentials, headers })).status === 403;
    });
  }
  const labels = { 'apiserver.kubernetes.io/identity': 'kube-apiserver' };
  const body = { metadata: { name: 'event', labels } };
  await apiRequest(`${first.url}${LEASES}`, { ...credentials, method: 'POST', body });
  const up = () => metricSum(proxy, 'mvproxy_membership_source_up', 'source="leases"');
  await eventually('Leases cannot be read any more', async () => (await up()) === 0);
  assert.match((await status()).membership.sources[0]?.condition ?? '', /answered 403 .*deploy\/rbac\.yaml/);
  assert.equal(await code(ONLY_NEW), 200);
});

test('the servers are in the EndpointSlice that they keep; an empty one takes nobody away', async (t) => {
  if (ownAddress === undefined) return t.skip('this machine has no address but loopback ones');
  const { status, states, code } = await proxyWith('by-slices', '--membership-endpointslices', UNPOLLED);
  const name = `${ownAddress}-${new URL(second.url).port}`;
  await eventually('the second server is found', async () => (await code(ONLY_NEW)) === 200);
  assert.deepEqual(await states(), { first: 'ready', [name]: 'ready' });

  await second.stop('SIGTERM');
  await eventually('it is off the slice', async () => {
    return (await status()).membership.sources[0]?.condition === 'it has no servers any more';
  });
  assert.deepEqual(Object.keys(await states()), ['first', name]);
  assert.equal(await code(ONLY_NEW), 503);
  await second.start();
  await eventually('it is back', async () => (await code(ONLY_NEW)) === 200);
});
