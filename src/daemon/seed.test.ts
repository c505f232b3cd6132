import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { KubeconfigAccess } from '../config/kubeconfig.ts';
import { seedAccess } from './seed.ts';

const ACCESS: KubeconfigAccess = {
  server: 'https://api.example.com:6443',
  ca: 'kubeconfig CA',
  serverName: undefined,
  certificate: undefined,
  token: 'secret',
  tokenFile: undefined,
  files: [],
};
const PEERS = { ca: 'peer CA', serverName: 'kubernetes.default.svc' };

const named = (changes: Partial<KubeconfigAccess>) => seedAccess({ ...ACCESS, ...changes }, PEERS)?.servername;

test('the cluster of a kubeconfig is asked with its own CA and credential', () => {
  assert.deepEqual(seedAccess(ACCESS, PEERS), {
    host: 'api.example.com',
    port: 6443,
    servername: 'api.example.com',
    ca: 'kubeconfig CA',
    certificate: undefined,
    token: 'secret',
  });
  assert.equal(seedAccess({ ...ACCESS, ca: undefined }, PEERS)?.ca, 'peer CA');
});

test('its certificate carries the name that is said, else its host, else the name of API servers', () => {
  assert.equal(named({ serverName: 'other.example' }), 'other.example');
  assert.equal(named({}), 'api.example.com');
  assert.equal(named({ server: 'https://10.0.0.1:6443' }), 'kubernetes.default.svc');
  assert.equal(named({ server: 'https://[fd00::1]' }), 'kubernetes.default.svc');
  assert.deepEqual(
    [seedAccess({ ...ACCESS, server: 'https://[fd00::1]' }, PEERS)].map((seed) => [seed?.host, seed?.port]),
    [['fd00::1', 443]],
  );
});

test('nobody is asked whom no CA proves, or without TLS', () => {
  assert.equal(seedAccess({ ...ACCESS, ca: undefined }, { ...PEERS, ca: undefined }), undefined);
  assert.equal(seedAccess({ ...ACCESS, server: 'http://10.0.0.1:8080' }, PEERS), undefined);
});
