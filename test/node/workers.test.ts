import assert from 'node:assert/strict';
import { once } from 'node:events';
import { rename, writeFile } from 'node:fs/promises';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import type { StatusReport } from '../../src/admin/status-report.ts';
import { createPki } from '../../src/lab/pki/pki.ts';
import { H1Client } from '../support/api-client.ts';
import { startFake } from '../support/embedded-daemon.ts';
import { sendJson } from '../support/fake-api-server.ts';
import { type ServeProcess, startServe } from '../support/serve-process.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';

const PATH = '/api/v1/namespaces/default/configmaps';
const FLAGS = { 'shutdown-delay-duration': '0', 'shutdown-drain-seconds': '1' };

async function setUp(t: TestContext) {
  const pki = await createPki(join(await temporaryDirectory(t), 'pki'));
  const server = await startFake(t, pki, 'only', '1.37.2');
  server.handler = (stream) => sendJson(stream, 200, {});
  const credentials = { ca: pki.servingCa.cert, cert: pki.admin.cert, key: pki.admin.key };
  return {
    pki,
    server,
    serve: (
      flags: Readonly<Record<string, string>>,
      options: { readonly listenOn?: ReturnType<typeof createServer> } = {},
    ) => startServe(t, { pki, servers: [server], flags: { ...FLAGS, ...flags }, ...options }),
    /** The status of one request on a connection of its own. */
    async status({ url }: ServeProcess): Promise<number> {
      const client = new H1Client(url, credentials);
      try {
        return (await client.request({ path: PATH })).status;
      } finally {
        client.close();
      }
    },
  };
}

async function ended(proxy: ServeProcess): Promise<void> {
  proxy.child.kill('SIGTERM');
  assert.deepEqual(await proxy.exited, { code: 0, signal: null });
}

for (const workers of ['0', '2']) {
  test(`a socket of systemd is served on, with ${workers} workers`, async (t) => {
    const { serve, status } = await setUp(t);
    const listenOn = createServer().listen(0, '127.0.0.1');
    await once(listenOn, 'listening');
    const { port } = listenOn.address() as AddressInfo;
    const proxy = await serve({ workers }, { listenOn });
    assert.equal(new URL(proxy.url).port, String(port));
    assert.equal(await status(proxy), 200);
    await ended(proxy);
  });
}

test('each worker counts what went through it, and says where the others are', async (t) => {
  const { serve, status } = await setUp(t);
  const proxy = await serve({ workers: '2' });
  assert.equal(proxy.adminUrls.length, 2);
  for (let i = 0; i < 4; i++) assert.equal(await status(proxy), 200);
  for (const [at, url] of proxy.adminUrls.entries()) {
    const answer = await fetch(`${url}/status`);
    const { decisions, otherWorkers }: StatusReport = JSON.parse(await answer.text());
    assert.equal(decisions.requests, 2, 'connections are taken in turn');
    assert.deepEqual(otherWorkers, [proxy.adminUrls[1 - at]]);
  }
  await ended(proxy);
});

test('workers whose admin listeners ask for certificates say where the others are, by https', async (t) => {
  const { serve, pki } = await setUp(t);
  const proxy = await serve({ workers: '2', 'admin-client-ca-file': pki.clientCa.certFile });
  const credentials = { ca: pki.servingCa.cert, cert: pki.admin.cert, key: pki.admin.key };
  for (const [at, url] of proxy.adminUrls.entries()) {
    assert.match(url, /^https:/);
    const client = new H1Client(url, credentials);
    const { text } = await client.request({ path: '/status' });
    client.close();
    const { otherWorkers }: StatusReport = JSON.parse(text);
    assert.deepEqual(otherWorkers, [proxy.adminUrls[1 - at]]);
  }
  await ended(proxy);
});

test('a worker that is killed is replaced, and every new connection is served meanwhile', async (t) => {
  const { serve, status } = await setUp(t);
  const proxy = await serve({ workers: '2' });
  const [victim] = workersOf(proxy);
  assert.ok(victim !== undefined);
  process.kill(victim, 'SIGKILL');
  await proxy.logged(/ended unexpectedly/);
  for (let i = 0; i < 10; i++) assert.equal(await status(proxy), 200);
  await ended(proxy);
});

test('SIGUSR2 with a configuration that cannot be used changes nothing, and says why', async (t) => {
  const { serve, status, pki } = await setUp(t);
  const proxy = await serve({ workers: '1' });
  const { certFile } = pki.proxyServing;
  await writeFile(`${certFile}.next`, 'no certificate');
  await rename(`${certFile}.next`, certFile);
  proxy.child.kill('SIGUSR2');
  const line = await proxy.logged(/given up/);
  assert.match(line, /exit code 2/);
  assert.ok(
    proxy.log.some((one) => one.includes(certFile) && one.includes('PEM')),
    'the new worker said what is wrong',
  );
  for (const entry of proxy.log) assert.doesNotThrow(() => JSON.parse(entry), `in the middle of the log: ${entry}`);
  assert.equal(await status(proxy), 200);
  await ended(proxy);
});

test('workers whose supervisor is killed finish and end', async (t) => {
  const { serve } = await setUp(t);
  const proxy = await serve({ workers: '2' });
  const closed = once(proxy.child, 'close');
  proxy.child.kill('SIGKILL');
  // The workers have its standard error, which closes when the last of them has ended.
  await closed;
  assert.equal(proxy.log.filter((line) => /"worker":[01],"message":"stopped"/.test(line)).length, 2);
});

test('without workers SIGUSR2 changes nothing, and says what to do', async (t) => {
  const { serve, status } = await setUp(t);
  const proxy = await serve({});
  proxy.child.kill('SIGUSR2');
  await proxy.logged(/--workers 1 or more/);
  assert.equal(await status(proxy), 200);
  await ended(proxy);
});

test('a proxy that starts before its servers says what it waits for, answers 503, and serves when they are there', async (t) => {
  const { server, serve, status, pki } = await setUp(t);
  await server.stop();
  const proxy = await serve({ 'health-interval-seconds': '0.05' });
  const admin = new H1Client(proxy.adminUrl, { ca: '' });
  t.after(() => admin.close());
  const readyz = await admin.request({ path: '/readyz' });
  assert.equal(readyz.status, 503);
  assert.match(readyz.text, /no API server is ready \(only: .+\)/);
  const client = new H1Client(proxy.url, { ca: pki.servingCa.cert, cert: pki.admin.cert, key: pki.admin.key });
  t.after(() => client.close());
  const answer = await client.request({ path: PATH });
  assert.equal(answer.status, 503);
  assert.equal(answer.headers['retry-after'], '1');
  await server.start();
  await proxy.logged(/server is ready/);
  assert.equal(await status(proxy), 200);
  assert.equal((await admin.request({ path: '/readyz' })).status, 200);
});

function workersOf({ log }: ServeProcess): readonly number[] {
  return log.flatMap((line) => /"pid":(\d+),"message":"a worker was started"/.exec(line)?.[1] ?? []).map(Number);
}
