import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type Issued, TestCa } from '../../test/support/certificates.ts';
import { loadConfiguration } from '../config/load.ts';
import { ConfigurationError } from '../config/problem.ts';
import { temporaryFiles } from '../config/testing/temporary-files.ts';
import { isSameMaterial, type Material, readMaterial } from './material.ts';

const [serverCa, clientCa, proxyCa] = await Promise.all(
  ['servers', 'clients', 'front proxies'].map((name) => TestCa.create(name)),
);
assert.ok(serverCa && clientCa && proxyCa);
const serving = await serverCa.issue({ commonName: 'proxy', dnsNames: ['proxy.example'] });
const proxyClient = await proxyCa.issue({ commonName: 'front-proxy', usage: 'client' });
const admin = await clientCa.issue({ commonName: 'admin', usage: 'client' });

const otherServing = await serverCa.issue({ commonName: 'proxy', dnsNames: ['proxy.example'] });
const otherClient = await proxyCa.issue({ commonName: 'front-proxy', usage: 'client' });

const pair = (name: string, { cert, key }: Issued) => ({ [`${name}.crt`]: cert, [`${name}.key`]: key });

const FILES = {
  ...pair('tls', serving),
  ...pair('proxy', proxyClient),
  'clients.crt': clientCa.cert,
  'front.crt': proxyCa.cert,
  'peers.crt': serverCa.cert,
};
const FLAGS = {
  server: ['a=https://10.0.0.1:6443'],
  'tls-cert-file': ['tls.crt'],
  'tls-private-key-file': ['tls.key'],
};
const CLIENTS = { 'client-ca-file': ['clients.crt'] };
const FRONT = { 'requestheader-client-ca-file': ['front.crt'], 'requestheader-allowed-names': ['aggregator'] };
const PEERS = {
  'peer-ca-file': ['peers.crt'],
  'proxy-client-cert-file': ['proxy.crt'],
  'proxy-client-key-file': ['proxy.key'],
};

type Flags = Readonly<Record<string, readonly string[]>>;

async function read(flags: Flags, files: Readonly<Record<string, string>> = {}): Promise<Material> {
  await using directory = await temporaryFiles({ ...FILES, ...files });
  return await readMaterial(
    await loadConfiguration({
      flags: new Map(Object.entries({ ...FLAGS, ...flags })),
      directory: directory.directory,
    }),
  );
}

const pems = (...certificates: readonly { readonly cert: string }[]) => certificates.map(({ cert }) => cert.trim());

describe('what is read', () => {
  test('with nothing but a serving certificate: nobody is asked for one and no server can be verified', async () => {
    const { listener, clients, peers, warnings, files } = await read({});
    assert.deepEqual([listener.cert.trim(), listener.key.trim()], [serving.cert.trim(), serving.key.trim()]);
    assert.equal(listener.clientCa, undefined);
    assert.deepEqual(clients, { clientCa: [], requestHeaderCa: [], allowedNames: [] });
    assert.deepEqual(peers, { ca: undefined, isConfigured: false, frontProxy: undefined, control: undefined });
    assert.deepEqual(warnings, []);
    assert.deepEqual(
      files.map((file) => file.replace(/.*\//, '')),
      ['tls.crt', 'tls.key'],
    );
  });

  test('the listener verifies against both CAs, whose certificates are told apart afterwards', async () => {
    const { listener, clients } = await read({ ...CLIENTS, ...FRONT });
    for (const pem of pems(clientCa, proxyCa)) assert.ok(listener.clientCa?.includes(pem));
    assert.deepEqual(
      clients.clientCa.map((certificate) => certificate.subject),
      ['CN=clients'],
    );
    assert.deepEqual(
      clients.requestHeaderCa.map((certificate) => certificate.subject),
      ['CN=front proxies'],
    );
    assert.deepEqual(clients.allowedNames, ['aggregator']);
  });

  test('peers are verified by --peer-ca-file, and we prove ourselves to them', async () => {
    const { peers, files } = await read(PEERS);
    assert.equal(peers.ca?.trim(), serverCa.cert.trim());
    assert.equal(peers.isConfigured, true);
    assert.equal(peers.frontProxy?.cert.trim(), proxyClient.cert.trim());
    assert.equal(files.length, 5);
  });
});

describe('a kubeconfig', () => {
  const base64 = (text: string) => Buffer.from(text).toString('base64');
  const kubeconfig = `apiVersion: v1
kind: Config
current-context: c
clusters: [{ name: k, cluster: { server: "https://10.0.0.1:6443", certificate-authority-data: ${base64(serverCa.cert)} } }]
users: [{ name: u, user: { client-certificate-data: ${base64(admin.cert)}, client-key-data: ${base64(admin.key)} } }]
contexts: [{ name: c, context: { cluster: k, user: u } }]
`;
  const files = { kubeconfig };

  test('stands in for the CA and the credential, without being peer trust', async () => {
    const { peers, files: watched } = await read({ kubeconfig: ['kubeconfig'] }, files);
    assert.equal(peers.ca?.trim(), serverCa.cert.trim());
    assert.equal(peers.isConfigured, false);
    assert.equal(peers.control?.certificate?.cert.trim(), admin.cert.trim());
    assert.ok(watched.some((file) => file.endsWith('/kubeconfig')));
  });

  test('yields to --peer-ca-file', async () => {
    const other = { ...files, 'peers.crt': clientCa.cert };
    const { peers } = await read({ kubeconfig: ['kubeconfig'], ...PEERS }, other);
    assert.equal(peers.ca?.trim(), clientCa.cert.trim());
    assert.equal(peers.isConfigured, true);
  });
});

test('every file that cannot be used is named, not the first alone', async () => {
  await assert.rejects(
    read({ ...CLIENTS, ...PEERS }, { 'clients.crt': 'nothing', 'proxy.key': serving.key }),
    (error) => {
      assert.ok(error instanceof ConfigurationError);
      assert.deepEqual(error.problems.map(({ path }) => path.join('.')).sort(), [
        'authentication.clientCAFile',
        'peers.proxyClientKeyFile',
      ]);
      return true;
    },
  );
});

describe('a reload', () => {
  const all = { ...CLIENTS, ...FRONT, ...PEERS };

  test('of the same content changes nothing', async () => {
    assert.equal(isSameMaterial(await read(all), await read(all)), true);
  });

  for (const [name, files] of [
    ['serving certificate', pair('tls', otherServing)],
    ['proxy client certificate', pair('proxy', otherClient)],
    ['client CA', { 'clients.crt': serverCa.cert }],
    ['request-header CA', { 'front.crt': serverCa.cert }],
    ['peer CA', { 'peers.crt': clientCa.cert }],
    ['swap of client CA and request-header CA', { 'clients.crt': proxyCa.cert, 'front.crt': clientCa.cert }],
  ] as const) {
    test(`of another ${name} changes something`, async () => {
      assert.equal(isSameMaterial(await read(all), await read(all, files)), false);
    });
  }

  test('that moves a CA from one bundle to the other changes something', async () => {
    const [one, two, three] = [serverCa, clientCa, proxyCa].map(({ cert }) => cert.trim());
    const before = await read(all, { 'clients.crt': `${one}\n${two}\n`, 'front.crt': `${three}\n` });
    const after = await read(all, { 'clients.crt': `${one}\n`, 'front.crt': `${two}\n${three}\n` });
    assert.equal(isSameMaterial(before, after), false);
  });
});
