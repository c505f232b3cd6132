import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import type { Logger } from '../../observe/logger.ts';
import { LabClient } from '../client/lab-client.ts';
import { requestOnce } from '../control-plane/request-once.ts';
import { type EmbeddedPlaneOptions, startEmbeddedPlane } from './embedded-plane.ts';
import type { LabPlane } from './lab-plane.ts';
import type { LabServer } from './lab-server.ts';

const ignore = (): void => {};
const logger: Logger = { debug: ignore, info: ignore, warn: ignore, error: ignore };
const CONFIG_MAPS = '/api/v1/namespaces/default/configmaps';
const NEW_TYPE = '/apis/certificates.k8s.io/v1/clustertrustbundles';

async function startPlane(t: TestContext, options: Partial<EmbeddedPlaneOptions> = {}): Promise<LabPlane> {
  const plane = await startEmbeddedPlane({ versions: ['1.34', '1.37'], builtIn: 'none', logger, ...options });
  t.after(() => plane.close());
  return plane;
}

function client(t: TestContext, { pki, adminToken }: LabPlane, { url }: LabServer, timeoutMs = 5_000): LabClient {
  const { cert: ca } = pki.servingCa;
  const made = new LabClient({ name: 'test', url, ca, token: adminToken, userAgent: 'test', timeoutMs });
  t.after(() => made.close());
  return made;
}

async function status(asked: LabClient, path: string): Promise<number> {
  return (await asked.request('GET', path)).status;
}

/** The servers of a plane of two. */
function pair({ servers: [old, newer] }: LabPlane): readonly [LabServer, LabServer] {
  assert.ok(old !== undefined && newer !== undefined);
  return [old, newer];
}

test('servers of different versions serve their own types, and share one store', async (t) => {
  const plane = await startPlane(t);
  const [old, newer] = pair(plane).map((server) => client(t, plane, server));
  assert.ok(old !== undefined && newer !== undefined);
  await old.json('POST', CONFIG_MAPS, { body: { metadata: { name: 'shared' }, data: { a: '1' } } });
  assert.equal(await status(newer, `${CONFIG_MAPS}/shared`), 200);
  assert.deepEqual([await status(old, NEW_TYPE), await status(newer, NEW_TYPE)], [404, 200]);
});

test('an upgrade in place keeps address and objects', async (t) => {
  const plane = await startPlane(t);
  const [old] = pair(plane);
  const { url } = old;
  await client(t, plane, old).json('POST', CONFIG_MAPS, { body: { metadata: { name: 'kept' } } });
  await old.stop();
  assert.equal(old.state, 'stopped');
  await old.start({ version: '1.37' });
  assert.deepEqual([old.url, old.version, old.state], [url, '1.37.2', 'ready']);
  const upgraded = client(t, plane, old);
  assert.equal(await status(upgraded, `${CONFIG_MAPS}/kept`), 200);
  assert.equal(await status(upgraded, NEW_TYPE), 200);
});

test('a killed server breaks what is under way and refuses what comes; started again it is the same', async (t) => {
  const plane = await startPlane(t);
  const [, newer] = pair(plane);
  const watching = client(t, plane, newer);
  const ended = new Promise((resolve) => {
    watching.watch(`${CONFIG_MAPS}?watch=true&resourceVersion=0`, { event: ignore, end: resolve });
  });
  assert.equal(await status(watching, '/readyz'), 200);
  await newer.kill();
  await ended;
  const { hostname, port } = new URL(newer.url);
  const probe = createServer();
  probe.listen(Number(port), hostname);
  await once(probe, 'listening');
  probe.close();
  await once(probe, 'close');
  await newer.start();
  assert.equal(await status(client(t, plane, newer), '/readyz'), 200);
});

test('a server that is told to stop fails readiness first and still answers', async (t) => {
  const plane = await startPlane(t);
  const [old] = pair(plane);
  const asking = client(t, plane, old);
  assert.equal(await status(asking, '/readyz'), 200);
  const stopped = old.stop();
  assert.equal(old.state, 'draining');
  assert.deepEqual([await status(asking, '/readyz'), await status(asking, CONFIG_MAPS)], [500, 200]);
  await stopped;
  await assert.rejects(asking.request('GET', '/readyz'));
});

test('a server that hangs answers nothing, and everything once it goes on', async (t) => {
  const plane = await startPlane(t);
  const [old] = pair(plane);
  const patient = client(t, plane, old, 60_000);
  assert.equal(await status(patient, '/readyz'), 200);
  old.hang();
  let answered = false;
  const late = status(patient, '/readyz').then((code) => {
    answered = true;
    return code;
  });
  const other = client(t, plane, pair(plane)[1]);
  for (let i = 0; i < 20; i++) await status(other, '/readyz');
  assert.deepEqual([old.state, answered], ['hung', false]);
  old.resume();
  assert.deepEqual([await late, old.state], [200, 'ready']);
});

test('with the proxy built in, each server answers for all, also while another one is down', async (t) => {
  const plane = await startPlane(t, { builtIn: 'library', versions: ['1.34', '1.37', '1.37'] });
  const [old, first, second] = plane.servers;
  assert.ok(old !== undefined && first !== undefined && second !== undefined);
  const asking = client(t, plane, old);
  assert.equal(await status(asking, NEW_TYPE), 200);
  await first.kill();
  for (let i = 0; i < 20; i++) assert.equal(await status(asking, NEW_TYPE), 200);
  await second.kill();
  // Clients of the lab repeat as client-go does; this asks once.
  const askOnce = () => requestOnce(`${old.url}${NEW_TYPE}`, { ca: plane.pki.servingCa.cert, token: plane.adminToken });
  assert.equal((await askOnce()).status, 503);
  await first.start();
  while ((await askOnce()).status === 503);
  assert.equal(await status(asking, NEW_TYPE), 200);
});

test('objects in a file outlive the plane', async (t) => {
  const directory = await mkdtemp(join(tmpdir(), 'mvproxy-plane-'));
  t.after(() => rm(directory, { recursive: true }));
  const data = join(directory, 'data');
  const first = await startPlane(t, { data });
  await client(t, first, pair(first)[0]).json('POST', CONFIG_MAPS, { body: { metadata: { name: 'kept' } } });
  await assert.rejects(startPlane(t, { data }), /another/i, 'one file, one lab');
  await first.close();
  const second = await startPlane(t, { data });
  assert.equal(await status(client(t, second, pair(second)[1]), `${CONFIG_MAPS}/kept`), 200);
});

test('a version that is not there is named, with those that are', async () => {
  await assert.rejects(startEmbeddedPlane({ versions: ['1.12'], builtIn: 'none', logger }), /1\.12.*1\.34\.4/s);
});
