import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { startProxy } from '../../../tools/control-plane/proxy.ts';
import { startControlPlane } from '../../../tools/control-plane/start.ts';
import { type Credentials, type HttpClient, httpClient, PROTOCOLS } from '../support/http-client.ts';
import { REQUESTS_PER_CYCLE, runLoad } from '../support/load.ts';
import { metricSum } from '../support/metrics.ts';
import { type Balancer, startConnectionBalancer, startRequestBalancer } from '../support/random-balancer.ts';
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

/** A load of thousands of requests is done in seconds, or in minutes where other programs want the processors. */
const PATIENT = { timeout: 1_200_000 };
/** Clients at each address, per protocol and credential. */
const LANES = 2;
const CYCLES = 9;

/** Clients of both protocols at every address, as every one of `callers`. */
function clientsOf(addresses: readonly { readonly url: string }[], callers: readonly Credentials[]): HttpClient[] {
  const lanes = Array.from({ length: LANES }, () => addresses).flat();
  return lanes.flatMap(({ url }) =>
    PROTOCOLS.flatMap((protocol) =>
      callers.map((caller) => httpClient({ url, protocol, ca: pki.servingCa.cert, ...caller })),
    ),
  );
}

test(
  '5,000 requests for resources only one side has, half of them over the wrong side: no false 404',
  PATIENT,
  async (t) => {
    const sidecars = await Promise.all(
      controlPlane.servers.map(({ name, url }) =>
        startProxy(controlPlane, { name: `sidecar-${name}`, extraArgs: [`--local-server=${url}`] }),
      ),
    );
    const clients = clientsOf(sidecars, [{ certificate: pki.admin }, { token }]);
    const report = await runLoad(clients, SKEWED_RESOURCES, CYCLES);
    for (const client of clients) client.close();

    assert.ok(report.requests >= 5_000, `${report.requests} requests`);
    assert.deepEqual(report.otherErrors, []);
    assert.equal(report.unknownResource, 0);
    const prevented = await Promise.all(sidecars.map((one) => metricSum(one, 'mvproxy_false_404_prevented_total')));
    const total = prevented.reduce((sum, count) => sum + count, 0);
    assert.equal(total, report.requests / 2, 'half of the requests had the wrong server as the preferred one');
    t.diagnostic(`${report.requests} requests, ${total} of them at the wrong server: 0 false 404s, 0 errors`);
  },
);

test('the same load over plain random balancers meets false 404s', PATIENT, async (t) => {
  const balancers: readonly (readonly [string, Balancer])[] = [
    ['per connection', await startConnectionBalancer(controlPlane.servers)],
    ['per request', await startRequestBalancer(controlPlane.servers, pki)],
  ];
  for (const [kind, balancer] of balancers) {
    const clients = clientsOf([balancer, balancer], [{ token }, { token }]);
    const { requests, unknownResource, otherErrors } = await runLoad(clients, SKEWED_RESOURCES, CYCLES);
    for (const client of clients) client.close();
    balancer.close();
    assert.ok(requests >= 5_000, `${requests} requests`);
    assert.ok(unknownResource > 0, `a balancer ${kind} shows the harm`);
    t.diagnostic(
      `balancer ${kind}: ${unknownResource} of ${requests} requests were false 404s, which the proxy prevents; ` +
        `${otherErrors.length} further errors followed from them`,
    );
  }
});

test('a gateway spreads connections over both servers and answers no false 404', async (t) => {
  const gateway = await startProxy(controlPlane, { name: 'gateway' });
  const connections = 6;
  const callers: Credentials[] = [{ certificate: pki.admin }, { token }];
  const clients = Array.from({ length: connections }, () => clientsOf([gateway], callers)).flat();
  const report = await runLoad(clients, SKEWED_RESOURCES, 1);
  for (const client of clients) client.close();

  assert.deepEqual(report.otherErrors, []);
  assert.equal(report.unknownResource, 0);
  assert.equal(report.requests, clients.length * SKEWED_RESOURCES.length * REQUESTS_PER_CYCLE);
  const prevented = await metricSum(gateway, 'mvproxy_false_404_prevented_total');
  assert.ok(prevented > 0 && prevented < report.requests, `${prevented} of ${report.requests} at the wrong server`);
  t.diagnostic(`${report.requests} requests over ${clients.length} clients, ${prevented} of them at the wrong server`);
});
