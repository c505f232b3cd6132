import assert from 'node:assert/strict';
import { test } from 'node:test';
import { loadConfiguration } from '../config/load.ts';
import { listenerKeys, membershipSettings, ownAddresses } from './membership-settings.ts';

test('flags become sources, seconds milliseconds', async () => {
  const configuration = await loadConfiguration({
    flags: new Map(
      Object.entries({
        'tls-cert-file': ['tls.crt'],
        'tls-private-key-file': ['tls.key'],
        'local-server': ['https://127.0.0.1:6443'],
        'server-tls-name': ['api.example'],
        'membership-leases': ['true'],
        'membership-dns': ['one.example,two.example:443'],
        'membership-dns-interval-seconds': ['7'],
        'membership-interval-seconds': ['8'],
        'membership-allowed-cidrs': ['10.0.0.0/8'],
      }),
    ),
  });
  const local = {
    kind: 'network',
    name: 'local',
    host: '127.0.0.1',
    port: 6443,
    servername: 'api.example',
    local: true,
  };
  assert.deepEqual(membershipSettings(configuration), {
    servers: [local],
    servername: 'api.example',
    leases: true,
    endpointSlices: false,
    intervalMs: 8_000,
    dns: [
      { kind: 'addresses', name: 'one.example', port: 6443 },
      { kind: 'addresses', name: 'two.example', port: 443 },
    ],
    dnsIntervalMs: 7_000,
    allowed: [{ bytes: [10, 0, 0, 0], bits: 8 }],
  });
});

test('a listener is where it is bound, or at every address of the machine', () => {
  const own = ['127.0.0.1', '10.0.0.1', 'fd00::1'];
  assert.deepEqual(listenerKeys('10.0.0.1', 6443, own), ['10.0.0.1:6443']);
  const everywhere = ['127.0.0.1:6443', '10.0.0.1:6443', '[fd00::1]:6443'];
  for (const wildcard of ['0.0.0.0', '::']) assert.deepEqual(listenerKeys(wildcard, 6443, own), everywhere);
});

test('this machine has its loopback address among others', () => {
  assert.ok(ownAddresses().includes('127.0.0.1'));
});
