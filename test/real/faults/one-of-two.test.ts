import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { seededRandom } from '../../../src/lab/rehearsal/random.ts';
import { startProxy } from '../../../tools/control-plane/proxy.ts';
import { startControlPlane } from '../../../tools/control-plane/start.ts';
import { eventually } from '../support/eventually.ts';
import { httpClient, type Protocol } from '../support/http-client.ts';
import { loadConnection } from '../support/load-connection.ts';
import { metricSum } from '../support/metrics.ts';
import { JOB_WORK, makeReadObjects, objectTasks, WITHOUT_JOBS, writtenNames } from '../support/object-work.ts';
import { type LoadResult, OpenLoopLoad } from '../support/open-loop-load.ts';

const PER_SECOND = 60;
const WRITE_EVERY = 5;
const PATIENCE_MS = 25_000;
const BEFORE_MS = 2_000;
const AFTER_MS = 2_000;
/** More than servers, so that each of them is preferred by some. */
const PROTOCOLS: readonly Protocol[] = [...Array.from({ length: 8 }, (): Protocol => 'h2'), 'http/1.1', 'http/1.1'];

const controlPlane = await startControlPlane({
  servers: [
    { name: 'lacking', version: '1.34.4', runtimeConfig: WITHOUT_JOBS },
    { name: 'one', version: '1.36.3' },
    { name: 'two', version: '1.36.3' },
  ],
});
after(() => controlPlane.stop());
const two = controlPlane.server('two');
const proxy = await startProxy(controlPlane);
const { servingCa, admin } = controlPlane.pki;
const credentials = { ca: servingCa.cert, certificate: admin };
const direct = httpClient({ ...credentials, url: controlPlane.server('one').url, protocol: 'h2' });
after(() => direct.close());
await makeReadObjects(direct, JOB_WORK);

/** All requests of a load in the midst of which `fault` happens. */
async function under(prefix: string, fault: () => Promise<unknown>): Promise<readonly LoadResult[]> {
  const connections = PROTOCOLS.map((protocol) =>
    loadConnection({ ...credentials, url: proxy.url, protocol, patienceMs: PATIENCE_MS }),
  );
  const load = new OpenLoopLoad({
    connections,
    perSecond: PER_SECOND,
    task: objectTasks(JOB_WORK, prefix, WRITE_EVERY),
    random: seededRandom(1),
  });
  await delay(BEFORE_MS);
  await fault();
  const results = await load.stop();
  for (const connection of connections) connection.close();
  return results;
}

/** Reads do not fail; of writes only those do that were on their way, and nobody is told a lie about any. */
async function assertMasked(prefix: string, results: readonly LoadResult[]): Promise<void> {
  const failed = results.filter(({ outcome }) => outcome !== 'right');
  const reads = failed.filter(({ kind }) => kind === 'read');
  assert.deepEqual(reads, [], 'no read fails');
  const writes = failed.filter(({ outcome }) => outcome !== 'in doubt');
  assert.deepEqual(writes, [], 'a write fails only if nobody knows whether it was executed');
  const there = await writtenNames(direct, JOB_WORK, prefix);
  const acknowledged = results.filter(({ kind, outcome }) => kind === 'write' && outcome === 'right');
  assert.ok(acknowledged.length > 0);
  assert.deepEqual(
    acknowledged.filter(({ name = '' }) => !there.has(name)),
    [],
    'what was acknowledged is there',
  );
}

/** Resolves when the proxy has that opinion of the server. */
async function untilTwoIs(state: 'ready' | 'unready'): Promise<void> {
  await eventually(`the proxy takes the server for ${state}`, async () => {
    return (await metricSum(proxy, 'mvproxy_server_state', `server="two",state="${state}"`)) === 1;
  });
}

/** Requests for Jobs that the server has answered. */
async function servedByTwo(): Promise<number> {
  const client = httpClient({ ...credentials, url: two.url, protocol: 'http/1.1' });
  const { body } = await client.request({ target: '/metrics', headers: ['accept', 'text/plain'] });
  client.close();
  const samples = body.toString().matchAll(/^apiserver_request_total\{([^}]*)\} (\S+)$/gm);
  return Array.from(samples)
    .filter(([, labels = '']) => labels.includes('resource="jobs"'))
    .reduce((sum, [, , value]) => sum + Number(value), 0);
}

test('one of two capable servers is killed under load: no read fails, and no write that was not on its way', async (t) => {
  const prefix = 'killed-';
  await untilTwoIs('ready');
  const results = await under(prefix, async () => {
    await eventually('the server that is killed has its share', async () => (await servedByTwo()) > 0);
    await two.kill();
    await delay(AFTER_MS);
    await two.start();
    await delay(AFTER_MS);
  });
  await assertMasked(prefix, results);
  t.diagnostic(
    `${results.length} requests, ${results.filter(({ outcome }) => outcome !== 'right').length} writes in doubt`,
  );
});

test('one of two capable servers hangs under load: its reads go elsewhere, and so does what comes later', async (t) => {
  const prefix = 'hung-';
  await untilTwoIs('ready');
  const retriedBefore = await metricSum(proxy, 'mvproxy_retries_total');
  let hungAt = 0;
  const results = await under(prefix, async () => {
    two.pause();
    hungAt = performance.now();
    await untilTwoIs('unready');
    await delay(AFTER_MS);
    two.resume();
    await delay(AFTER_MS);
  });
  await assertMasked(prefix, results);
  const retried = (await metricSum(proxy, 'mvproxy_retries_total')) - retriedBefore;
  assert.ok(retried > 0, 'requests were open at the server when it was given up');
  const waits = results.map(({ dueAt, endedAt }) => endedAt - dueAt);
  const slow = results.filter(({ dueAt, endedAt }) => endedAt - dueAt > 1_000).map(({ dueAt }) => dueAt - hungAt);
  t.diagnostic(
    `${results.length} requests, ${retried} sent again; longest wait ${Math.round(Math.max(...waits))} ms; ` +
      `the last that waited over a second was sent ${Math.round(Math.max(...slow))} ms after the stop`,
  );
});
