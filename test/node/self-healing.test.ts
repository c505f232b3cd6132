import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { ServerHttp2Stream } from 'node:http2';
import type { Socket } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { type TestContext, test } from 'node:test';
import { connect } from 'node:tls';
import { H1Client, PROTOCOLS } from '../support/api-client.ts';
import { type EmbeddedControlPlane, startEmbeddedControlPlane } from '../support/embedded-daemon.ts';
import { type FakeApiServer, type StreamHandler, send, sendJson, sendUnknown } from '../support/fake-api-server.ts';
import { aggregatedDiscovery, type FakeDiscovery } from '../support/fake-discovery.ts';
import { readToEnd } from '../support/loopback.ts';

/** Both servers list it; the older one is local and is asked first. */
const PATH = '/api/v1/namespaces/default/configmaps';
const BODY = JSON.stringify({ kind: 'ConfigMap', metadata: { name: 'once' } });
const KIB = 1024;
/** What go-restful answers to a path that no type of the group has. */
const UNKNOWN_STATUS = `${JSON.stringify({
  kind: 'Status',
  apiVersion: 'v1',
  metadata: {},
  status: 'Failure',
  message: 'the server could not find the requested resource',
  reason: 'NotFound',
  details: {},
  code: 404,
})}\n`;

const echo: (name: string) => StreamHandler = (name) => async (stream, headers) => {
  const body = (await buffer(stream)).toString();
  sendJson(stream, headers[':method'] === 'POST' ? 201 : 200, { servedBy: name, body });
};

/** As if the binary knew one resource less. */
const without =
  (version: '1.34.4' | '1.37.2', resource: string): FakeDiscovery =>
  (path, accept) => {
    const document = aggregatedDiscovery(version)(path, accept);
    if (document === undefined || path !== '/api') return document;
    const body = document.body.replaceAll(`"resource": "${resource}"`, `"resource": "no-${resource}"`);
    assert.ok(body !== document.body);
    return { ...document, body, etag: '"without"' };
  };

async function metrics({ daemon }: EmbeddedControlPlane, names = /^mvproxy_(false|unexpected)_404/): Promise<string> {
  const admin = new H1Client(daemon.adminAddress ?? '', { ca: '' });
  const { text } = await admin.request({ path: '/metrics' });
  admin.close();
  return text
    .split('\n')
    .filter((line) => names.test(line))
    .join('\n');
}

/** How often the proxy found another discovery at the older server. */
async function changesOfOld(plane: EmbeddedControlPlane): Promise<number> {
  const text = await metrics(plane, /^mvproxy_discovery_readings_total\{server="old",result="changed"\}/);
  return Number(text.split(' ')[1] ?? 0);
}

for (const protocol of PROTOCOLS) {
  test(`over ${protocol}: what one server calls unknown although it lists it, another one answers`, async (t) => {
    const plane = await startEmbeddedControlPlane(t);
    plane.old.handler = sendUnknown;
    plane.new.handler = echo('new');
    const client = await plane.client(protocol);
    for (const [method, body] of [
      ['GET', undefined],
      ['POST', BODY],
      ['PATCH', BODY],
    ] as const) {
      const answer = await client.request({
        method,
        path: method === 'POST' ? PATH : `${PATH}/once`,
        headers: { 'user-agent': 'kubectl/v1.34.4 (linux/amd64) kubernetes/1234567' },
        body,
      });
      assert.equal(answer.status, method === 'POST' ? 201 : 200, answer.text);
      assert.deepEqual(JSON.parse(answer.text), { servedBy: 'new', body: body ?? '' });
    }
    assert.deepEqual([plane.old.requests.length, plane.new.requests.length], [3, 3]);
    const labels = 'group="",version="v1",resource="configmaps",client="kubectl"';
    const text = await metrics(plane);
    assert.ok(text.includes(`mvproxy_false_404_prevented_total{${labels},how="healed"} 3`), text);
    assert.ok(text.includes(`mvproxy_unexpected_404_total{${labels},outcome="retried"} 3`), text);
  });
}

