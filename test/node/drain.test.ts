import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { ServerHttp2Stream } from 'node:http2';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { test } from 'node:test';
import { createPki } from '../../src/lab/pki/pki.ts';
import { bodyEnd, type Credentials, connectClient, H1Client, H2Client } from '../support/api-client.ts';
import { startFake } from '../support/embedded-daemon.ts';
import { type FakeApiServer, sendJson } from '../support/fake-api-server.ts';
import { Inbox } from '../support/loopback.ts';
import { type ServeProcess, startServe } from '../support/serve-process.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';

const PATH = '/api/v1/namespaces/default/configmaps';

interface Plane {
  readonly server: FakeApiServer;
  readonly proxy: ServeProcess;
  readonly credentials: Credentials;
}

async function startPlane(t: TestContext, flags: Readonly<Record<string, string>>): Promise<Plane> {
  const pki = await createPki(join(await temporaryDirectory(t), 'pki'));
  const server = await startFake(t, pki, 'only', '1.37.2');
  const proxy = await startServe(t, { pki, servers: [server], flags });
  return { server, proxy, credentials: { ca: pki.servingCa.cert, cert: pki.admin.cert, key: pki.admin.key } };
}

test('SIGTERM lets requests in progress finish in both protocols, takes no others, and ends with 0', async (t) => {
  const { server, proxy, credentials } = await startPlane(t, { 'shutdown-drain-seconds': '60' });
  const arrivals = new Inbox<ServerHttp2Stream>();
  server.handler = arrivals.put;
  const h2 = await H2Client.connect(proxy.url, credentials);
  const goaway = once(h2.session, 'goaway');
  const h1 = await connectClient('http/1.1', proxy.url, credentials);
  const idle = await H2Client.connect(proxy.url, credentials);
  const idleGone = once(idle.session, 'close');
  const answers = [h2.request({ path: PATH }), h1.request({ method: 'POST', path: PATH, body: '{}' })];
  const streams = [await arrivals.next(), await arrivals.next()];

  proxy.child.kill('SIGTERM');

  await goaway;
  await idleGone;
  await assert.rejects(new H1Client(proxy.url, credentials).open({ path: PATH }), /ECONNREFUSED/);
  const readyz = await new H1Client(proxy.adminUrl, credentials).request({ path: '/readyz' });
  assert.equal(readyz.status, 503, 'a load balancer looks for another one');
  for (const stream of streams) sendJson(stream, 200, { finished: true });
  for (const answer of await Promise.all(answers)) {
    assert.equal(answer.status, 200);
    assert.deepEqual(JSON.parse(answer.text), { finished: true });
    assert.deepEqual(answer.end, { kind: 'complete' });
  }
  assert.deepEqual(await proxy.exited, { code: 0, signal: null });
});

test('what is not finished when the drain time is over is cut off, and the end is 0 all the same', async (t) => {
  const { server, proxy, credentials } = await startPlane(t, { 'shutdown-drain-seconds': '0.3' });
  server.handler = (stream) => {
    stream.respond({ ':status': 200 });
    stream.write('{"type":"ADDED"}\n');
  };
  const h2 = await H2Client.connect(proxy.url, credentials);
  const { body } = await h2.open({ path: `${PATH}?watch=true` });
  await once(body, 'readable');
  body.resume();

  proxy.child.kill('SIGTERM');

  assert.equal((await bodyEnd(body)).kind, 'broken', 'a watch that ends well would be believed');
  assert.deepEqual(await proxy.exited, { code: 0, signal: null });
});
