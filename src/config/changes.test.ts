import assert from 'node:assert/strict';
import { test } from 'node:test';
import { changesForRestart } from './changes.ts';
import { configurationFields } from './fields.ts';
import { loadConfiguration } from './load.ts';

const FLAGS: Readonly<Record<string, string>> = {
  'tls-cert-file': 'tls.crt',
  'tls-private-key-file': 'tls.key',
  server: 'one=https://10.0.0.1:6443',
};

function configuration(changes: Readonly<Record<string, string>> = {}) {
  const values = Object.entries({ ...FLAGS, ...changes });
  return loadConfiguration({ flags: new Map(values.map(([flag, value]) => [flag, [value]])), directory: '/base' });
}

test('nothing needs a restart when nothing changed', async () => {
  assert.deepEqual(changesForRestart(await configuration(), await configuration()), []);
});

test('servers, the names and files of trust take effect without a restart', async () => {
  const changed = await configuration({
    server: 'two=https://10.0.0.2:6443',
    'local-server': 'https://10.0.0.2:6443',
    'server-tls-name': 'apiserver.example.com',
    'requestheader-allowed-names': 'front-proxy-client',
    'requestheader-client-ca-file': 'front-proxy-ca.crt',
    'tls-cert-file': 'other.crt',
    'client-ca-file': 'ca.crt',
  });
  assert.deepEqual(changesForRestart(await configuration(), changed), []);
});

test('every other change is named as in the file', async () => {
  const changed = await configuration({ 'secure-port': '7443', 'health-fall': '5' });
  assert.deepEqual(changesForRestart(await configuration(), changed), ['serving.securePort', 'health.fall']);
});

test('the reference says so of exactly those', () => {
  const named = configurationFields
    .filter(({ reload, filePath }) => reload && !filePath)
    .map(({ path }) => path.join('.'));
  const membership = ['leases', 'endpointSlices', 'dns', 'dnsIntervalSeconds', 'intervalSeconds', 'allowedCIDRs'];
  assert.deepEqual(named, [
    'servers',
    'localServer',
    ...membership.map((key) => `membership.${key}`),
    'peers.serverName',
    'authentication.requestHeader.allowedNames',
    'admin.allowedNames',
  ]);
});
