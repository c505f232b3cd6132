import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { type TestContext, test } from 'node:test';
import { Inbox, listenOnLoopback } from '../../test/support/loopback.ts';
import { splice } from './relay.ts';
import { openTunnel } from './tunnel.ts';

const NOTHING = new Uint8Array();

/** The two ends of one connection. */
async function pair(t: TestContext): Promise<readonly [Socket, Socket]> {
  const accepted = new Inbox<Socket>();
  const server = createServer({ allowHalfOpen: true }, (socket) => accepted.put(socket));
  const near = connect({ host: '127.0.0.1', port: await listenOnLoopback(t, server), allowHalfOpen: true });
  const far = await accepted.next();
  for (const socket of [near, far]) t.after(() => socket.destroy());
  return [near, far];
}

async function read(socket: Socket): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of socket) chunks.push(chunk);
  return Buffer.concat(chunks);
}

test('the memory of what passes through two tunnels is given back once it is written, and only then', async (t) => {
  const [client, front] = await pair(t);
  const [back, server] = await pair(t);
  const [from, to] = [openTunnel(front, NOTHING), openTunnel(back, NOTHING)];
  const passed: { readonly chunk: Uint8Array; readonly size: number }[] = [];
  from.source.read({
    data(chunk) {
      passed.push({ chunk, size: chunk.byteLength });
      const more = to.sink.write(chunk);
      assert(chunk.byteLength > 0);
      return more;
    },
    end: (trailers) => to.sink.end(trailers),
    reset: () => assert.fail('the client ended cleanly'),
  });
  to.sink.onDrain = () => from.source.resume();
  const sent = randomBytes(4 << 20);
  client.end(sent);
  assert((await read(server)).equals(sent));
  assert(passed.length > 1);
  assert.equal(passed.filter(({ chunk }) => chunk.byteLength !== 0).length, 0);
  assert.equal(
    passed.reduce((sum, { size }) => sum + size, 0),
    sent.byteLength,
  );
});

test('what somebody may still hold stays: a part, a chunk that is written later, one of somebody else', async (t) => {
  const [client, front] = await pair(t);
  const [back, server] = await pair(t);
  const [from, to] = [openTunnel(front, NOTHING), openTunnel(back, NOTHING)];
  const chunks = new Inbox<Uint8Array>();
  from.source.read({
    data(chunk) {
      chunks.put(chunk);
      return to.sink.write(chunk.subarray(1));
    },
    end: () => {},
    reset: () => {},
  });
  client.write('xab');
  const chunk = await chunks.next();
  assert.equal(`${await once(server, 'data')}`, 'ab');
  const own = Buffer.from(new Uint8Array(Buffer.from('own')).buffer);
  to.sink.write(chunk);
  to.sink.write(own);
  back.end();
  assert.equal(`${await read(server)}`, 'xabown');
  assert.equal(`${Buffer.from(chunk)}`, 'xab');
  assert.equal(`${own}`, 'own');
});

test('nothing is lost or changed both ways when both receivers are slow and the early bytes are a part of more', async (t) => {
  const [client, front] = await pair(t);
  const [back, server] = await pair(t);
  const early = Buffer.from(new Uint8Array(Buffer.from('..early')).buffer).subarray(2);
  const over = Promise.withResolvers<unknown>();
  splice(openTunnel(front, early), openTunnel(back, NOTHING), over.resolve);
  const [up, down] = [randomBytes(4 << 20), randomBytes(4 << 20)];
  client.end(up);
  server.end(down);
  const slowly = async (socket: Socket): Promise<Buffer> => {
    const chunks: Buffer[] = [];
    for await (const chunk of socket) {
      chunks.push(chunk);
      await new Promise(setImmediate);
    }
    return Buffer.concat(chunks);
  };
  const [atClient, atServer] = await Promise.all([slowly(client), slowly(server)]);
  assert(atServer.equals(Buffer.concat([Buffer.from('early'), up])));
  assert(atClient.equals(down));
  assert.equal(await over.promise, undefined);
});

for (const isFull of [false, true]) {
  const what = isFull ? 'with more on its way than it takes' : 'with nothing on its way';
  test(`a client that ends its direction and then disappears ${what} takes the server with it`, async (t) => {
    const [client, front] = await pair(t);
    const [back, server] = await pair(t);
    const over = Promise.withResolvers<unknown>();
    splice(openTunnel(front, NOTHING), openTunnel(back, NOTHING), over.resolve);
    for (const socket of [client, server]) socket.on('error', () => {});
    client.end('last words');
    await once(server.resume(), 'end');
    if (isFull) {
      const stuck = new Promise((resolve) => back.once('pause', resolve));
      server.write(Buffer.alloc(64 << 20));
      await stuck;
    }
    client.destroy();
    // TCP learns of it when something is sent, and tells when something is sent again.
    while (!isFull && !front.destroyed) {
      server.write('is anybody there?');
      await new Promise(setImmediate);
    }
    assert.equal(await over.promise, 'connection-lost');
    assert.ok(back.destroyed);
  });
}
