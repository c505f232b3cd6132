import assert from 'node:assert/strict';
import { test } from 'node:test';
import { requestInfo } from '../kubernetes/request-info.ts';
import { DiscoveryCounters } from './discovery-counters.ts';
import { ExchangeCounters } from './exchange-counters.ts';
import type { ExchangeRecord } from './exchange-record.ts';
import { Metrics, type MetricsSource } from './metrics.ts';
import { histogramOf, parseExposition } from './testing/exposition.ts';

const ignore = () => {};

function setUp(overrides: Partial<MetricsSource> = {}) {
  const counters = new ExchangeCounters({ debug: ignore, info: ignore, warn: ignore, error: ignore });
  const discovery = new DiscoveryCounters();
  const metrics = new Metrics({
    counters,
    discovery: () => discovery,
    servers: () => [
      {
        name: 'a',
        state: 'ready',
        discoveryAgeSeconds: 1.5,
        openExchanges: 3,
        discovery: { errors: { timeout: 2, malformed: 1 } },
        nativeMixedVersionProxy: 'on',
        watches: [
          { resource: 'apiservices', state: 'watching' },
          { resource: 'leases', state: 'denied' },
        ],
      },
      {
        name: 'b',
        state: 'probing',
        discoveryAgeSeconds: undefined,
        openExchanges: 0,
        discovery: { errors: {} },
        nativeMixedVersionProxy: 'unknown',
        watches: [],
      },
    ],
    view: () => 'merged',
    conflicts: () => 2,
    reloadErrors: () => 1,
    ...overrides,
  });
  const answered = (change: Partial<ExchangeRecord>) =>
    counters.answered({
      method: 'GET',
      client: 'kubectl',
      unknownType: undefined,
      info: requestInfo('GET', '/apis/example.com/v1/widgets/x'),
      decision: { kind: 'forward', server: 0, reason: 'PeerServesResource', final: true },
      server: 'a',
      status: 200,
      error: undefined,
      attempts: 1,
      milliseconds: 3,
      at: 0,
      targetLength: 34,
      traceId: '',
      auditId: '',
      ...change,
    });
  /** Every sample of the metric `name`, its labels before its value. */
  const scrape = async (name: string) =>
    parseExposition(await metrics.exposition())
      .samples.filter((sample) => sample.name === name)
      .map(({ labels, value }) => [labels, value]);
  return { metrics, counters, discovery, answered, scrape };
}

test('a scrape is well-formed, and each metric has a type', async () => {
  const { metrics, counters, answered } = setUp();
  answered({});
  counters.retried('connect');
  const text = await metrics.exposition();
  const { samples, types } = parseExposition(text);
  for (const { name } of samples.filter((sample) => /^(mvproxy|apiserver)_/.test(sample.name))) {
    const type = types.get(name) ?? types.get(name.replace(/_(bucket|sum|count)$/, ''));
    assert.ok(type !== undefined, name);
    if (type === 'counter') assert.match(name, /_total$/);
  }
  assert.match(metrics.contentType, /^text\/plain; version=0\.0\.4/);
});

test('requests are counted by decision and code class', async () => {
  const { answered, scrape } = setUp();
  answered({});
  answered({});
  answered({ status: 503, error: 'MVP_UPSTREAM_RESET' });
  assert.deepEqual(await scrape('mvproxy_requests_total'), [
    [{ decision: 'PeerServesResource', code: '2xx' }, 2],
    [{ decision: 'PeerServesResource', code: '5xx' }, 1],
  ]);
  assert.deepEqual(await scrape('mvproxy_errors_total'), [[{ error: 'MVP_UPSTREAM_RESET' }, 1]]);
});

test('prevented false 404s are counted by resource, and under the native name by code too', async () => {
  const { answered, scrape } = setUp();
  answered({});
  answered({ status: 409 });
  answered({ status: 404 });
  const resource = { group: 'example.com', version: 'v1', resource: 'widgets' };
  const routed = { ...resource, client: 'kubectl', how: 'routed' };
  assert.deepEqual(await scrape('mvproxy_false_404_prevented_total'), [[routed, 2]]);
  assert.deepEqual(await scrape('apiserver_rerouted_request_total'), [
    [{ code: '200', ...resource }, 1],
    [{ code: '409', ...resource }, 1],
    [{ code: '404', ...resource }, 1],
  ]);
});

test('404s of servers for what they list are counted by what became of the request', async () => {
  const { answered, scrape } = setUp();
  answered({ unknownType: { denying: ['a'], awaited: false, outcome: 'retried' } });
  answered({ status: 404, unknownType: { denying: ['a', 'b'], awaited: false, outcome: 'relayed' } });
  const labels = { group: 'example.com', version: 'v1', resource: 'widgets', client: 'kubectl' };
  assert.deepEqual(await scrape('mvproxy_false_404_prevented_total'), [[{ ...labels, how: 'healed' }, 1]]);
  assert.deepEqual(await scrape('mvproxy_unexpected_404_total'), [
    [{ ...labels, outcome: 'retried' }, 1],
    [{ ...labels, outcome: 'relayed' }, 1],
  ]);
});