test('a watch that one server calls unknown is opened at another', async (t) => {
  const plane = await startEmbeddedControlPlane(t);
  plane.old.handler = (stream) => send(stream, 404, 'application/json', UNKNOWN_STATUS);
  const opened: ServerHttp2Stream[] = [];
  plane.new.handler = (stream) => {
    opened.push(stream);
    stream.respond({ ':status': 200, 'content-type': 'application/json' });
    stream.write('{"type":"ADDED"}\n');
  };
  const watch = await (await plane.client()).open({ path: `${PATH}?watch=1` });
  assert.equal(watch.status, 200);
  const [line] = await once(watch.body, 'data');
  assert.equal(String(line), '{"type":"ADDED"}\n');
  opened[0]?.write('{"type":"DELETED"}\n');
  assert.equal(String((await once(watch.body, 'data'))[0]), '{"type":"DELETED"}\n');
  watch.cancel();
});

test('a watch over WebSocket that one server calls unknown is opened at another', async (t) => {
  const plane = await startEmbeddedControlPlane(t);
  const answering = (answer: string, seen: string[]) => (request: { url?: string | undefined }, socket: Socket) => {
    seen.push(request.url ?? '');
    socket.end(answer);
  };
  const asked: Record<'old' | 'new', string[]> = { old: [], new: [] };
  const denial = `HTTP/1.1 404 Not Found\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: 19\r\n\r\n404 page not found\n`;
  plane.old.onUpgrade = answering(denial, asked.old);
  plane.new.onUpgrade = answering(
    'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\nevents',
    asked.new,
  );
  const { servingCa, jane } = plane.pki;
  const { port } = new URL(plane.daemon.servingAddress);
  const client = connect({ host: '127.0.0.1', port: Number(port), ca: servingCa.cert, cert: jane.cert, key: jane.key });
  client.on('error', () => {});
  await once(client, 'secureConnect');
  const target = `${PATH}?watch=1`;
  client.write(`GET ${target} HTTP/1.1\r\nHost: api\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n`);
  const answer = await readToEnd(client);
  assert.match(answer, /^HTTP\/1\.1 101 /);
  assert.match(answer, /\r\n\r\nevents$/);
  assert.deepEqual(asked, { old: [target], new: [target] });
});

test('an upload of which the server took little before it said "unknown" is sent again whole, one that it took is not', async (t) => {
  const plane = await startEmbeddedControlPlane(t);
  const large = 'x'.repeat(600 * KIB);
  let received = 0;
  plane.new.handler = async (stream) => {
    received = (await buffer(stream)).length;
    sendJson(stream, 201, {});
  };
  plane.old.handler = sendUnknown;
  const client = await plane.client();
  const early = await client.request({ method: 'POST', path: PATH, body: large });
  assert.deepEqual([early.status, received], [201, large.length]);

  plane.old.handler = async (stream) => {
    await buffer(stream);
    sendUnknown(stream);
  };
  const late = await client.request({ method: 'POST', path: PATH, body: large });
  assert.deepEqual([late.status, late.headers['retry-after']], [503, '1'], late.text);
  assert.match(late.text, /Nothing was executed/);
  assert.deepEqual([plane.old.requests.length, plane.new.requests.length], [2, 1]);
});

