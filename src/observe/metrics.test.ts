import assert from 'node:assert/strict';
import { test } from 'node:test';
import { requestInfo } from '../kubernetes/request-info.ts';
import { DiscoveryCounters } from './discovery-counters.ts';
import { ExchangeCounters } from './exchange-counters.ts';
import type { ExchangeRecord } from './exchange-record.ts';
import type { ProxyReading } from './metrics/proxy-reading.ts';
import { Metrics } from './metrics.ts';
import { histogramOf, parseExposition } from './testing/exposition.ts';
import { proxyReading, serverReading } from './testing/readings.ts';

const ignore = () => {};

function setUp(overrides: Partial<ProxyReading> = {}, publishes = false) {
  const counters = new ExchangeCounters({ debug: ignore, info: ignore, warn: ignore, error: ignore });
  const discovery = new DiscoveryCounters();
  let reading = proxyReading(overrides);
  const metrics = new Metrics({
    build: { version: '0.1.0', http2Engine: 'own', node: 'v24.21.0' },
    counters,
    discovery: () => discovery,
    read: () => reading,
    publishes,
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
  const change = (now: Partial<ProxyReading>) => {
    reading = proxyReading(now);
  };
  return { metrics, counters, discovery, answered, scrape, change };
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

const SERVERS = [
  serverReading({
    discoveryAgeSeconds: 1.5,
    openExchanges: 3,
    connections: { asserted: 1, own: 2 },
    discovery: { errors: { timeout: 2, malformed: 1 } },
    nativeMixedVersionProxy: 'on',
    watches: [
      { resource: 'apiservices', state: 'watching' },
      { resource: 'leases', state: 'denied' },
    ],
  }),
  serverReading({ name: 'b', state: 'probing', version: undefined, discoveryAgeSeconds: undefined }),
];

test('a server has one state, and an age once its discovery was read', async () => {
  const { scrape } = setUp({ servers: SERVERS });
  assert.deepEqual(await scrape('mvproxy_server_state'), [
    [{ server: 'a', state: 'ready' }, 1],
    [{ server: 'b', state: 'probing' }, 1],
  ]);
  assert.deepEqual(await scrape('mvproxy_server_info'), [[{ server: 'a', version: '1.37.2' }, 1]]);
  assert.deepEqual(await scrape('mvproxy_discovery_age_seconds'), [[{ server: 'a' }, 1.5]]);
  assert.deepEqual(await scrape('mvproxy_discovery_fetch_errors_total'), [
    [{ server: 'a', reason: 'timeout' }, 2],
    [{ server: 'a', reason: 'malformed' }, 1],
  ]);
  assert.deepEqual(await scrape('mvproxy_open_exchanges'), [
    [{ server: 'a' }, 3],
    [{ server: 'b' }, 0],
  ]);
  assert.deepEqual(await scrape('mvproxy_server_connections'), [
    [{ server: 'a', set: 'asserted' }, 1],
    [{ server: 'a', set: 'own' }, 2],
  ]);
});

test('what a server was before it came back as another one does not hide what it is', async () => {
  const former = serverReading({ state: 'gone', discoveryAgeSeconds: 100, openExchanges: 0 });
  const { scrape } = setUp({ servers: [serverReading({ discoveryAgeSeconds: 1, openExchanges: 5 }), former] });
  assert.deepEqual(await scrape('mvproxy_discovery_age_seconds'), [[{ server: 'a' }, 1]]);
  assert.deepEqual(await scrape('mvproxy_open_exchanges'), [[{ server: 'a' }, 5]]);
});

test('what is over leaves nothing behind', async () => {
  const { scrape, change } = setUp({ servers: [serverReading({ state: 'probing' })] });
  await scrape('mvproxy_server_state');
  change({ servers: [serverReading()] });
  assert.deepEqual(await scrape('mvproxy_server_state'), [[{ server: 'a', state: 'ready' }, 1]]);
});

test('a server whose own mixed version proxy works is shown as such', async () => {
  assert.deepEqual(await setUp({ servers: SERVERS }).scrape('mvproxy_native_proxy'), [
    [{ server: 'a', state: 'on' }, 1],
    [{ server: 'b', state: 'unknown' }, 1],
  ]);
});

test('how far the servers lie apart, and no number where no version is known', async () => {
  const { scrape, change } = setUp({ skew: { minors: 3, groupVersions: 5, resources: 12, conflicts: 2 } });
  assert.deepEqual(await scrape('mvproxy_skew_minors'), [[{}, 3]]);
  assert.deepEqual(await scrape('mvproxy_skew_group_versions'), [[{}, 5]]);
  assert.deepEqual(await scrape('mvproxy_skew_resources'), [[{}, 12]]);
  assert.deepEqual(await scrape('mvproxy_discovery_conflicts'), [[{}, 2]]);
  change({ skew: { minors: undefined, groupVersions: 0, resources: 0, conflicts: 0 } });
  assert.deepEqual(await scrape('mvproxy_skew_minors'), [[{}, Number.NaN]]);
});

test('OpenAPI ages are those of each path, and of the oldest beyond a thousand', async () => {
  const { scrape, change } = setUp({ openAPIAges: new Map([['apis/apps/v1', 1.5]]) });
  assert.deepEqual(await scrape('mvproxy_openapi_age_seconds'), [[{ path: 'apis/apps/v1' }, 1.5]]);
  const many = Array.from({ length: 1_200 }, (_, i) => [`apis/g${String(i).padStart(4, '0')}/v1`, i] as const);
  change({ openAPIAges: new Map(many) });
  const samples = await scrape('mvproxy_openapi_age_seconds');
  assert.deepEqual([samples.length, samples.at(-1)], [1_001, [{ path: '' }, 1_199]]);
});

test('what clients have open, and which of them were cut off', async () => {
  const faults = new Map([['ENHANCE_YOUR_CALM', 2]]);
  const { scrape } = setUp({ clients: { connections: { h2: 4, 'http/1.1': 1 }, streams: 9, watches: 7, faults } });
  assert.deepEqual(await scrape('mvproxy_client_connections'), [
    [{ protocol: 'h2' }, 4],
    [{ protocol: 'http/1.1' }, 1],
  ]);
  assert.deepEqual(await scrape('mvproxy_client_streams'), [[{}, 9]]);
  assert.deepEqual(await scrape('mvproxy_client_watches'), [[{}, 7]]);
  assert.deepEqual(await scrape('mvproxy_client_connection_faults_total'), [[{ code: 'ENHANCE_YOUR_CALM' }, 2]]);
});

test('publishing is told of only where something is published', async () => {
  const publishing = { record: 'published', announcements: 3, errors: 1 };
  const { scrape } = setUp({ publishing }, true);
  assert.deepEqual(await scrape('mvproxy_publishing_up'), [[{}, 1]]);
  assert.deepEqual(await scrape('mvproxy_publishing_announcements_total'), [[{}, 3]]);
  assert.deepEqual(await setUp({ publishing }).scrape('mvproxy_publishing_up'), []);
});

test('the names of kube-apiserver say the same', async () => {
  const { answered, counters, discovery, scrape } = setUp();
  answered({ status: 503, error: 'MVP_UPSTREAM_RESET' });
  answered({ decision: undefined, server: undefined, info: requestInfo('GET', '/apis') });
  discovery.read('a', 'failed');
  discovery.publishing.add(0.1);
  counters.relayedDiscovery('server-local', true);
  counters.relayedDiscovery('server-local', false);
  counters.relayedDiscovery('protobuf', true);
  const type = { group: 'example.com', version: 'v1', resource: 'widgets' };
  assert.deepEqual(await scrape('apiserver_rerouted_request_total'), [[{ code: '503', ...type }, 1]]);
  assert.deepEqual(await scrape('apiserver_peer_proxy_errors_total'), [[{ type: 'proxy_transport', ...type }, 1]]);
  assert.deepEqual(await scrape('apiserver_peer_discovery_sync_errors_total'), [[{ type: 'fetch_discovery' }, 1]]);
  assert.deepEqual(await scrape('aggregator_discovery_peer_aggregated_cache_hits_total'), [[{}, 1]]);
  assert.deepEqual(await scrape('aggregator_discovery_peer_aggregated_cache_misses_total'), [[{}, 1]]);
  assert.deepEqual(await scrape('aggregator_discovery_nopeer_requests_total'), [[{}, 1]]);
});

test('discovery that servers answer although the merged view has it is counted by why', async () => {
  const { counters, scrape } = setUp();
  for (const form of ['protobuf', 'yaml', 'protobuf'] as const) counters.relayedDiscovery(form, false);
  assert.deepEqual(await scrape('mvproxy_discovery_relayed_total'), [
    [{ form: 'protobuf' }, 2],
    [{ form: 'yaml' }, 1],
  ]);
});

test('counters are not counted again by a second scrape', async () => {
  const { answered, scrape } = setUp();
  answered({});
  await scrape('mvproxy_requests_total');
  assert.deepEqual(await scrape('mvproxy_requests_total'), [[{ decision: 'PeerServesResource', code: '2xx' }, 1]]);
});

test('the proxy tells what it is, of its view, its certificates and of reloads that failed', async () => {
  const certificateExpiry = new Map([['serving', 1_800_000_000]]);
  const { scrape } = setUp({
    ready: false,
    view: 'server-local',
    reloadErrors: 1,
    retriesDenied: 4,
    certificateExpiry,
  });
  const build = { version: '0.1.0', http2_engine: 'own', node: 'v24.21.0' };
  assert.deepEqual(await scrape('mvproxy_build_info'), [[build, 1]]);
  assert.deepEqual(await scrape('mvproxy_ready'), [[{}, 0]]);
  assert.deepEqual(await scrape('mvproxy_view'), [[{ view: 'server-local' }, 1]]);
  assert.deepEqual(await scrape('mvproxy_reload_errors_total'), [[{}, 1]]);
  assert.deepEqual(await scrape('mvproxy_retries_denied_total'), [[{}, 4]]);
  assert.deepEqual(await scrape('mvproxy_certificate_expiry_timestamp_seconds'), [
    [{ certificate: 'serving' }, 1_800_000_000],
  ]);
});

test('times are histograms: the whole, what the server took, what the proxy added', async () => {
  const { metrics, answered } = setUp({ servers: [serverReading()] });
  answered({ milliseconds: 30, upstreamMilliseconds: 29 });
  answered({ milliseconds: 2, upstreamMilliseconds: 2, server: 'gone' });
  const text = await metrics.exposition();
  const { count, sum } = histogramOf(text, 'mvproxy_response_head_seconds');
  assert.deepEqual([count, sum], [2, 0.032]);
  assert.deepEqual(histogramOf(text, 'mvproxy_added_seconds').sum, 0.001);
  const upstream = parseExposition(text).samples.filter(({ name }) => name === 'mvproxy_upstream_seconds_sum');
  assert.deepEqual(
    upstream.map(({ labels, value }) => [labels, value]),
    [[{ server: 'a' }, 0.029]],
  );
});

test('names in labels are escaped', async () => {
  const { scrape } = setUp({ servers: [serverReading({ name: 'a"\\\n' })] });
  assert.deepEqual(await scrape('mvproxy_server_state'), [[{ server: 'a"\\\n', state: 'ready' }, 1]]);
});

test('what made the proxy read discovery, and what came of it', async () => {
  const { discovery, scrape } = setUp({ servers: SERVERS });
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
