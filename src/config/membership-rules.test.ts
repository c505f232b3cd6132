import assert from 'node:assert/strict';
import { test } from 'node:test';
import { loadConfiguration } from './load.ts';
import { needsSeed } from './membership-rules.ts';
import { ConfigurationError } from './problem.ts';

const TLS = { 'tls-cert-file': ['tls.crt'], 'tls-private-key-file': ['tls.key'] };
const load = (flags: Readonly<Record<string, readonly string[]>>) =>
  loadConfiguration({ flags: new Map(Object.entries({ ...TLS, ...flags })), directory: '/base' });

async function messages(flags: Parameters<typeof load>[0]): Promise<string[]> {
  try {
    await load(flags);
    return [];
  } catch (error) {
    assert.ok(error instanceof ConfigurationError);
    return error.problems.map(({ message }) => message);
  }
}

test('any source that needs no other one is enough to begin with', async () => {
  for (const flags of [
    { server: ['a=https://10.0.0.1:6443'] },
    { 'local-server': ['https://10.0.0.1:6443'] },
    { 'membership-dns': ['api.example.com:443,_https._tcp.api.example.com'] },
    { 'membership-leases': ['true'], kubeconfig: ['admin.conf'] },
    { 'membership-endpointslices': ['true'], 'membership-dns': ['api.example.com'] },
  ]) {
    assert.deepEqual(await messages(flags), []);
  }
});

test('without any it is said how servers are named', async () => {
  const [message, ...others] = await messages({});
  assert.deepEqual(others, []);
  assert.match(message ?? '', /names no API server.*--server NAME=/);
  assert.match((await messages({ kubeconfig: ['admin.conf'] }))[0] ?? '', /names no API server/);
});

test('the API cannot be read before somebody is known who could be asked', async () => {
  for (const flag of ['membership-leases', 'membership-endpointslices']) {
    await assert.rejects(load({ [flag]: ['true'] }), {
      message: new RegExp(`^  --${flag}: .*names nobody who could be asked first`, 'm'),
    });
  }
});

test('the cluster of the kubeconfig is asked only when nothing else is there to begin with', async () => {
  const leases = { 'membership-leases': ['true'], kubeconfig: ['admin.conf'] };
  assert.equal(needsSeed(await load(leases)), true);
  assert.equal(needsSeed(await load({ ...leases, server: ['a=https://10.0.0.1:6443'] })), false);
  assert.equal(needsSeed(await load({ ...leases, 'membership-dns': ['api.example.com'] })), false);
});

test('names and networks that are none are refused with an example', async () => {
  for (const name of [
    '10.0.0.1',
    'api.example.com:0',
    'https://api.example.com',
    '_https.api',
    '_https._tcp.api:6443',
  ]) {
    const [message = ''] = await messages({ 'membership-dns': [name] });
    assert.match(message, /must be NAME or NAME:PORT/);
    assert.ok(message.endsWith(`, not "${name}"`), message);
  }
  const server = ['a=https://10.0.0.1:6443'];
  assert.match(
    (await messages({ server, 'membership-allowed-cidrs': ['10.0.0.0/40'] }))[0] ?? '',
    /must be a network.*, not "10[.]0[.]0[.]0[/]40"/,
  );
  const names = Array.from({ length: 17 }, (_, index) => `api-${index}.example.com`);
  assert.deepEqual(await messages({ 'membership-dns': names }), ['must have at most 16 names']);
});
