import assert from 'node:assert/strict';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import type { IncomingHttpHeaders } from 'node:http2';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { createPki } from '../../src/lab/pki/pki.ts';
import { H2Client, PROTOCOLS } from '../support/api-client.ts';
import { type EmbeddedControlPlane, startEmbeddedControlPlane, startFake } from '../support/embedded-daemon.ts';
import { type FakeApiServer, sendJson, sendUnknown } from '../support/fake-api-server.ts';
import { OtlpCollector } from '../support/otlp-collector.ts';
import type { ReceivedSpan } from '../support/otlp-message.ts';
import { startServe } from '../support/serve-process.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';

const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736';
const PARENT = '00f067aa0ba902b7';
const RECORDED = `00-${TRACE}-${PARENT}-01`;
const NOT_RECORDED = `00-${TRACE}-${PARENT}-00`;
const NEW_ONLY = '/apis/resource.k8s.io/v1/devicetaintrules';
const ON_BOTH = '/api/v1/namespaces/default/configmaps';
const SECRET = '/api/v1/namespaces/default/secrets/key-of-the-bank?pretty=hidden-query';
const SERVER_KIND = 2;

interface Setting {
  readonly plane: EmbeddedControlPlane;
  readonly collector: OtlpCollector;
}

async function start(t: TestContext, flags: Readonly<Record<string, string>> = {}): Promise<Setting> {
  const collector = await OtlpCollector.start(t);
  const plane = await startEmbeddedControlPlane(t, {
    flags: {
      'tracing-otlp-endpoint': collector.url,
      'tracing-sampling-ratio': '1',
      'tracing-resource-attributes': 'k8s.cluster.name=prod',
      ...flags,
    },
  });
  return { plane, collector };
}

/** Ends the proxy, which sends what is left. */
async function flushed({ plane, collector }: Setting): Promise<readonly ReceivedSpan[]> {
  await plane.daemon.stop(0);
  return collector.spans;
}

function heard(server: FakeApiServer): IncomingHttpHeaders[] {
  const requests: IncomingHttpHeaders[] = [];
  const { handler } = server;
  server.handler = (stream, headers) => {
    requests.push(headers);
    handler(stream, headers);
  };
  return requests;
}