test('retries are counted by cause', async () => {
  const { counters, scrape } = setUp();
  counters.retried('connect');
  assert.deepEqual(await scrape('mvproxy_retries_total'), [[{ cause: 'connect' }, 1]]);
});

test('a server has one state, and an age once its discovery was read', async () => {
  const { scrape } = setUp();
  assert.deepEqual(await scrape('mvproxy_server_state'), [
    [{ server: 'a', state: 'ready' }, 1],
    [{ server: 'b', state: 'probing' }, 1],
  ]);
  assert.deepEqual(await scrape('mvproxy_discovery_age_seconds'), [[{ server: 'a' }, 1.5]]);
  assert.deepEqual(await scrape('mvproxy_discovery_fetch_errors_total'), [
    [{ server: 'a', reason: 'timeout' }, 2],
    [{ server: 'a', reason: 'malformed' }, 1],
  ]);
  assert.deepEqual(await scrape('mvproxy_open_exchanges'), [
    [{ server: 'a' }, 3],
    [{ server: 'b' }, 0],
  ]);
});

test('what is over leaves nothing behind', async () => {
  let state = 'probing';
  const { scrape } = setUp({
    servers: () => [
      {
        name: 'a',
        state,
        discoveryAgeSeconds: undefined,
        openExchanges: 0,
        discovery: { errors: {} },
        nativeMixedVersionProxy: 'unknown',
        watches: [],
      },
    ],
  });
  await scrape('mvproxy_server_state');
  state = 'ready';
  assert.deepEqual(await scrape('mvproxy_server_state'), [[{ server: 'a', state: 'ready' }, 1]]);
});

test('a server whose own mixed version proxy works is shown as such', async () => {
  assert.deepEqual(await setUp().scrape('mvproxy_native_proxy'), [
    [{ server: 'a', state: 'on' }, 1],
    [{ server: 'b', state: 'unknown' }, 1],
  ]);
});

test('counters are not counted again by a second scrape', async () => {
  const { answered, scrape } = setUp();
  answered({});
  await scrape('mvproxy_requests_total');
  assert.deepEqual(await scrape('mvproxy_requests_total'), [[{ decision: 'PeerServesResource', code: '2xx' }, 1]]);
});

test('the proxy tells of its view, of conflicts and of reloads that failed', async () => {
  const { scrape } = setUp({ view: () => 'server-local' });
  assert.deepEqual(await scrape('mvproxy_view'), [[{ view: 'server-local' }, 1]]);
  assert.deepEqual(await scrape('mvproxy_discovery_conflicts'), [[{}, 2]]);
  assert.deepEqual(await scrape('mvproxy_reload_errors_total'), [[{}, 1]]);
});

test('the time to the response head is a histogram', async () => {
  const { metrics, answered } = setUp();
  answered({ milliseconds: 30 });
  const { count, sum } = histogramOf(await metrics.exposition(), 'mvproxy_response_head_seconds');
  assert.deepEqual([count, sum], [1, 0.03]);
});

test('names in labels are escaped', async () => {
  const { scrape } = setUp({
    servers: () => [
      {
        name: 'a"\\\n',
        state: 'ready',
        discoveryAgeSeconds: 0,
        openExchanges: 0,
        discovery: { errors: {} },
        nativeMixedVersionProxy: 'unknown',
        watches: [],
      },
    ],
  });
  assert.deepEqual(await scrape('mvproxy_server_state'), [[{ server: 'a"\\\n', state: 'ready' }, 1]]);
});

test('what made the proxy read discovery, and what came of it', async () => {
  const { discovery, scrape } = setUp();
  discovery.triggered('crd');
  discovery.triggered('crd');
  discovery.triggered('unknown-resource');
  discovery.read('a', 'changed');
  discovery.read('a', 'unchanged');
  discovery.read('a', 'unchanged');
  assert.deepEqual(await scrape('mvproxy_watch_state'), [
    [{ server: 'a', resource: 'apiservices', state: 'watching' }, 1],
    [{ server: 'a', resource: 'leases', state: 'denied' }, 1],
  ]);
  assert.deepEqual(await scrape('mvproxy_discovery_triggers_total'), [
    [{ trigger: 'crd' }, 2],
    [{ trigger: 'unknown-resource' }, 1],
  ]);
  assert.deepEqual(await scrape('mvproxy_discovery_readings_total'), [
    [{ server: 'a', result: 'changed' }, 1],
    [{ server: 'a', result: 'unchanged' }, 2],
    [{ server: 'a', result: 'failed' }, 0],
  ]);
});
