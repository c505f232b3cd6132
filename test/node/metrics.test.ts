import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type TestContext, test } from 'node:test';
import { connect } from 'node:tls';
import { METRIC_TOPICS } from '../../src/observe/metrics/metric-topics.ts';
import { descriptionProblems } from '../../src/observe/testing/description-problems.ts';
import { parseExposition } from '../../src/observe/testing/exposition.ts';
import { H1Client } from '../support/api-client.ts';
import { type EmbeddedControlPlane, startEmbeddedControlPlane } from '../support/embedded-daemon.ts';
import { sendJson, sendUnknown } from '../support/fake-api-server.ts';

/** Topics of which a daemon like this one has nothing to say. */
const ELSEWHERE = ['Publishing', 'Tracing', 'Rehearsals'];
/** Both serve it; the older one is local and is asked first. */
const BOTH = '/api/v1/namespaces/default/configmaps';
/** The newer server alone serves it. */
const NEW = '/apis/resource.k8s.io/v1/devicetaintrules';

async function scrape({ daemon }: EmbeddedControlPlane): Promise<string> {
  const admin = new H1Client(daemon.adminAddress ?? '', { ca: '' });
  try {
    return (await admin.request({ path: '/metrics' })).text;
  } finally {
    admin.close();
  }
}

/** A daemon that has had something of everything to count. */
async function usedDaemon(t: TestContext) {
  const plane = await startEmbeddedControlPlane(t);
  const client = await plane.client('h2');
  const older = await plane.client('http/1.1');
  await client.request({ path: '/apis' });
  await client.request({ path: NEW });
  await older.request({ path: '/apis/example.com/v1/nothing' });
  await older.request({ path: '/api/v1/pods', headers: { connection: 'x-remote-user' } });
  plane.old.handler = sendUnknown;
  await client.request({ path: BOTH });
  plane.old.handler = (stream) => {
    stream.respond({ ':status': 200, 'content-type': 'application/json' });
    stream.write('{"type":"ADDED"}\n');
  };
  plane.old.discoveryStatus = 500;
  for (const each of [client, older]) {
    const watch = await each.open({ path: `${BOTH}?watch=1` });
    t.after(() => watch.cancel());
  }
  return plane;
}

test('a scrape of a daemon holds exactly the metrics and labels that are described', async (t) => {
  const text = await scrape(await usedDaemon(t));
  assert.deepEqual(descriptionProblems(text), []);
  const described = METRIC_TOPICS.filter(({ title }) => !ELSEWHERE.includes(title));
  const names = described.flatMap(({ metrics }) => Object.keys(metrics));
  assert.deepEqual([...parseExposition(text).types.keys()].sort(), names.sort());
});

