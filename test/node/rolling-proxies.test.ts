import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { type EmbeddedPlaneOptions, startEmbeddedPlane } from '../../src/lab/plane/embedded-plane.ts';
import type { LabPlane } from '../../src/lab/plane/lab-plane.ts';
import { relayTcp } from '../../src/wire/tcp-relay.ts';
import { type Credentials, H1Client } from '../support/api-client.ts';
import { type ServeProcess, startServe } from '../support/serve-process.ts';
import { type LoadReport, SteadyLoad } from '../support/steady-load.ts';

const QUIET: EmbeddedPlaneOptions['logger'] = { debug() {}, info() {}, warn() {}, error() {} };
const DRAIN = {
  'shutdown-watch-termination-grace-period': '500ms',
  'shutdown-drain-seconds': '5',
};
/** How often the balancer asks, and so how soon it notices. */
const LOOK_MS = 50;

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
  const startReplica = () =>
    startServe(t, { pki: plane.pki, servers: plane.servers, flags: { ...DRAIN, 'shutdown-delay-duration': '500ms' } });
  const replicas = await Promise.all([startReplica(), startReplica(), startReplica()]);
  const balancer = await startBalancer(t, replicas, credentials);
  const load = await SteadyLoad.start(balancer, credentials);

  for (const [index, replica] of replicas.entries()) {
    replica.child.kill('SIGTERM');
    assert.deepEqual(await replica.exited, { code: 0, signal: null });
    replicas[index] = await startReplica();
  }

  assertNothingFailed(t, await load.stop());
});

/** Balances connections over those of `replicas` whose `/readyz`, on the port that clients use, says 200. */
async function startBalancer(
  t: TestContext,
  replicas: readonly ServeProcess[],
  credentials: Credentials,
): Promise<string> {
  const ready = new Set<string>();
  let turn = 0;
  const choose = () => {
    const among = [...ready];
    turn += 1;
    const chosen = among[turn % Math.max(1, among.length)];
    if (chosen === undefined) return undefined;
    const { hostname, port } = new URL(chosen);
    return { host: hostname, port: Number(port) };
  };
  const look = async (): Promise<void> => {
    const states = await Promise.all(
      replicas.map(async ({ url }) => [url, await readiness(url, credentials).catch(() => 0)] as const),
    );
    ready.clear();
    for (const [url, status] of states) if (status === 200) ready.add(url);
  };
  const closed = new AbortController();
  await look();
  const looking = (async () => {
    while (!closed.signal.aborted) {
      await delay(LOOK_MS);
      await look();
    }
  })();
  const relay = await relayTcp({ host: '127.0.0.1', port: 0, choose });
  t.after(async () => {
    closed.abort();
    await looking;
    await relay.close();
  });
  return `https://127.0.0.1:${relay.port}`;
}

async function readiness(url: string, credentials: Credentials): Promise<number> {
  const client = new H1Client(url, credentials);
  try {
    return (await client.request({ path: '/readyz' })).status;
  } finally {
    client.close();
  }
}
