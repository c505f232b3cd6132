import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { ServerHttp2Stream } from 'node:http2';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { test } from 'node:test';
import { createPki } from '../../src/lab/pki/pki.ts';
import { bodyEnd, type Credentials, connectClient, H1Client, H2Client, PROTOCOLS } from '../support/api-client.ts';
import { startFake } from '../support/embedded-daemon.ts';
import { type FakeApiServer, sendJson } from '../support/fake-api-server.ts';
import { Inbox } from '../support/loopback.ts';
import { type ServeProcess, startServe } from '../support/serve-process.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';
import { WatchLines } from '../support/watch-lines.ts';

const PATH = '/api/v1/namespaces/default/configmaps';

interface Plane {
  readonly server: FakeApiServer;
  readonly proxy: ServeProcess;
  readonly credentials: Credentials;
}

async function startPlane(t: TestContext, flags: Readonly<Record<string, string>>): Promise<Plane> {
  const pki = await createPki(join(await temporaryDirectory(t), 'pki'));
  const server = await startFake(t, pki, 'only', '1.37.2');
  const proxy = await startServe(t, { pki, servers: [server], flags: { 'shutdown-delay-duration': '0', ...flags } });
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
  await untilRefused(proxy.url, credentials);
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

test('SIGTERM is heard by balancers first: for the delay everything is served, but readiness fails on both ports', async (t) => {
  const { server, proxy, credentials } = await startPlane(t, {
    'shutdown-delay-duration': '1m',
    'shutdown-drain-seconds': '0',
  });
  server.handler = (stream) => sendJson(stream, 200, {});
  proxy.child.kill('SIGTERM');
  await proxy.logged(/stopping/);
  const readyz = await new H1Client(proxy.adminUrl, credentials).request({ path: '/readyz' });
  assert.equal(readyz.status, 503);
  assert.match(readyz.text, /shutting down/);
  for (const protocol of PROTOCOLS) {
    const client = await connectClient(protocol, proxy.url, credentials);
    assert.equal((await client.request({ path: '/readyz' })).status, 500, 'balancers ask where clients connect');
    assert.equal((await client.request({ path: PATH })).status, 200);
    client.close();
  }
  proxy.child.kill('SIGTERM');
  assert.deepEqual(await proxy.exited, { code: 1, signal: null }, 'a second signal ends it at once');
});

/** Whoever connects between GOAWAY and the end of the port finds his connection broken; from then on there is nobody. */
async function untilRefused(url: string, credentials: Credentials): Promise<void> {
  for (;;) {
    const code = await new H1Client(url, credentials).open({ path: PATH }).then(
      () => assert.fail('a request was taken'),
      (error: NodeJS.ErrnoException) => error.code,
    );
    if (code === 'ECONNREFUSED') return;
  }
}

for (const protocol of PROTOCOLS) {
  test(`a watch over ${protocol} ends cleanly between two events, a log goes on to the end of the drain`, async (t) => {
    const { server, proxy, credentials } = await startPlane(t, {
      'shutdown-watch-termination-grace-period': '1ms',
      // What is asserted of the log has to be seen before it is over, however busy the machine is.
      'shutdown-drain-seconds': '8',
    });
    const streams = new Inbox<ServerHttp2Stream>();
    server.handler = (stream) => {
      stream.respond({ ':status': 200, 'content-type': 'application/json' });
      streams.put(stream);
    };
    const client = await connectClient(protocol, proxy.url, credentials);
    const watch = await client.open({ path: `${PATH}?watch=true` });
    const fromServer = await streams.next();
    const lines = new WatchLines(watch.body);
    const log = await client.open({ path: '/api/v1/namespaces/default/pods/a/log?follow=true' });
    const logStream = await streams.next();
    const left = once(fromServer, 'close');
    fromServer.write('{"type":"ADDED"}\n{"type":"MOD');
    await lines.until(1);

    proxy.child.kill('SIGTERM');
    // Whenever it ends, an event is half out: it is completed, and nothing of the next one is begun.
    const events = setInterval(() => fromServer.write('IFIED"}\n{"type":"MOD'), 10);
    t.after(() => clearInterval(events));

    assert.deepEqual(await lines.end, { kind: 'complete' });
    assert.equal(lines.rest, '');
    assert.equal(lines.lines.shift(), '{"type":"ADDED"}');
    assert.ok(lines.lines.length > 0);
    for (const line of lines.lines) assert.equal(line, '{"type":"MODIFIED"}');
    await left;
    clearInterval(events);
    logStream.write('still written');
    const [text] = (await once(log.body, 'data')) as [Buffer];
    assert.equal(text.toString(), 'still written');
    log.body.resume();
    assert.equal((await bodyEnd(log.body)).kind, 'broken', 'a log that ends well would be believed to be whole');
    assert.deepEqual(await proxy.exited, { code: 0, signal: null });
  });
}