test('what happened is counted where the reference says', async (t) => {
  const plane = await usedDaemon(t);
  const { samples } = parseExposition(await scrape(plane));
  const sumOf = (name: string, labels: Readonly<Record<string, string>> = {}) =>
    samples
      .filter((sample) => sample.name === name)
      .filter((sample) => Object.entries(labels).every(([label, value]) => sample.labels[label] === value))
      .reduce((sum, { value }) => sum + value, 0);
  const taints = { group: 'resource.k8s.io', version: 'v1', resource: 'devicetaintrules' };
  assert.equal(sumOf('mvproxy_false_404_prevented_total', { ...taints, how: 'routed' }), 1);
  assert.equal(sumOf('apiserver_rerouted_request_total', { ...taints, code: '200' }), 1);
  assert.equal(sumOf('mvproxy_unexpected_404_total', { resource: 'configmaps', outcome: 'retried' }), 1);
  assert.equal(sumOf('mvproxy_errors_total', { error: 'MVP_IDENTITY_HEADER_IN_CONNECTION' }), 1);
  assert.equal(sumOf('mvproxy_requests_total', { decision: 'MergedDiscovery', code: '2xx' }), 1);
  assert.equal(sumOf('aggregator_discovery_peer_aggregated_cache_hits_total'), 1);
  // The new type, the type that nobody has, the healed request and two watches; not discovery, nor what was refused.
  assert.equal(sumOf('mvproxy_added_seconds_count'), 5);
  assert.equal(sumOf('mvproxy_upstream_seconds_count'), 5);
  assert.equal(sumOf('mvproxy_response_head_seconds_count'), 7);
  const [total, upstream, added] = ['response_head', 'upstream', 'added'].map((what) =>
    sumOf(`mvproxy_${what}_seconds_sum`),
  );
  assert.ok(added !== undefined && upstream !== undefined && total !== undefined);
  assert.ok(added > 0 && upstream > 0 && added + upstream <= total + 1e-9, `${added} + ${upstream} of ${total}`);
  assert.equal(sumOf('mvproxy_client_connections', { protocol: 'h2' }), 1);
  assert.equal(sumOf('mvproxy_client_connections', { protocol: 'http/1.1' }), 1);
  assert.equal(sumOf('mvproxy_client_watches'), 2);
  assert.equal(sumOf('mvproxy_client_streams'), 1);
  assert.ok(sumOf('mvproxy_server_connections', { server: 'new', set: 'asserted' }) >= 1);
  assert.equal(sumOf('mvproxy_server_info', { server: 'old', version: '1.34.4' }), 1);
  assert.equal(sumOf('mvproxy_skew_minors'), 3);
  assert.ok(sumOf('mvproxy_skew_group_versions') > 0);
  assert.ok(sumOf('mvproxy_skew_resources') > sumOf('mvproxy_skew_group_versions'));
  assert.equal(sumOf('mvproxy_ready'), 1);
  for (const certificate of ['serving', 'client-ca', 'peer-ca', 'proxy-client']) {
    const expiry = sumOf('mvproxy_certificate_expiry_timestamp_seconds', { certificate });
    assert.ok(expiry > Date.now() / 1000, certificate);
  }
});

test('how old what is known of an OpenAPI document is, is told by its path', async (t) => {
  const plane = await startEmbeddedControlPlane(t);
  const paths = { 'apis/apps/v1': { serverRelativeURL: '/openapi/v3/apis/apps/v1?hash=1' } };
  plane.new.openapi = (stream) => sendJson(stream, 200, { paths });
  const age = async () =>
    parseExposition(await scrape(plane)).samples.find(({ name }) => name === 'mvproxy_openapi_age_seconds');
  let told = await age();
  while (told === undefined) told = await age();
  assert.deepEqual(told.labels, { path: 'apis/apps/v1' });
  assert.ok(told.value >= 0 && told.value < 60, String(told.value));
  plane.new.openapi = (stream) => sendJson(stream, 500, {});
  // From now on nobody confirms it: the age only rises.
  const before = (await age())?.value ?? Number.NaN;
  let now = before;
  while (now < before + 2.5) now = (await age())?.value ?? Number.NaN;
});

test('an HTTP/2 client that misbehaves is counted by the code with which it was cut off', async (t) => {
  const plane = await startEmbeddedControlPlane(t, { flags: { 'http2-engine': 'own' } });
  const { port } = new URL(plane.daemon.servingAddress);
  const attacker = connect({
    host: '127.0.0.1',
    port: Number(port),
    ca: plane.pki.servingCa.cert,
    servername: 'localhost',
    ALPNProtocols: ['h2'],
  });
  attacker.on('error', () => {});
  await once(attacker, 'secureConnect');
  attacker.resume();
  attacker.write('GET / HTTP/1.1\r\nhost: this is no HTTP/2\r\n\r\n');
  await once(attacker, 'close');
  const count = async () =>
    parseExposition(await scrape(plane)).samples.find(({ labels }) => labels['code'] === 'PROTOCOL_ERROR')?.value;
  while ((await count()) === undefined);
  assert.equal(await count(), 1);
});
