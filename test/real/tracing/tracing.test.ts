import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, type TestContext, test } from 'node:test';
import { fieldValue } from '../../../src/wire/fields.ts';
import { startProxy } from '../../../tools/control-plane/proxy.ts';
import { startControlPlane } from '../../../tools/control-plane/start.ts';
import { OtlpCollector } from '../../support/otlp-collector.ts';
import type { ReceivedSpan } from '../../support/otlp-message.ts';
import { httpClient } from '../support/http-client.ts';

const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736';
const PARENT = '00f067aa0ba902b7';
const TRACEPARENT = `00-${TRACE}-${PARENT}-01`;
const SERVICE = 'service.name';
const MOST_CORRECTED_MS = 10_000;

const directory = await mkdtemp(join(tmpdir(), 'mvproxy-tracing-'));
after(() => rm(directory, { recursive: true }));

/** Servers export over gRPC, every five seconds; the proxy over HTTP. */
async function start(t: TestContext) {
  const collector = await OtlpCollector.start(t);
  const file = join(directory, 'tracing.yaml');
  await writeFile(
    file,
    [
      'apiVersion: apiserver.config.k8s.io/v1',
      'kind: TracingConfiguration',
      `endpoint: ${collector.grpcEndpoint}`,
      // Records only what the sender has recorded.
      'samplingRatePerMillion: 0',
    ].join('\n'),
  );
  const controlPlane = await startControlPlane({
    servers: [{ name: 'traced', version: '1.36.3', extraArgs: [`--tracing-config-file=${file}`] }],
  });
  t.after(() => controlPlane.stop());
  const proxy = await startProxy(controlPlane, {
    extraArgs: [`--tracing-otlp-endpoint=${collector.url}`, '--tracing-sampling-ratio=0', '--explain-header'],
  });
  const { pki } = controlPlane;
  const client = httpClient({ url: proxy.url, protocol: 'h2', ca: pki.servingCa.cert, certificate: pki.admin });
  t.after(() => client.close());
  return { collector, client };
}

test("a request is one trace from its client over the proxy to kube-apiserver's own spans", async (t) => {
  const { collector, client } = await start(t);
  const headers = ['traceparent', TRACEPARENT, 'x-mvproxy-explain', '1'];
  const answer = await client.request({ target: '/api/v1/namespaces/default', headers });
  assert.equal(answer.status, 200);
  assert.match(
    fieldValue(answer.headers, 'x-mvproxy-explain') ?? '',
    /^server=traced; decision=PreferredCapable; attempts=1; /,
  );

  const isOurs = ({ traceId, resource }: ReceivedSpan) => traceId === TRACE && resource[SERVICE] === 'mvproxy';
  const ours = await collector.span(isOurs);
  assert.equal(ours.parentSpanId, PARENT);
  assert.equal(ours.attributes['mvproxy.server'], 'traced');
  const theirs = await collector.span(({ parentSpanId }) => parentSpanId === ours.spanId);
  assert.equal(theirs.traceId, TRACE);
  assert.equal(theirs.resource[SERVICE], 'apiserver');
  // The same machine's clock; but it may have been corrected since the proxy, whose time never steps back, was started.
  assert.ok(ours.startedAt - MOST_CORRECTED_MS <= theirs.startedAt);
  assert.ok(theirs.startedAt <= ours.endedAt + MOST_CORRECTED_MS);
  const below = await collector.span(({ parentSpanId }) => parentSpanId === theirs.spanId);
  t.diagnostic(`${ours.name} (mvproxy) > ${theirs.name} (apiserver) > ${below.name}`);
  assert.equal(below.traceId, TRACE);

  const { spans } = collector;
  assert.deepEqual(
    spans.filter(({ resource }) => resource[SERVICE] === 'mvproxy').map(({ traceId }) => traceId),
    [TRACE],
    'nothing else was recorded',
  );
});
