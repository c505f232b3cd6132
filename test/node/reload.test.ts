import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { mkdir, rename, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { connect } from 'node:tls';
import type { KeyPair } from '../../src/lab/pki/certificate-authority.ts';
import { CertificateAuthority } from '../../src/lab/pki/certificate-authority.ts';
import { H2Client } from '../support/api-client.ts';
import { type EmbeddedControlPlane, startEmbeddedControlPlane } from '../support/embedded-daemon.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';

const PATH = '/api/v1/namespaces/default/configmaps';
const SERVING = {
  commonName: 'mvproxy',
  altNames: ['kubernetes.default.svc', '127.0.0.1'],
  usages: ['server'],
} as const;

test('a renewed serving certificate is shown to new clients, and connections live on', async (t) => {
  const plane = await startEmbeddedControlPlane(t);
  const client = await plane.client();
  const before = await shownCertificate(plane);

  const renewed = await plane.pki.issue('proxy-serving', SERVING, plane.pki.servingCa);
  await logged(plane, 'info', /reloaded/);

  assert.notEqual(before, fingerprint(renewed.cert));
  assert.equal(await shownCertificate(plane), fingerprint(renewed.cert));
  assert.equal((await client.request({ path: PATH })).status, 200);
});

test('certificates that Kubernetes renews by swapping a symbolic link are noticed', async (t) => {
  const directory = await temporaryDirectory(t);
  const authority = await CertificateAuthority.create(join(directory, 'ca'));
  const mount = join(directory, 'mount');
  await mkdir(mount);
  const publish = async (generation: string): Promise<KeyPair> => {
    await mkdir(join(mount, generation));
    const pair = await authority.issue(join(mount, generation, 'tls'), SERVING);
    await symlink(generation, join(mount, '..data_tmp'));
    await rename(join(mount, '..data_tmp'), join(mount, '..data'));
    return pair;
  };
  await publish('..1');
  for (const file of ['tls.crt', 'tls.key']) await symlink(join('..data', file), join(mount, file));
  const flags = { 'tls-cert-file': join(mount, 'tls.crt'), 'tls-private-key-file': join(mount, 'tls.key') };
  const plane = await startEmbeddedControlPlane(t, { flags });

  const renewed = await publish('..2');
  await logged(plane, 'info', /reloaded/);
  assert.equal(await shownCertificate(plane), fingerprint(renewed.cert));
});

test('a serving certificate that cannot be used changes nothing, is counted and is logged with its file', async (t) => {
  const plane = await startEmbeddedControlPlane(t);
  const before = await shownCertificate(plane);
  assert.equal(await plane.metric('mvproxy_reload_errors_total'), 0);

  const { certFile, cert } = plane.pki.proxyServing;
  await replace(certFile, 'no certificate');
  const { error } = (await logged(plane, 'error', /cannot be used; the old ones stay in use/)).fields;
  assert.ok(String(error).includes(certFile), 'the log names the file');
  assert.equal(await plane.metric('mvproxy_reload_errors_total'), 1);
  assert.equal(await shownCertificate(plane), before);

  const { cert: strangers } = await plane.pki.issue('strangers', SERVING, plane.pki.servingCa);
  await replace(certFile, strangers);
  await logged(plane, 'error', /cannot be used/);
  assert.equal(await plane.metric('mvproxy_reload_errors_total'), 2, 'a certificate without its key');
  assert.equal(await shownCertificate(plane), before);

  await replace(certFile, cert);
  assert.equal(await shownCertificate(plane), before);
});

test('a new client CA decides for new and open connections who is known', async (t) => {
  const plane = await startEmbeddedControlPlane(t);
  const { pki, daemon } = plane;
  const known = await plane.client();
  assert.equal((await known.request({ path: PATH })).status, 200);

  const successor = await CertificateAuthority.create(join(pki.directory, 'next-client-ca'));
  const { cert, key } = await pki.issue('newcomer', { commonName: 'newcomer' }, successor);
  await replace(pki.clientCa.certFile, successor.cert);
  await logged(plane, 'info', /reloaded/);

  const newcomer = await H2Client.connect(daemon.servingAddress, { ca: pki.servingCa.cert, cert, key });
  t.after(() => newcomer.close());
  assert.equal((await newcomer.request({ path: PATH })).status, 200);
  assert.equal((await known.request({ path: PATH })).status, 401, 'on a connection from before');
  assert.equal((await (await plane.client()).request({ path: PATH })).status, 401, 'on a new connection');
});

test('a renewed proxy client certificate is presented to the servers, and an open watch lives on', async (t) => {
  const plane = await startEmbeddedControlPlane(t);
  const client = await plane.client();
  const presented: string[] = [];
  plane.old.handler = (stream, headers) => {
    presented.push(plane.old.clientOf(stream)?.fingerprint256 ?? '');
    stream.respond({ ':status': 200 });
    stream.write('{}\n');
    if (!headers[':path']?.includes('watch')) stream.end();
  };
  const watch = await client.open({ path: `${PATH}?watch=true` });
  const renewed = await plane.pki.issue(
    'front-proxy-client',
    { commonName: 'front-proxy-client' },
    plane.pki.frontProxyCa,
  );
  await logged(plane, 'info', /reloaded/);
  assert.equal((await client.request({ path: PATH })).status, 200);
  assert.deepEqual(presented, [fingerprint(plane.pki.frontProxyClient.cert), fingerprint(renewed.cert)]);
  assert.equal(watch.body.closed, false);
});

test('a reload forgets nothing of a server that is down', async (t) => {
  const plane = await startEmbeddedControlPlane(t);
  const client = await plane.client();
  await plane.new.stop();
  await plane.pki.issue('front-proxy-client', { commonName: 'front-proxy-client' }, plane.pki.frontProxyCa);
  await logged(plane, 'info', /reloaded/);

  const skewed = await client.request({ path: '/apis/certificates.k8s.io/v1/clustertrustbundles' });
  assert.equal(skewed.status, 503);
  assert.match(skewed.text, /is served by new/);
  const accept = 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList';
  const { text } = await client.request({ path: '/apis', headers: { accept } });
  assert.match(text, /"resource":"clustertrustbundles"/);
});

test('peer certificates that reach no server are refused, and later ones are taken', async (t) => {
  const plane = await startEmbeddedControlPlane(t);
  const peerCa = plane.pki.servingCa;
  const stranger = await CertificateAuthority.create(join(plane.pki.directory, 'stranger-ca'));
  await replace(peerCa.certFile, stranger.cert);
  const { error } = (await logged(plane, 'error', /cannot be used/)).fields;
  assert.match(String(error), /the old ones stay in use/);
  const client = await plane.client();
  assert.equal((await client.request({ path: PATH })).status, 200);

  await replace(peerCa.certFile, `${stranger.cert}\n${peerCa.cert}`);
  await logged(plane, 'info', /reloaded/);
  assert.equal((await client.request({ path: PATH })).status, 200);
});

/** The certificate a client is shown that connects now. */
async function shownCertificate({ pki, daemon }: EmbeddedControlPlane): Promise<string> {
  const { port } = new URL(daemon.servingAddress);
  const options = { host: '127.0.0.1', port: Number(port), ca: pki.servingCa.cert, rejectUnauthorized: false };
  const socket = connect(options);
  await once(socket, 'secureConnect');
  const { fingerprint256 } = socket.getPeerCertificate();
  socket.destroy();
  return fingerprint256;
}

function fingerprint(pem: string): string {
  return new X509Certificate(pem).fingerprint256;
}

/** As tools that renew certificates do it. */
async function replace(file: string, text: string): Promise<void> {
  await writeFile(`${file}.next`, text);
  await rename(`${file}.next`, file);
}

async function logged(
  { log }: EmbeddedControlPlane,
  level: string,
  message: RegExp,
): Promise<{ readonly fields: Readonly<Record<string, unknown>> }> {
  for (;;) {
    const entry = await log.next();
    if (entry.level === level && message.test(entry.message)) return entry;
  }
}