test('a path that does not fit its type gets the 404 of a server, byte for byte, after each was asked once', async (t) => {
  const plane = await startEmbeddedControlPlane(t);
  const wrong: StreamHandler = (stream) => {
    stream.respond({
      ':status': 404,
      'audit-id': 'b7b1a1c4',
      'cache-control': 'no-cache, private',
      'content-type': 'application/json',
      'x-kubernetes-pf-flowschema-uid': 'u',
      'content-length': String(UNKNOWN_STATUS.length),
    });
    stream.end(UNKNOWN_STATUS);
  };
  plane.old.handler = wrong;
  plane.new.handler = wrong;
  const path = '/apis/apps/v1/deployments/x';
  const client = await plane.client();
  const answer = await client.request({ path });
  assert.deepEqual([answer.status, answer.text, answer.end], [404, UNKNOWN_STATUS, { kind: 'complete' }]);
  const { 'audit-id': auditId, 'content-length': length, 'x-kubernetes-pf-flowschema-uid': flow } = answer.headers;
  assert.deepEqual([auditId, length, flow], ['b7b1a1c4', String(UNKNOWN_STATUS.length), 'u']);
  assert.deepEqual([plane.old.requests, plane.new.requests], [[`GET ${path}`], [`GET ${path}`]]);
  assert.doesNotMatch(await metrics(plane), /unexpected_404_total\{/, 'no server is wrong');
  // The type has such paths, and every server denies it all the same.
  const { status } = await client.request({ path: '/apis/apps/v1/namespaces/a/deployments/x' });
  assert.equal(status, 404);
  assert.match(await metrics(plane), /unexpected_404_total\{.*resource="deployments".*outcome="relayed"\} 1/);
});

test('that a metric has no values just now is no unexpected 404, though its details are empty', async (t) => {
  const plane = await startEmbeddedControlPlane(t);
  const missing = `${JSON.stringify({
    kind: 'Status',
    status: 'Failure',
    message: 'the server could not find the metric http_requests for pods',
    reason: 'NotFound',
    code: 404,
  })}\n`;
  plane.old.handler = (stream) => send(stream, 404, 'application/json', missing);
  const client = await plane.client();
  const answer = await client.request({ path: `${PATH}/x` });
  assert.deepEqual([answer.status, answer.text], [404, missing]);
  assert.deepEqual([plane.old.requests.length, plane.new.requests.length], [1, 0]);
  assert.doesNotMatch(await metrics(plane), /unexpected_404_total\{/);
});

test('the 404 of an object passes from the server that was asked, and so does whatever a workload says', async (t) => {
  const plane = await startEmbeddedControlPlane(t);
  const missing = `${JSON.stringify({
    kind: 'Status',
    reason: 'NotFound',
    details: { name: 'x', kind: 'configmaps' },
    code: 404,
  })}\n`;
  plane.old.handler = (stream, headers) => {
    if (headers[':path']?.includes('/proxy/')) sendUnknown(stream);
    else send(stream, 404, 'application/json', missing);
  };
  const client = await plane.client();
  const object = await client.request({ path: `${PATH}/x` });
  assert.deepEqual([object.status, object.text], [404, missing]);
  const workload = { method: 'POST', path: '/api/v1/namespaces/default/pods/x/proxy/pay', body: BODY };
  const answer = await client.request(workload);
  assert.deepEqual([answer.status, answer.text], [404, '404 page not found\n']);
  assert.deepEqual([plane.old.requests.length, plane.new.requests.length], [2, 0]);
  assert.equal((await metrics(plane)).match(/^mvproxy_\w+\{/m), null);
});

/** Nothing but requests makes the proxy read. */
const READ_BY_REQUESTS = { flags: { 'discovery-interval-seconds': '3600', 'discovery-stale-after-seconds': '3601' } };

test('a server that came back with an older binary: nobody sees a 404, and it is asked no more', async (t) => {
  const plane = await startEmbeddedControlPlane(t, READ_BY_REQUESTS);
  const before = await changesOfOld(plane);
  plane.old.discovery = without('1.34.4', 'configmaps');
  plane.old.handler = sendUnknown;
  plane.new.handler = echo('new');
  const client = await plane.client();
  const answer = await client.request({ method: 'POST', path: PATH, body: BODY });
  assert.deepEqual([answer.status, plane.old.requests], [201, [`POST ${PATH}`]], answer.text);
  while ((await changesOfOld(plane)) === before);
  assert.equal((await client.request({ path: PATH })).status, 200);
  assert.deepEqual(plane.old.requests, [`POST ${PATH}`]);
});

/** From when nobody serves what both served until then. */
async function bothLose(t: TestContext, flags: Readonly<Record<string, string>>) {
  const plane = await startEmbeddedControlPlane(t, { flags: { ...READ_BY_REQUESTS.flags, ...flags } });
  plane.old.discovery = without('1.34.4', 'configmaps');
  plane.new.discovery = without('1.37.2', 'configmaps');
  for (const server of [plane.old, plane.new]) server.handler = sendUnknown;
  return (await plane.client()).request({ method: 'POST', path: PATH, body: BODY });
}

test('a type that is gone when it is asked for, after the departure grace: the 404 is genuine', async (t) => {
  const answer = await bothLose(t, { 'departure-grace-seconds': '0' });
  assert.deepEqual([answer.status, answer.text], [404, '404 page not found\n']);
});

test('a built-in type that no server came back with is answered 503 for the departure grace', async (t) => {
  const { status, headers, text } = await bothLose(t, {});
  assert.deepEqual([status, headers['retry-after']], [503, '1']);
  assert.match(text, /new@before \(came back without some of its types\)/);
});

test('servers that cannot be read again deny what they list: 503 until it is known who is right', async (t) => {
  const plane = await startEmbeddedControlPlane(t, READ_BY_REQUESTS);
  const servers: readonly FakeApiServer[] = [plane.old, plane.new];
  for (const server of servers) {
    server.handler = sendUnknown;
    server.discoveryStatus = 500;
  }
  const client = await plane.client();
  const answer = await client.request({ path: PATH });
  assert.deepEqual([answer.status, answer.headers['retry-after']], [503, '1'], answer.text);
  assert.match(JSON.parse(answer.text).message, /answered that configmaps\.v1 is unknown, but discovery lists it/);
  assert.deepEqual([plane.old.requests.length, plane.new.requests.length], [1, 1]);
  assert.match(await metrics(plane), /unexpected_404_total\{.*outcome="unavailable"\} 1/);

  plane.old.discoveryStatus = 200;
  plane.new.discoveryStatus = 200;
  assert.equal((await client.request({ path: PATH })).status, 404, 'both were read since');
});

const GIZMOS = '/apis/just-created.example/v1/gizmos';
const DEFINITION = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions/gizmos.just-created.example';
const definition = (...conditions: readonly string[]) => ({
  metadata: { uid: 'u' },
  spec: { versions: [{ name: 'v1', served: true }] },
  status: { conditions: conditions.map((type) => ({ type, status: 'True' })) },
});

test('a type that was declared a moment ago is waited for, and nobody sees that it was not there', async (t) => {
  const plane = await startEmbeddedControlPlane(t);
  let asked = 0;
  const serve: StreamHandler = (stream, headers) => {
    if (headers[':path'] === DEFINITION) sendJson(stream, 200, definition('NamesAccepted'));
    else if (headers[':path'] !== GIZMOS || asked++ < 3) sendUnknown(stream);
    else echo('old')(stream, headers);
  };
  plane.old.handler = serve;
  plane.new.handler = serve;
  const answer = await (await plane.client()).request({ method: 'POST', path: GIZMOS, body: BODY });
  assert.equal(answer.status, 201, answer.text);
  assert.deepEqual([JSON.parse(answer.text).body, asked], [BODY, 4]);
  assert.match(await metrics(plane), /false_404_prevented_total\{.*resource="gizmos".*how="awaited"\} 1/);
});

test('one that never comes to be served is 503 that clients repeat; one that is being deleted is 404', async (t) => {
  const plane = await startEmbeddedControlPlane(t);
  let object: object = definition('NamesAccepted');
  const serve: StreamHandler = (stream, headers) =>
    headers[':path'] === DEFINITION ? sendJson(stream, 200, object) : sendUnknown(stream);
  plane.old.handler = serve;
  plane.new.handler = serve;
  const client = await plane.client();
  const waited = await client.request({ path: GIZMOS });
  assert.deepEqual([waited.status, waited.headers['retry-after']], [503, '1'], waited.text);
  assert.match(JSON.parse(waited.text).message, /gizmos\.v1\.just-created\.example was declared a moment ago/);
  object = { ...object, metadata: { uid: 'u', deletionTimestamp: '2026-01-01T00:00:00Z' } };
  assert.equal((await client.request({ path: GIZMOS })).status, 404);
});
