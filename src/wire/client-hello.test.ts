import assert from 'node:assert/strict';
import { EventEmitter, once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { type TestContext, test } from 'node:test';
import { Inbox, listenOnLoopback } from '../../test/support/loopback.ts';
import { acceptWithHello } from './client-hello.ts';

async function start(t: TestContext, silentMs: number) {
  const tls = new EventEmitter();
  const accepted = new Inbox<Socket>();
  tls.on('connection', (socket: Socket) => accepted.put(socket));
  const front = acceptWithHello(tls, silentMs);
  const port = await listenOnLoopback(t, front);
  const client = connect({ host: '127.0.0.1', port, allowHalfOpen: true });
  t.after(() => client.destroy());
  const [seen] = (await once(front, 'connection')) as [Socket];
  return { accepted, client, seen };
}

test('a connection is handed over with its first bytes, still unread, and outlives the time for them', async (t) => {
  const { accepted, client } = await start(t, 200);
  client.write('hello');
  const socket = await accepted.next();
  t.after(() => socket.destroy());
  assert.equal(socket.readableLength, 5);
  assert.equal(socket.timeout, 0);
  assert.equal(`${socket.read()}`, 'hello');
});

test('a connection that says nothing is given up', async (t) => {
  const { client } = await start(t, 20);
  await once(client.resume(), 'end');
});

test('a client that leaves without a word is never handed over', async (t) => {
  const { accepted, client, seen } = await start(t, 60_000);
  client.end();
  await once(seen, 'close');
  accepted.put(seen);
  assert.equal(await accepted.next(), seen);
});
