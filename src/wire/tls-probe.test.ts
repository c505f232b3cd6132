import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { type AddressInfo, createServer as createTcpServer, type Server } from 'node:net';
import { type TestContext, test } from 'node:test';
import { createServer, type TlsOptions } from 'node:tls';
import { TestCa } from '../../test/support/certificates.ts';
import { probeClientIssuers, probeTls, type TlsProbe } from './tls-probe.ts';

const ca = await TestCa.create('ca');
const other = await TestCa.create('other');
const serving = await ca.issue({ commonName: 'server', dnsNames: ['server.test'], ips: ['127.0.0.1'] });
const TARGET = { host: '127.0.0.1', servername: 'server.test', ca: ca.cert, timeoutMs: 2_000 };

async function listening(t: TestContext, server: Server): Promise<number> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => server.close());
  return (server.address() as AddressInfo).port;
}

const tlsServer = (t: TestContext, options: TlsOptions = {}) =>
  listening(
    t,
    createServer({ ...serving, ALPNProtocols: ['h2'], ...options }, (socket) => socket.on('error', () => {})),
  );

function secured(probe: TlsProbe): Extract<TlsProbe, { kind: 'secured' }> {
  return probe.kind === 'secured' ? probe : assert.fail(JSON.stringify(probe));
}

test('a server that is as it should be', async (t) => {
  const probe = secured(await probeTls({ ...TARGET, port: await tlsServer(t) }));
  assert.deepEqual([probe.protocol, probe.alpn, probe.chainError, probe.nameError], ['TLSv1.3', 'h2', '', '']);
  assert.equal(probe.chain[0]?.subject, 'CN=server');
});

test('an address is a name like others', async (t) => {
  const port = await tlsServer(t);
  assert.equal(secured(await probeTls({ ...TARGET, port, servername: '127.0.0.1' })).nameError, '');
  assert.notEqual(secured(await probeTls({ ...TARGET, port, servername: '127.0.0.2' })).nameError, '');
});

test('a wrong name and a wrong authority are told apart, and together', async (t) => {
  const port = await tlsServer(t);
  const verdict = async (change: Partial<typeof TARGET>) => {
    const { chainError, nameError } = secured(await probeTls({ ...TARGET, port, ...change }));
    return [chainError, nameError.replace(/:.*/s, '')];
  };
  const wrongName = "Hostname/IP does not match certificate's altnames";
  assert.deepEqual(await verdict({ servername: 'another.test' }), ['', wrongName]);
  assert.deepEqual(await verdict({ ca: other.cert }), ['UNABLE_TO_VERIFY_LEAF_SIGNATURE', '']);
  assert.deepEqual(await verdict({ ca: other.cert, servername: 'another.test' }), [
    'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
    wrongName,
  ]);
});

test('an expired certificate', async (t) => {
  const expired = await ca.issue({
    commonName: 'server',
    dnsNames: ['server.test'],
    notAfter: new Date(Date.now() - 1),
  });
  const port = await tlsServer(t, expired);
  assert.equal(secured(await probeTls({ ...TARGET, port })).chainError, 'CERT_HAS_EXPIRED');
});

test('nobody listens, nobody speaks TLS, nobody answers', async (t) => {
  const closed = createTcpServer();
  const port = await listening(t, closed);
  closed.close();
  assert.deepEqual(await probeTls({ ...TARGET, port }), { kind: 'unreachable', code: 'ECONNREFUSED' });

  const plain = await listening(
    t,
    createTcpServer((socket) => void socket.end('HTTP/1.1 400 Bad Request\r\n\r\n')),
  );
  const spoken = await probeTls({ ...TARGET, port: plain });
  assert.deepEqual([spoken.kind, 'silent' in spoken && spoken.silent], ['no-tls', false]);

  const silent = await listening(
    t,
    createTcpServer((socket) => void socket.on('error', () => {}).resume()),
  );
  const waited = await probeTls({ ...TARGET, port: silent, timeoutMs: 50 });
  assert.deepEqual(waited, { kind: 'no-tls', code: 'ETIMEDOUT', silent: true });
});

test('a server says whose client certificates it takes', async (t) => {
  const port = await tlsServer(t, { requestCert: true, rejectUnauthorized: false, ca: [ca.cert, other.cert] });
  const issuers = await probeClientIssuers({ ...TARGET, port });
  const raw = [ca, other].map(({ cert }) => new X509Certificate(cert).raw);
  assert.equal(issuers?.length, 2);
  for (const [at, name] of (issuers ?? []).entries()) assert.ok(raw[at]?.includes(name), 'a name of the certificate');
});

test('a server that asks for none, or speaks no TLS 1.2, does not say', async (t) => {
  assert.equal(await probeClientIssuers({ ...TARGET, port: await tlsServer(t) }), undefined);
  const port = await tlsServer(t, { requestCert: true, ca: ca.cert, minVersion: 'TLSv1.3' });
  assert.equal(await probeClientIssuers({ ...TARGET, port }), undefined);
});
