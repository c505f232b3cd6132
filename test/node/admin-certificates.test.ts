import assert from 'node:assert/strict';
import { rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { run } from '../../src/cli/main.ts';
import { capturedIo } from '../../src/cli/testing/captured-io.ts';
import { H1Client, H2Client } from '../support/api-client.ts';
import { type Issued, TestCa } from '../support/certificates.ts';
import { startEmbeddedControlPlane } from '../support/embedded-daemon.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';

/** A proxy whose admin listener others than this machine reach. */
async function setUp(t: TestContext, flags: Readonly<Record<string, string>> = {}) {
  const directory = await temporaryDirectory(t);
  const ca = await TestCa.create('admin-ca');
  const file = (name: string) => join(directory, name);
  await writeFile(file('admin-ca.crt'), ca.cert);
  const plane = await startEmbeddedControlPlane(t, {
    flags: { 'admin-bind-address': '0.0.0.0', 'admin-client-ca-file': file('admin-ca.crt'), ...flags },
  });
  const address = plane.daemon.adminAddress ?? '';
  assert.match(address, /^https:\/\/0\.0\.0\.0:\d+$/);
  const url = address.replace('0.0.0.0', '127.0.0.1');
  const { cert: servingCa } = plane.pki.servingCa;
  return {
    ca,
    plane,
    url,
    file,
    servingCa,
    async get(path: string, certificate?: Issued, headers: Readonly<Record<string, string>> = {}) {
      const client = new H1Client(url, { ca: servingCa, ...certificate });
      t.after(() => client.close());
      const { status, text } = await client.request({ path, headers });
      return { status, text };
    },
  };
}

test('whoever has no certificate of the CA learns how the proxy is, and nothing else', async (t) => {
  const { ca, get } = await setUp(t);
  const stranger = await (await TestCa.create('admin-ca')).issue({ commonName: 'prometheus', usage: 'client' });
  const late = await ca.issue({ commonName: 'prometheus', usage: 'client', notAfter: new Date(Date.now() - 60_000) });
  const server = await ca.issue({ commonName: 'prometheus', usage: 'server' });
  for (const path of ['/livez', '/readyz', '/healthz']) assert.equal((await get(path)).status, 200, path);
  const pages = ['/metrics', '/status', '/decisions', '/events', '/console/', '/', '/livez/../status', '/nothing'];
  for (const path of pages) {
    for (const certificate of [undefined, stranger, late, server]) {
      const { status, text } = await get(path, certificate);
      assert.equal(status, 401, path);
      assert.equal(JSON.parse(text).error.code, 'Unauthorized');
    }
  }
  assert.match((await get('/status')).text, /asks for a client certificate of its CA .* none came/);
  assert.match((await get('/status', late)).text, /yours cannot be used: CERT_HAS_EXPIRED/);
});

test('a certificate of the CA opens everything, over HTTP/2, too, and by the name of the machine', async (t) => {
  const { ca, get, url, servingCa } = await setUp(t);
  const prometheus = await ca.issue({ commonName: 'prometheus', usage: 'client' });
  for (const path of ['/metrics', '/status', '/decisions', '/console/']) {
    assert.equal((await get(path, prometheus, { host: 'kubernetes.default.svc:6444' })).status, 200, path);
  }
  assert.equal((await get('/status', prometheus, { origin: 'https://attacker.example' })).status, 403);
  const client = await H2Client.connect(url, { ca: servingCa, ...prometheus });
  t.after(() => client.close());
  assert.equal((await client.request({ path: '/metrics' })).status, 200);
});

test('a certificate of the users’ CA, which kubelets have, is none for the admin listener', async (t) => {
  const { get, plane } = await setUp(t);
  const { cert, key } = plane.pki.admin;
  assert.equal((await get('/status', { cert, key })).status, 401);
});

test('with names only those may read, and another CA is taken without a restart', async (t) => {
  const { ca, get, file, plane } = await setUp(t, { 'admin-allowed-names': 'prometheus' });
  const prometheus = await ca.issue({ commonName: 'prometheus', usage: 'client' });
  const jane = await ca.issue({ commonName: 'jane', usage: 'client' });
  assert.equal((await get('/status', prometheus)).status, 200);
  const refused = await get('/status', jane);
  assert.equal(refused.status, 403);
  assert.match(refused.text, /"jane\\" is valid, but --admin-allowed-names does not name it/);

  const next = await TestCa.create('next-admin-ca');
  await writeFile(file('next'), next.cert);
  await rename(file('next'), file('admin-ca.crt'));
  for (;;) if ((await plane.log.next()).message === 'certificate files were reloaded') break;
  assert.equal((await get('/status', prometheus)).status, 401);
  assert.equal((await get('/status', await next.issue({ commonName: 'prometheus', usage: 'client' }))).status, 200);
});

test('commands read it with a certificate, and say what is missing without', async (t) => {
  const { ca, url, file, servingCa } = await setUp(t);
  const { cert, key } = await ca.issue({ commonName: 'jane', usage: 'client' });
  await Promise.all([
    writeFile(file('serving-ca.crt'), servingCa),
    writeFile(file('jane.crt'), cert),
    writeFile(file('jane.key'), key),
  ]);
  const mvproxy = async (...args: readonly string[]) => {
    const io = capturedIo({ environment: {} });
    const code = await run(['node', 'mvproxy', ...args], io);
    return { code, out: io.out, err: io.err };
  };
  const authority = `--admin-certificate-authority=${file('serving-ca.crt')}`;
  const jane = [`--admin-client-certificate=${file('jane.crt')}`, `--admin-client-key=${file('jane.key')}`];
  const there = [`--admin-server=${url}`, authority, ...jane];
  for (const command of [['status'], ['skew'], ['explain', 'GET', '/api/v1/pods'], ['verify', 'apps/v1/deployments']]) {
    const { code, out, err } = await mvproxy(...command, ...there);
    assert.deepEqual([code, err], [0, ''], command.join(' '));
    assert.notEqual(out, '');
  }
  const without = await mvproxy('status', `--admin-server=${url}`);
  assert.equal(without.code, 2);
  assert.match(without.err, /speaks HTTPS needs --admin-certificate-authority, --admin-client-certificate and/);
  const plain = await mvproxy('status', '--admin-server=http://127.0.0.1:1', authority);
  assert.equal(plain.code, 2);
  assert.match(plain.err, /are for an admin listener that speaks HTTPS, but --admin-server is http:/);
  const wrong = await mvproxy(
    'status',
    `--admin-server=${url}`,
    `--admin-certificate-authority=${file('jane.crt')}`,
    ...jane,
  );
  assert.equal(wrong.code, 3);
  assert.match(wrong.err, /No running proxy answers at https:/);
  const lost = await mvproxy(
    'status',
    ...there.slice(0, 2),
    `--admin-client-certificate=${file('no')}`,
    ...jane.slice(1),
  );
  assert.equal(lost.code, 2);
  assert.match(lost.err, /^--admin-client-certificate: .*no does not exist/);
});
