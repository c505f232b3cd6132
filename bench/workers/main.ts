// What a request and a connection cost, without workers and with one and two. Processor time says more than requests per
// second where clients, proxy and servers share two processors. Linux only. Usage: node bench/workers/main.ts [SECONDS]
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createPki } from '../../src/lab/pki/pki.ts';
import { fetchFrom } from '../../src/wire/fetch.ts';
import type { Upstream } from '../../src/wire/upstream.ts';
import { openUpstream } from '../../src/wire/upstream-pool.ts';
import { FakeApiServer, sendJson } from '../../test/support/fake-api-server.ts';
import { aggregatedDiscovery } from '../../test/support/fake-discovery.ts';
import { ProxyUnderTest } from './proxy-under-test.ts';

const CLIENTS = 8;
const REQUESTS_PER_CLIENT = 8;
const CONNECTIONS = 400;
const WARM_UP_MS = 3_000;
const measuredMs = Number(process.argv[2] ?? 8) * 1_000;

const directory = await mkdtemp(join(tmpdir(), 'mvproxy-workers-'));
const pki = await createPki(directory);
const target = '/api/v1/namespaces/default/configmaps/one';
const object = { kind: 'ConfigMap', apiVersion: 'v1', metadata: { name: 'one' }, data: { value: 'x'.repeat(500) } };
const server = await FakeApiServer.start({
  name: 'only',
  certificate: await pki.serving('only', '127.0.0.1'),
  gitVersion: 'v1.37.2',
  discovery: aggregatedDiscovery('1.37.2'),
});
server.handler = (stream) => sendJson(stream, 200, object);

function open(url: string): Upstream {
  return openUpstream({
    host: '127.0.0.1',
    port: Number(new URL(url).port),
    servername: 'kubernetes.default.svc',
    ca: pki.servingCa.cert,
    certificate: pki.admin,
    connectTimeoutMs: 10_000,
    pingIntervalMs: 60_000,
    pingTimeoutMs: 60_000,
    maxConnections: 1,
    onEvent: undefined,
  });
}

async function get(upstream: Upstream): Promise<void> {
  const { status } = await fetchFrom(upstream, {
    method: 'GET',
    target,
    fields: [],
    timeoutMs: 30_000,
    maxBytes: 1 << 20,
  });
  if (status !== 200) throw new Error(`${target} was answered ${status}`);
}

/** Requests that were answered in that time. */
async function load(upstreams: readonly Upstream[], forMs: number): Promise<number> {
  const end = performance.now() + forMs;
  let count = 0;
  const one = async (upstream: Upstream): Promise<void> => {
    for (; performance.now() < end; count++) await get(upstream);
  };
  await Promise.all(upstreams.flatMap((upstream) => Array.from({ length: REQUESTS_PER_CLIENT }, () => one(upstream))));
  return count;
}

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);
process.stdout.write(
  'workers | requests/s | us of processor per request | share of each worker | ms of processor per connection: workers, supervisor | resident MB (last: supervisor)\n',
);
for (const workers of [0, 1, 2]) {
  const proxy = await ProxyUnderTest.start(pki, [server], workers);
  const upstreams = Array.from({ length: CLIENTS }, () => open(proxy.url));
  await load(upstreams, WARM_UP_MS);
  const before = proxy.workerMs;
  const startedAt = performance.now();
  const count = await load(upstreams, measuredMs);
  const rate = count / ((performance.now() - startedAt) / 1_000);
  const used = proxy.workerMs.map((ms, index) => ms - (before[index] ?? 0));
  const resident = proxy.residentMB;

  const [workerBefore, supervisorBefore] = [sum(proxy.workerMs), proxy.supervisorMs];
  for (let opened = 0; opened < CONNECTIONS; opened += 10) {
    const fresh = Array.from({ length: 10 }, () => open(proxy.url));
    await Promise.all(fresh.map(get));
    await Promise.all(fresh.map((upstream) => upstream.close(0)));
  }
  const perConnection = [sum(proxy.workerMs) - workerBefore, proxy.supervisorMs - supervisorBefore].map((ms) =>
    (ms / CONNECTIONS).toFixed(2),
  );
  const shares = used.map((ms) => `${Math.round((ms / sum(used)) * 100)} %`).join(', ');
  const perRequest = Math.round((sum(used) / count) * 1_000);
  const row = [workers, Math.round(rate), perRequest, shares, perConnection.join(', '), resident.join(', ')];
  process.stdout.write(`${row.join(' | ')}\n`);
  await Promise.all(upstreams.map((upstream) => upstream.close(0)));
  await proxy.stop();
}
await server.stop();
await rm(directory, { recursive: true });