for (const protocol of PROTOCOLS) {
  test(`a request over ${protocol} is a span between that of its client and that of its server`, async (t) => {
    const setting = await start(t);
    const { plane, collector } = setting;
    const requests = heard(plane.new);
    const client = await plane.client(protocol);
    const headers = { traceparent: RECORDED, tracestate: 'vendor=1', 'user-agent': 'kubectl/v1.37.2' };
    const answer = await client.request({ path: `${NEW_ONLY}/a`, headers });
    assert.equal(answer.status, 200);

    const [span, ...others] = await flushed(setting);
    assert.ok(span);
    assert.deepEqual(others, []);
    const { traceId, parentSpanId, spanId, kind, name, attributes, resource, scope } = span;
    assert.deepEqual([traceId, parentSpanId, kind], [TRACE, PARENT, SERVER_KIND]);
    assert.equal(name, `GET ${NEW_ONLY}/{name}`);
    assert.equal(requests[0]?.['traceparent'], `00-${TRACE}-${spanId}-01`, 'our span is the parent of the server');
    assert.equal(requests[0]?.['tracestate'], 'vendor=1');
    assert.equal(attributes['mvproxy.server'], 'new');
    assert.equal(attributes['mvproxy.reason'], 'PeerServesResource');
    assert.equal(attributes['mvproxy.client'], 'kubectl');
    assert.equal(attributes['mvproxy.attempts'], 1);
    assert.equal(attributes['http.response.status_code'], 200);
    assert.equal(attributes['network.protocol.version'], protocol === 'h2' ? '2' : '1.1');
    assert.equal(attributes['mvproxy.k8s.resource'], 'devicetaintrules');
    assert.equal(resource['service.name'], 'mvproxy');
    assert.equal(resource['k8s.cluster.name'], 'prod');
    assert.equal(scope, 'mixed-version-proxy');
    assert.ok(span.startedAt <= (span.events[0]?.at ?? 0) && (span.events[0]?.at ?? 0) <= span.endedAt);
    assert.ok(Math.abs(span.endedAt - Date.now()) < 60_000, 'in the time of this world');
    assert.match(collector.requests[0]?.['user-agent'] ?? '', /^mixed-version-proxy\//);
  });
}

test('a request that its client does not record travels as it came, and its trace is known to the proxy', async (t) => {
  const setting = await start(t);
  const { plane } = setting;
  const requests = heard(plane.old);
  const client = await plane.client();
  await client.request({ path: ON_BOTH, headers: { traceparent: NOT_RECORDED } });
  assert.equal(requests[0]?.['traceparent'], NOT_RECORDED);
  assert.deepEqual(await flushed(setting), []);
});

test('without tracing traceparent passes untouched, and none is made', async (t) => {
  const plane = await startEmbeddedControlPlane(t);
  const requests = heard(plane.old);
  const client = await plane.client();
  await client.request({ path: ON_BOTH, headers: { traceparent: RECORDED } });
  await client.request({ path: ON_BOTH });
  assert.equal(requests[0]?.['traceparent'], RECORDED);
  assert.equal(requests[1]?.['traceparent'], undefined);
});

test('an attempt in vain is an event of the one span, and both servers have the same parent', async (t) => {
  const setting = await start(t);
  const { plane } = setting;
  plane.old.handler = sendUnknown;
  const [denied, answered] = [heard(plane.old), heard(plane.new)];
  const client = await plane.client();
  assert.equal((await client.request({ path: ON_BOTH })).status, 200);

  const [span, ...others] = await flushed(setting);
  assert.ok(span);
  assert.deepEqual(others, []);
  assert.equal(span.parentSpanId, '', 'nobody was before us');
  const [retry] = span.events;
  assert.equal(retry?.name, 'mvproxy.retry');
  assert.deepEqual(retry?.attributes, { 'mvproxy.retry.cause': 'unknown-resource', 'mvproxy.server': 'old' });
  assert.ok(retry !== undefined && span.startedAt <= retry.at && retry.at <= span.endedAt);
  assert.equal(span.attributes['mvproxy.attempts'], 2);
  assert.equal(span.attributes['mvproxy.retries'], 1);
  assert.equal(span.attributes['mvproxy.unknown_type.outcome'], 'retried');
  assert.deepEqual(span.attributes['mvproxy.unknown_type.denying'], ['old']);
  const parent = `00-${span.traceId}-${span.spanId}-01`;
  assert.deepEqual([denied[0]?.['traceparent'], answered[0]?.['traceparent']], [parent, parent]);
});

test('the span of a watch ends with the watch, and says when it began and how it ended', async (t) => {
  const { plane, collector } = await start(t, { 'health-interval-seconds': '60' });
  const { promise: streaming, resolve } = Promise.withResolvers<() => void>();
  plane.old.handler = (stream) => {
    stream.respond({ ':status': 200, 'content-type': 'application/json' });
    stream.write('{"type":"ADDED","object":{}}\n');
    resolve(() => stream.end());
  };
  const client = await plane.client();
  const watch = await client.open({ path: `${ON_BOTH}?watch=true` });
  await once(watch.body, 'data');
  const end = await streaming;
  end();
  watch.body.resume();
  await once(watch.body, 'close');

  const gone = await client.open({ path: `${ON_BOTH}?watch=true&x` });
  await once(gone.body, 'data');
  gone.cancel();
  await once(gone.body, 'close');
  // Over the same connection, so that the proxy has heard of the cancellation.
  plane.old.handler = (stream) => sendJson(stream, 200, {});
  await client.request({ path: '/api/v1/namespaces/default/configmaps/after' });
  await plane.daemon.stop(0);

  const watches = collector.spans.filter(({ attributes }) => attributes['mvproxy.k8s.verb'] === 'watch');
  assert.deepEqual(
    watches.map(({ attributes }) => attributes['mvproxy.response.ending']),
    ['complete', 'client-left'],
  );
  for (const { events, startedAt, endedAt, status } of watches) {
    assert.deepEqual(
      events.map(({ name }) => name),
      ['mvproxy.response_head'],
    );
    assert.ok(startedAt <= (events[0]?.at ?? 0) && (events[0]?.at ?? 0) <= endedAt);
    assert.equal(status, 0);
  }
});

test('answers of the proxy itself are spans, too', async (t) => {
  const setting = await start(t);
  const { plane } = setting;
  const client = await plane.client();
  const accept = 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList';
  assert.equal((await client.request({ path: '/apis', headers: { accept } })).status, 200);
  await plane.new.stop();
  assert.equal((await client.request({ path: NEW_ONLY })).status, 503);
  assert.equal((await client.request({ path: '/api/v1/%zz' })).status, 400);

  const spans = await flushed(setting);
  const facts = spans.map(({ attributes, status }) => [
    attributes['http.response.status_code'],
    attributes['mvproxy.decision'],
    status,
  ]);
  assert.deepEqual(facts, [
    [200, 'merged', 0],
    [503, 'unavailable', 2],
    [400, 'refused', 0],
  ]);
  assert.match(String(spans[1]?.attributes['mvproxy.error']), /^MVP_/);
});

test('no span carries tokens, query strings or names of Secrets', async (t) => {
  const setting = await start(t);
  const { plane, collector } = setting;
  const client = await plane.client();
  const headers = { authorization: 'Bearer hidden-token', 'user-agent': 'hidden-agent', tracestate: 'hidden=state' };
  await client.request({ path: SECRET, headers: { ...headers, traceparent: RECORDED } });
  const [span] = await flushed(setting);
  assert.equal(span?.attributes['url.path'], '/api/v1/namespaces/default/secrets/{name}');
  assert.doesNotMatch(JSON.stringify(collector.spans), /hidden|bank/);
});

test('headers for the collector come from a file, also when it changes', async (t) => {
  const file = join(await temporaryDirectory(t), 'headers');
  await writeFile(file, 'Authorization: Bearer one\n');
  const { plane, collector } = await start(t, { 'tracing-otlp-headers-file': file });
  const client = await plane.client();
  await writeFile(file, 'Authorization: Bearer two\n');
  await plane.daemon.reload();
  await client.request({ path: ON_BOTH });
  await plane.daemon.stop(0);
  assert.deepEqual(
    collector.requests.map(({ authorization }) => authorization),
    ['Bearer two'],
  );
});

test('a collector that is away harms no request, holds up the end for moments only, and is told of', async (t) => {
  const setting = await start(t, { 'tracing-otlp-endpoint': 'http://127.0.0.1:1', 'tracing-timeout-seconds': '0.5' });
  const { plane } = setting;
  const client = await plane.client();
  for (let i = 0; i < 5; i++) assert.equal((await client.request({ path: ON_BOTH })).status, 200);
  assert.equal(await plane.metric('mvproxy_tracing_spans_waiting'), 5);
  assert.deepEqual(await flushed(setting), []);
  const told: string[] = [];
  while (plane.log.size > 0) told.push((await plane.log.next()).message);
  assert.equal(told.filter((message) => /spans do not reach the collector/.test(message)).length, 1);
});

/** The api, interfaces only, belongs to the metrics library, too. */
const TELL_WHAT_IS_LOADED = `import { registerHooks } from 'node:module';
registerHooks({
  load(url, context, next) {
    if (/@opentelemetry.(?!api)/.test(url)) process.stderr.write('loaded ' + url + '\\n');
    return next(url, context);
  },
});`;

for (const isOn of [false, true]) {
  test(`the libraries are ${isOn ? 'loaded to send spans at the end' : 'never loaded'} with tracing ${isOn ? 'on' : 'off'}`, async (t) => {
    const collector = await OtlpCollector.start(t);
    const pki = await createPki(join(await temporaryDirectory(t), 'pki'));
    const proxy = await startServe(t, {
      pki,
      servers: [await startFake(t, pki, 'only', '1.37.2')],
      flags: {
        'shutdown-delay-duration': '0',
        ...(isOn ? { 'tracing-otlp-endpoint': collector.url, 'tracing-sampling-ratio': '1' } : {}),
      },
      environment: { NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(TELL_WHAT_IS_LOADED)}` },
    });
    const loaded = () => proxy.log.filter((line) => line.startsWith('loaded '));
    const { servingCa, admin } = pki;
    const client = await H2Client.connect(proxy.url, { ca: servingCa.cert, cert: admin.cert, key: admin.key });
    assert.equal((await client.request({ path: ON_BOTH })).status, 200);
    client.close();
    assert.deepEqual(loaded(), []);
    proxy.child.kill('SIGTERM');
    assert.deepEqual(await proxy.exited, { code: 0, signal: null });
    assert.equal(loaded().length > 0, isOn);
    assert.equal(collector.spans.length, isOn ? 1 : 0);
  });
}
