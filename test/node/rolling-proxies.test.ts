import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { type EmbeddedPlaneOptions, startEmbeddedPlane } from '../../src/lab/plane/embedded-plane.ts';
import type { LabPlane } from '../../src/lab/plane/lab-plane.ts';
import type { Credentials } from '../support/api-client.ts';
import { readiness, startReadyBalancer } from '../support/ready-balancer.ts';
import { startServe } from '../support/serve-process.ts';
import { type LoadReport, SteadyLoad } from '../support/steady-load.ts';
import { allReady } from './support/running-lab.ts';

const QUIET: EmbeddedPlaneOptions['logger'] = { debug() {}, info() {}, warn() {}, error() {} };
const DRAIN = {
  'shutdown-watch-termination-grace-period': '500ms',
  // Taken only as far as it is needed.
  'shutdown-drain-seconds': '30',
};
/** Clients and balancer share this process: both have to come to their turn before a replica stops to accept. */
const DELAY = '3s';

async function startPlane(t: TestContext): Promise<{ readonly plane: LabPlane; readonly credentials: Credentials }> {
  const plane = await startEmbeddedPlane({ versions: ['1.34', '1.37'], builtIn: 'none', logger: QUIET });
  t.after(() => plane.close());
  const { servingCa, admin } = plane.pki;
  return { plane, credentials: { ca: servingCa.cert, cert: admin.cert, key: admin.key } };
}

function assertNothingFailed(t: TestContext, report: LoadReport): void {
  const { writes, reads, watchEnds, repeated } = report;
  t.diagnostic(`${writes} writes, ${reads} reads, ${watchEnds} watches ended, ${repeated} requests refused by GOAWAY`);
  assert.deepEqual(report.failures, []);
  assert.deepEqual(report.gaps, []);
  assert.ok(writes > 0 && reads > 0);
  assert.ok(watchEnds > 0, 'every proxy that had watches is gone, so they were ended');
}

test('SIGUSR2 replaces all workers: no request fails, every watch ends cleanly and is resumed without a gap', async (t) => {
  const { plane, credentials } = await startPlane(t);
  const proxy = await startServe(t, {
    pki: plane.pki,
    servers: plane.servers,
    flags: { ...DRAIN, workers: '2', 'shutdown-delay-duration': '0' },
  });
  assert.equal(proxy.adminUrls.length, 2);
  await Promise.all(proxy.adminUrls.map(allReady));
  const load = await SteadyLoad.start(proxy.url, credentials);

  proxy.child.kill('SIGUSR2');
  await proxy.logged(/all workers were replaced/);

  assertNothingFailed(t, await load.stop());
  assert.equal(proxy.log.filter((line) => line.includes('a new worker took over')).length, 2);
  for (const adminUrl of proxy.adminUrls) assert.equal(await readiness(adminUrl, credentials), 200);
  proxy.child.kill('SIGTERM');
  assert.deepEqual(await proxy.exited, { code: 0, signal: null });
});

test('replicas behind a balancer are restarted one after the other: no request fails, no watch has a gap', async (t) => {
  const { plane, credentials } = await startPlane(t);
  const flags = { ...DRAIN, 'shutdown-delay-duration': DELAY };
  const startReplica = async () => {
    const replica = await startServe(t, { pki: plane.pki, servers: plane.servers, flags });
    await allReady(replica.adminUrl);
    return replica;
  };
  const replicas = await Promise.all([startReplica(), startReplica(), startReplica()]);
  const balancer = await startReadyBalancer(t, () => replicas.map(({ url }) => url), credentials);
  const load = await SteadyLoad.start(balancer, credentials);

  for (const [index, replica] of replicas.entries()) {
    replica.child.kill('SIGTERM');
    assert.deepEqual(await replica.exited, { code: 0, signal: null });
    replicas[index] = await startReplica();
  }

  assertNothingFailed(t, await load.stop());
});
