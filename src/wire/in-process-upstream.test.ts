import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { test } from 'node:test';
import { get, Inbox, Receiver, testPki } from '../../test/support/loopback.ts';
import type { ClientCertificate, ServerExchange } from './exchange.ts';
import { NO_FIELDS } from './fields.ts';
import { openInProcessUpstream, presentedCertificate } from './in-process-upstream.ts';

const NEVER = new AbortController().signal;
const EXEC = get('/exec', ['connection', 'Upgrade', 'upgrade', 'SPDY/3.1']);

function setUp(certificate: ClientCertificate) {
  const exchanges = new Inbox<ServerExchange>();
  const upstream = openInProcessUpstream({ name: 'a', handler: exchanges.put, certificate });
  return { upstream, exchanges };
}

const NONE = { kind: 'none' } as const;

test('the handler sees a client on loopback that presents the certificate, leaf first and verified', async () => {
  const { ca, server } = await testPki();
  const { upstream, exchanges } = setUp(presentedCertificate(`${server.cert}\n${ca.cert}`));
  upstream.request(get('/'), true, new Receiver());
  upstream.request(get('/'), true, new Receiver());
  void upstream.upgrade(EXEC, NEVER);
  const [first, second, upgrade] = [await exchanges.next(), await exchanges.next(), await exchanges.next()];
  assert.equal(first.connection, second.connection, 'one connection, so that it is judged once');
  assert.notEqual(first.connection.id, upgrade.connection.id);
  for (const { connection } of [first, upgrade]) {
    assert.equal(connection.remoteAddress, '127.0.0.1');
    assert.deepEqual(connection.certificate, {
      kind: 'presented',
      chain: [server.cert, ca.cert].map((pem) => new X509Certificate(pem).raw),
      authorized: true,
      error: undefined,
    });
  }
  await upstream.close(0);
  assert.deepEqual([first.connection.closed.aborted, upgrade.connection.closed.aborted], [true, true]);
});

test('without a certificate it presents none; what is no certificate is an error', async () => {
  const { upstream, exchanges } = setUp(NONE);
  upstream.request(get('/'), true, new Receiver());
  assert.deepEqual((await exchanges.next()).connection.certificate, NONE);
  assert.throws(() => presentedCertificate('no PEM'), /holds no certificate/);
});

test('bytes are handed on and never copied', async () => {
  const { upstream, exchanges } = setUp(NONE);
  const receiver = new Receiver();
  const { body } = upstream.request({ ...get('/'), method: 'POST' }, false, receiver);
  const [sent, answered] = [Buffer.from('up'), Buffer.from('down')];
  const seen = new Inbox<Uint8Array>();
  const data = (chunk: Uint8Array) => {
    seen.put(chunk);
    return true;
  };
  const reader = { data, end: () => {}, reset: () => {} };
  body?.write(sent);
  const served = await exchanges.next();
  served.body.read(reader);
  assert.equal(await seen.next(), sent);
  served.respond({ status: 200, fields: NO_FIELDS }, false).write(answered);
  (await receiver.answer).body.read(reader);
  assert.equal(await seen.next(), answered);
});

test('a request that is given up at once never reaches the handler', async () => {
  const { upstream, exchanges } = setUp(NONE);
  upstream.request(get('/'), true, new Receiver()).reset('cancel');
  await new Promise(setImmediate);
  assert.deepEqual([exchanges.size, upstream.inFlight], [0, 0]);
});

test('a handler that throws fails the request, and its error is not hidden', async (t) => {
  const thrown = new Error('a mistake in the handler');
  const upstream = openInProcessUpstream({
    name: 'a',
    certificate: NONE,
    handler: () => {
      throw thrown;
    },
  });
  const listeners = process.listeners('uncaughtException');
  process.removeAllListeners('uncaughtException');
  t.after(() => {
    for (const listener of listeners) process.on('uncaughtException', listener);
  });
  const receiver = new Receiver();
  for (const ask of [
    async () => {
      upstream.request(get('/'), true, receiver);
      return (await receiver.failure).reason;
    },
    async () => {
      const answer = await upstream.upgrade(EXEC, NEVER);
      return answer.kind === 'failed' && answer.failure.reason;
    },
  ]) {
    const uncaught = once(process, 'uncaughtException');
    const reason = await ask();
    assert.ok(reason === 'internal' || reason === 'connection-lost');
    assert.equal((await uncaught)[0], thrown);
  }
  assert.equal(upstream.inFlight, 0);
});

test('a handler that never answers an upgrade is given up', async (t) => {
  const { upstream, exchanges } = setUp(NONE);
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const pending = upstream.upgrade(EXEC, NEVER);
  await exchanges.next();
  t.mock.timers.tick(60_000);
  const answer = await pending;
  assert.ok(answer.kind === 'failed');
  const { cause, reason, processed } = answer.failure;
  assert.deepEqual([cause, reason, processed], ['connection', 'timeout', 'unknown']);
});
