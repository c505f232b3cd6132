import assert from 'node:assert/strict';
import type { IncomingHttpHeaders } from 'node:http2';
import { test } from 'node:test';
import { type ApiClient, PROTOCOLS } from '../support/api-client.ts';
import { type EmbeddedControlPlane, startEmbeddedControlPlane } from '../support/embedded-daemon.ts';
import { type FakeApiServer, sendJson, sendUnknown } from '../support/fake-api-server.ts';

const NEW_ONLY = '/apis/resource.k8s.io/v1/devicetaintrules';
const NEW_ONLY_SUBRESOURCE = '/apis/storage.k8s.io/v1/csinodes/node-1/status';
const ON_BOTH = '/api/v1/namespaces/default/configmaps';
const PROBED_OFTEN = { flags: { 'health-interval-seconds': '0.05' } };
const NOWHERE = '/apis/resource.k8s.io/v1/devicetaintrulez';

for (const protocol of PROTOCOLS) {
  test(`requests over ${protocol} go to a server that serves them, else to the local one`, async (t) => {
    const plane = await startEmbeddedControlPlane(t);
    const client = await plane.client(protocol);
    const old = record(plane.old);
    const newer = record(plane.new);

    for (const path of [NEW_ONLY, `${NEW_ONLY}?watch=true`, `${NEW_ONLY}/rule`, NEW_ONLY_SUBRESOURCE]) {
      assert.equal((await client.request({ path })).status, 200);
      assert.equal(newer.at(-1)?.[':path'], path, 'byte for byte');
      assert.equal(newer.at(-1)?.['x-kubernetes-peer-proxied'], 'true', 'so that it is not moved again');
    }
    assert.equal(old.length, 0);
    for (const path of [ON_BOTH, '/apis/storage.k8s.io/v1/csinodes/node-1', '/logs/']) {
      assert.equal((await client.request({ path })).status, 200);
      assert.equal(old.at(-1)?.[':path'], path);
    }
    assert.equal(newer.length, 4);
  });
}

test('what nobody serves is answered by the local server alone, unchanged', async (t) => {
  const plane = await startEmbeddedControlPlane(t);
  plane.old.handler = sendUnknown;
  const answer = await (await plane.client()).request({ path: NOWHERE });
  assert.equal(answer.status, 404);
  assert.equal(answer.text, '404 page not found\n');
  assert.equal(answer.headers['content-type'], 'text/plain; charset=utf-8');
  assert.deepEqual(plane.new.requests, []);
});

test('what only a stopped server serves is answered 503 with Retry-After, and served when it is back', async (t) => {
  const plane = await startEmbeddedControlPlane(t, PROBED_OFTEN);
  const client = await plane.client();
  assert.equal((await client.request({ path: NEW_ONLY })).status, 200);

  await plane.new.stop();
  await assertUnavailable(client);
  assert.equal((await client.request({ path: ON_BOTH })).status, 200, 'the rest goes on');
  await loggedThat(plane, 'server is unready');
  await assertUnavailable(client);

  await plane.new.start();
  await loggedThat(plane, 'server is ready');
  assert.equal((await client.request({ path: NEW_ONLY })).status, 200);
});

test('a server that says it is going gets no new requests and finishes those it has', async (t) => {
  const plane = await startEmbeddedControlPlane(t, PROBED_OFTEN);
  const client = await plane.client();
  const arrived = Promise.withResolvers<() => void>();
  plane.new.handler = (stream) => {
    arrived.resolve(() => sendJson(stream, 200, { late: true }));
    if (plane.new.requests.length > 1) sendJson(stream, 500, {});
  };
  const open = client.request({ path: NEW_ONLY });
  const finish = await arrived.promise;
  plane.new.ready = false;
  await loggedThat(plane, 'server is draining');

  await assertUnavailable(client);
  assert.equal(plane.new.requests.length, 1);
  finish();
  const answer = await open;
  assert.equal(answer.status, 200);
  assert.deepEqual(JSON.parse(answer.text), { late: true });
});

async function assertUnavailable(client: ApiClient): Promise<void> {
  const { status, headers, text } = await client.request({ path: NEW_ONLY });
  assert.equal(status, 503, text);
  assert.equal(headers['retry-after'], '1');
  const { kind, reason, message } = JSON.parse(text);
  assert.equal(kind, 'Status');
  assert.equal(reason, 'ServiceUnavailable');
  assert.match(message, /devicetaintrules/);
  assert.match(message, /\bnew\b/, 'it names the server that has it');
}

async function loggedThat({ log }: EmbeddedControlPlane, message: string): Promise<void> {
  for (;;) {
    const { message: logged, fields } = await log.next();
    const { server } = fields;
    if (logged === message && server === 'new') return;
  }
}

/** The heads of all requests that the server is given, each answered 200. */
function record(server: FakeApiServer): IncomingHttpHeaders[] {
  const heads: IncomingHttpHeaders[] = [];
  server.handler = (stream, headers) => {
    heads.push(headers);
    sendJson(stream, 200, {});
  };
  return heads;
}
