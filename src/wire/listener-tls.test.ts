import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { test } from 'node:test';
import type { TLSSocket } from 'node:tls';
import { TestCa } from '../../test/support/certificates.ts';
import { connectRaw, type Inbox, SERVER_NAME, startListener, testPki } from '../../test/support/loopback.ts';
import type { ClientCertificate, ServerExchange } from './exchange.ts';
import { listen } from './listener.ts';

async function presented(socket: TLSSocket, exchanges: Inbox<ServerExchange>): Promise<ClientCertificate> {
  socket.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n');
  return (await exchanges.next()).connection.certificate;
}

test('a client certificate is handed out in DER with the verdict of the handshake; a bad one does not end TLS', async (t) => {
  const clients = await TestCa.create('clients');
  const strangers = await TestCa.create('strangers');
  const { port, exchanges } = await startListener(t, { clientCa: clients.cert });

  const none = await presented(await connectRaw(t, port, 'http/1.1'), exchanges);
  assert.deepEqual(none, { kind: 'none' });

  const alice = await clients.issue({ commonName: 'alice', organizations: ['dev'], usage: 'client' });
  const good = await presented(await connectRaw(t, port, 'http/1.1', alice), exchanges);
  assert(good.kind === 'presented');
  assert.equal(good.authorized, true);
  assert.equal(good.error, undefined);
  assert.deepEqual(good.chain[0], new X509Certificate(alice.cert).raw);

  const mallory = await strangers.issue({ commonName: 'alice', usage: 'client' });
  const bad = await presented(await connectRaw(t, port, 'http/1.1', mallory), exchanges);
  assert(bad.kind === 'presented');
  assert.equal(bad.authorized, false);
  assert.match(bad.error ?? '', /^UNABLE_TO_/);

  const server = await clients.issue({ commonName: 'alice', usage: 'server' });
  const misused = await presented(await connectRaw(t, port, 'http/1.1', server), exchanges);
  assert(misused.kind === 'presented');
  assert.equal(misused.authorized, false);
});

test('intermediates the client sends complete the chain, and one in the bundle may be its end', async (t) => {
  const root = await TestCa.create('root');
  const middle = await root.intermediate('middle');
  const bob = await middle.issue({ commonName: 'bob', usage: 'client' });

  const rooted = await startListener(t, { clientCa: root.cert });
  const withChain = { cert: `${bob.cert}\n${middle.cert}`, key: bob.key };
  const sent = await presented(await connectRaw(t, rooted.port, 'http/1.1', withChain), rooted.exchanges);
  assert(sent.kind === 'presented');
  assert.equal(sent.authorized, true);
  assert.deepEqual(
    sent.chain.slice(0, 2),
    [bob.cert, middle.cert].map((pem) => new X509Certificate(pem).raw),
  );

  const anchored = await startListener(t, { clientCa: middle.cert });
  const alone = await presented(await connectRaw(t, anchored.port, 'http/1.1', bob), anchored.exchanges);
  assert(alone.kind === 'presented');
  assert.equal(alone.authorized, true, alone.error);
});

test('with a client CA sessions are not resumed: every connection is verified anew', async (t) => {
  const clients = await TestCa.create('clients');
  const alice = await clients.issue({ commonName: 'alice', usage: 'client' });
  const { port, exchanges } = await startListener(t, { clientCa: clients.cert });
  for (const maxVersion of ['TLSv1.2', 'TLSv1.3'] as const) {
    let session: Buffer | undefined;
    const first = await connectRaw(t, port, 'http/1.1', { ...alice, maxVersion });
    first.on('session', (offered: Buffer) => {
      session = offered;
    });
    await presented(first, exchanges);
    session ??= first.getSession();
    const second = await connectRaw(t, port, 'http/1.1', { ...alice, maxVersion, ...(session && { session }) });
    const certificate = await presented(second, exchanges);
    assert.equal(second.isSessionReused(), false, maxVersion);
    assert.equal(certificate.kind === 'presented' && certificate.authorized, true);
  }
});

test('TLS below 1.2 is not spoken', async (t) => {
  const { port } = await startListener(t);
  await assert.rejects(
    connectRaw(t, port, 'http/1.1', { minVersion: 'TLSv1.1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT@SECLEVEL=0' }),
  );
});

test('reload serves new handshakes with the new material and keeps the old when the new is bad', async (t) => {
  const { ca } = await testPki();
  const oldClients = await TestCa.create('old clients');
  const newClients = await TestCa.create('new clients');
  const { listener, port, exchanges } = await startListener(t, { clientCa: oldClients.cert });
  const renewed = await ca.issue({ commonName: 'renewed', dnsNames: [SERVER_NAME] });
  const servedName = async (): Promise<string> =>
    (await connectRaw(t, port, 'http/1.1')).getPeerCertificate().subject.CN as string;

  assert.equal(await servedName(), 'server');
  assert.throws(() => listener.reload({ cert: renewed.cert, key: 'not a key', clientCa: newClients.cert }));
  assert.equal(await servedName(), 'server');
  assert.throws(() => listener.reload({ ...renewed, clientCa: '' }), /holds no certificate/);
  assert.throws(() => listener.reload(renewed), /restart/);
  listener.reload({ ...renewed, clientCa: newClients.cert });
  assert.equal(await servedName(), 'renewed');

  const verdict = async (authority: TestCa): Promise<boolean> => {
    const client = await authority.issue({ commonName: 'c', usage: 'client' });
    const certificate = await presented(await connectRaw(t, port, 'http/1.1', client), exchanges);
    return certificate.kind === 'presented' && certificate.authorized;
  };
  assert.equal(await verdict(oldClients), false);
  assert.equal(await verdict(newClients), true);
});

test('an empty client CA bundle is an error, not the public authorities', async () => {
  const { server } = await testPki();
  const options = { host: '127.0.0.1', port: 0, handler: () => {} };
  await assert.rejects(listen({ ...options, tls: { ...server, clientCa: ' ' } }), /holds no certificate/);
});

test('a port that is taken rejects', async (t) => {
  const { port } = await startListener(t);
  const { server } = await testPki();
  await assert.rejects(listen({ host: '127.0.0.1', port, tls: server, handler: () => {} }), { code: 'EADDRINUSE' });
});

test('bytes that are no TLS leave other connections alone', async (t) => {
  const { port, exchanges } = await startListener(t);
  const { connect } = await import('node:net');
  const plain = connect(port, '127.0.0.1');
  plain.on('error', () => {});
  plain.write('GET / HTTP/1.1\r\n\r\n');
  await once(plain, 'close');
  assert.deepEqual(await presented(await connectRaw(t, port, 'http/1.1'), exchanges), { kind: 'none' });
});
