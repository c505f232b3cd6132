import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { parse } from 'yaml';
import { labKubeconfig, singleKubeconfig } from './kubeconfig.ts';

const users = {
  admin: { kind: 'certificate', cert: 'CERT', key: 'KEY' },
  robot: { kind: 'token', token: 'a: "b" #c' },
} as const;

test('every context leads to its server as its user, and the first is current', () => {
  const text = labKubeconfig(
    [
      { name: 'proxy', server: 'https://127.0.0.1:1', ca: 'CA', user: 'admin' },
      { name: 'server-1', server: 'https://127.0.0.1:2', ca: 'CA', user: 'robot' },
    ],
    users,
  );
  const config = parse(text);
  assert.equal(config['current-context'], 'proxy');
  assert.deepEqual(config.contexts, [
    { name: 'proxy', context: { cluster: 'proxy', user: 'admin' } },
    { name: 'server-1', context: { cluster: 'server-1', user: 'robot' } },
  ]);
  const [first, second] = config.clusters;
  assert.deepEqual(first, {
    name: 'proxy',
    cluster: { server: 'https://127.0.0.1:1', 'certificate-authority-data': Buffer.from('CA').toString('base64') },
  });
  assert.equal(second.cluster.server, 'https://127.0.0.1:2');
  assert.deepEqual(config.users[1], { name: 'robot', user: { token: 'a: "b" #c' } });
});

test('a kubeconfig with one context', () => {
  const config = parse(singleKubeconfig('https://127.0.0.1:1', 'CA', users.robot));
  assert.equal(config['current-context'], 'default');
  assert.deepEqual(config.contexts, [{ name: 'default', context: { cluster: 'default', user: 'default' } }]);
  assert.deepEqual(config.users, [{ name: 'default', user: { token: users.robot.token } }]);
});

test('our own reader of kubeconfigs understands it', async (t) => {
  const { readKubeconfig } = await import('../../config/kubeconfig.ts');
  const { createPki } = await import('./pki.ts');
  const directory = await mkdtemp(join(tmpdir(), 'mvproxy-kubeconfig-'));
  t.after(() => rm(directory, { recursive: true }));
  const pki = await createPki(join(directory, 'pki'));
  const file = join(directory, 'config');
  const contexts = [{ name: 'proxy', server: 'https://127.0.0.1:1', ca: pki.servingCa.cert, user: 'admin' }];
  await writeFile(file, labKubeconfig(contexts, { admin: { kind: 'certificate', ...pki.admin } }));
  const access = await readKubeconfig(file);
  assert.equal(access.certificate?.cert, pki.admin.cert);
  assert.equal(access.ca?.trim(), pki.servingCa.cert.trim());
});
