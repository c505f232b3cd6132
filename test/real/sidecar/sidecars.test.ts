import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { freePort } from '../../../src/wire/free-port.ts';
import { startProxy } from '../../../tools/control-plane/proxy.ts';
import { startControlPlane } from '../../../tools/control-plane/start.ts';
import { apiRequest } from '../support/api-request.ts';
import { eventually } from '../support/eventually.ts';
import { type HttpClient, header, httpClient, PROTOCOLS } from '../support/http-client.ts';
import { kubectlJson } from '../support/kubectl.ts';
import { runLoad } from '../support/load.ts';
import { metricSum } from '../support/metrics.ts';
import { robotToken } from '../support/robot.ts';
import { OLD_RUNTIME_CONFIG, SKEWED_RESOURCES } from '../support/skewed-resources.ts';

const controlPlane = await startControlPlane({
  servers: [
    { name: 'old', version: '1.34.4', runtimeConfig: OLD_RUNTIME_CONFIG },
    { name: 'new', version: '1.37.2' },
  ],
});
after(() => controlPlane.stop());
const { pki } = controlPlane;
const token = await robotToken(controlPlane);

const NEW_ONLY = '/apis/resource.k8s.io/v1/devicetaintrules';
const COMMON = '/api/v1/namespaces/default/configmaps';

/** Each knows its own API server, and of the other node the sidecar alone. */
const ports = { old: await freePort(), new: await freePort() };
const sidecarOf = (own: 'old' | 'new', other: 'old' | 'new') =>
  startProxy(controlPlane, {
    name: `sidecar-${own}`,
    servers: [
      { name: own, url: controlPlane.server(own).url },
      { name: other, url: `https://127.0.0.1:${ports[other]}` },
    ],
    extraArgs: [`--local-server=${controlPlane.server(own).url}`, `--secure-port=${ports[own]}`],
  });
const [sidecarOld, sidecarNew] = await Promise.all([sidecarOf('old', 'new'), sidecarOf('new', 'old')]);
const sidecars = [sidecarOld, sidecarNew];

interface ServerState {
  readonly name: string;
  readonly state: string;
}

async function stateOf(sidecar: typeof sidecarOld, server: string): Promise<string | undefined> {
  const { servers }: { servers: readonly ServerState[] } = JSON.parse(
    (await apiRequest(`${sidecar.adminUrl}/status`)).body,
  );
  return servers.find(({ name }) => name === server)?.state;
}

for (const sidecar of sidecars) {
  for (const server of ['old', 'new']) {
    await eventually(`${server} is ready`, async () => (await stateOf(sidecar, server)) === 'ready');
  }
}

function clientsOf({ url }: { readonly url: string }): HttpClient[] {
  const callers = [{ certificate: pki.admin }, { token }];
  return PROTOCOLS.flatMap((protocol) =>
    callers.map((caller) => httpClient({ url, protocol, ca: pki.servingCa.cert, ...caller })),
  );
}

test('what only one node’s server has is served through both sidecars: no false 404 in a load of every verb', async (t) => {
  const clients = [...clientsOf(sidecarOld), ...clientsOf(sidecarNew)];
  const report = await runLoad(clients, SKEWED_RESOURCES, 3);
  for (const client of clients) client.close();
  assert.deepEqual(report.otherErrors, []);
  assert.equal(report.unknownResource, 0);
  const prevented = await Promise.all(sidecars.map((one) => metricSum(one, 'mvproxy_false_404_prevented_total')));
  // Whoever asked the other node was answered there, without being sent on or back.
  assert.equal((prevented[0] ?? 0) + (prevented[1] ?? 0), report.requests / 2);
  t.diagnostic(`${report.requests} requests, half of them at the wrong node: 0 false 404s, 0 errors`);
});

test('kubectl gets the same through both', async () => {
  for (const { url } of sidecars) {
    const kubeconfig = await controlPlane.kubeconfig({ server: url, user: 'admin' });
    const cache = `${controlPlane.directory}/cache-${new URL(url).port}`;
    const list = (resource: string) =>
      kubectlJson<{ readonly items: readonly unknown[] }>('1.36.3', kubeconfig, cache, ['get', resource]);
    assert.deepEqual((await list('devicetaintrules.v1.resource.k8s.io')).items, []);
    // That of Service kubernetes, which servers make once they are up, and try again every ten seconds.
    const addresses = 'ipaddresses.v1beta1.networking.k8s.io';
    await eventually('there is an address', async () => (await list(addresses)).items.length > 0);
  }
});

test('a node’s server is killed: its sidecar says so and serves on through the other node, and nobody gets 404', async () => {
  const { cert, key } = pki.admin;
  const ask = (sidecar: typeof sidecarOld, path: string) =>
    apiRequest(`${sidecar.url}${path}`, { ca: pki.servingCa.cert, cert, key });
  await controlPlane.server('new').kill();
  const statuses = new Set<number>();
  await eventually('both sidecars know', async () => {
    for (const sidecar of sidecars) {
      statuses.add((await ask(sidecar, NEW_ONLY)).status);
      assert.equal((await ask(sidecar, COMMON)).status, 200, 'what both serve is read without interruption');
    }
    const states = await Promise.all(sidecars.map((sidecar) => stateOf(sidecar, 'new')));
    return states.every((state) => state !== 'ready');
  });
  assert.deepEqual([...statuses], [503]);

  const readyz = await ask(sidecarNew, '/readyz');
  assert.equal(readyz.status, 503);
  assert.match(readyz.body, /new \(.*the API server that this proxy belongs to, is not ready/);
  assert.equal((await ask(sidecarOld, '/readyz')).status, 200);
  assert.equal((await ask(sidecarNew, '/version')).status, 200);
  const client = httpClient({ url: sidecarNew.url, protocol: 'h2', ca: pki.servingCa.cert, token });
  const missing = await client.request({ method: 'GET', target: NEW_ONLY });
  client.close();
  assert.deepEqual([missing.status, header(missing, 'retry-after')], [503, '1']);

  await controlPlane.server('new').start();
  for (const sidecar of sidecars) {
    await eventually('it is served again', async () => {
      const { status } = await ask(sidecar, NEW_ONLY);
      assert.notEqual(status, 404);
      return status === 200;
    });
  }
});
