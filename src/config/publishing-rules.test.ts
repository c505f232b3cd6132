import assert from 'node:assert/strict';
import { it } from 'node:test';
import { loadConfiguration } from './load.ts';
import { problemsOf } from './testing/problems.ts';

const VALID = {
  'tls-cert-file': 'tls.crt',
  'tls-private-key-file': 'tls.key',
  'local-server': 'https://127.0.0.1:6443',
  server: 'b=https://10.0.0.2:6443',
  'requestheader-client-ca-file': 'front-proxy-ca.crt',
  'peer-ca-file': 'ca.crt',
  'proxy-client-cert-file': 'front-proxy-client.crt',
  'proxy-client-key-file': 'front-proxy-client.key',
  'etcd-servers': 'https://127.0.0.1:2379',
  'etcd-cafile': 'etcd/ca.crt',
  'etcd-certfile': 'etcd/client.crt',
  'etcd-keyfile': 'etcd/client.key',
  'peer-advertise-ip': '10.0.0.1',
} as const;

type Flags = Readonly<Record<string, string | undefined>>;

async function load(changes: Flags) {
  const given = Object.entries({ ...VALID, ...changes }).filter((entry) => entry[1] !== undefined);
  const flags = new Map(given.map(([flag, value]) => [flag, [String(value)]] as const));
  return loadConfiguration({ flags, directory: '/base' });
}

it('publishing takes the port that is served on, and a server of many when it is the local one', async () => {
  const { publishing } = await load({});
  assert.deepEqual(publishing, {
    etcdServers: ['https://127.0.0.1:2379'],
    etcdCaFile: '/base/etcd/ca.crt',
    etcdCertFile: '/base/etcd/client.crt',
    etcdKeyFile: '/base/etcd/client.key',
    etcdPrefix: '/registry',
    advertiseIP: '10.0.0.1',
    identity: 'server',
  });
});

it('etcd may be spoken to without TLS on loopback', async () => {
  for (const url of ['http://127.0.0.1:2379', 'http://[::1]:2379', 'http://localhost:2379']) {
    await load({ 'etcd-servers': url, 'etcd-cafile': undefined });
  }
});

const REFUSED: readonly (readonly [name: string, changes: Flags, problem: RegExp])[] = [
  ['plain HTTP off loopback', { 'etcd-servers': 'http://10.0.0.1:2379' }, /^--etcd-servers: .*loopback only/],
  ['plain HTTP beside TLS', { 'etcd-servers': 'https://127.0.0.1:2379,http://a:2379' }, /contains http:\/\/a:2379/],
  ['another scheme', { 'etcd-servers': 'unix:/run/etcd' }, /^--etcd-servers: .*must be a URL like/],
  ['a URL with credentials', { 'etcd-servers': 'https://u:p@10.0.0.1:2379' }, /without path or credentials/],
  ['TLS without a CA', { 'etcd-cafile': undefined }, /--etcd-cafile/],
  ['a certificate without key', { 'etcd-keyfile': undefined }, /^--etcd-certfile: is given without its private key/],
  ['a key without certificate', { 'etcd-certfile': undefined }, /^--etcd-keyfile: is given without its certificate/],
  ['no address', { 'peer-advertise-ip': undefined }, /--peer-advertise-ip/],
  ['no port', { 'secure-port': '0' }, /--peer-advertise-port/],
  ['several servers', { 'local-server': undefined, server: 'a=https://a,b=https://b' }, /./],
  ['users that cannot be believed', { 'requestheader-client-ca-file': undefined }, /--requestheader-client-ca-file/],
  ['users that cannot be asserted', { 'peer-ca-file': undefined }, /--peer-ca-file/],
  ['an address without etcd', { 'etcd-servers': undefined }, /has no effect without etcd/],
  ['an unknown identity', { 'publish-identity': 'peer' }, /^--publish-identity: must be/],
];
for (const [name, changes, expected] of REFUSED) {
  it(`publishing refuses ${name}`, async () => {
    const problems = await problemsOf(load(changes), '/base');
    assert.ok(
      problems.some((problem) => expected.test(problem)),
      problems.join('\n'),
    );
  });
}
