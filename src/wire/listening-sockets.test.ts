import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, createServer, Server } from 'node:net';
import { test } from 'node:test';
import { openAcceptor } from './acceptor.ts';
import { ListeningSockets } from './listening-sockets.ts';

const PLACE = { host: '127.0.0.1', port: 0 };
const EMFILE = Object.assign(new Error('accept EMFILE'), { code: 'EMFILE', syscall: 'accept' });

test('a listener outlives a connection that it cannot accept', { timeout: 10_000 }, async (t) => {
  const server = createServer((socket) => socket.end('served'));
  const sockets = new ListeningSockets(server, 10);
  const { host, port } = await sockets.open(PLACE);
  t.after(() => server.close());
  server.emit('error', EMFILE);
  const client = connect({ host, port });
  const [served] = await once(client, 'data');
  assert.equal(String(served), 'served');
  client.destroy();
  await sockets.close(0);
});

test('so does an acceptor, whose sockets outlive all workers', { timeout: 10_000 }, async (t) => {
  const listen = t.mock.method(Server.prototype, 'listen');
  const accepted = Promise.withResolvers<void>();
  const acceptor = await openAcceptor(PLACE, (connection) => {
    connection.destroy();
    accepted.resolve();
  });
  const server = listen.mock.calls[0]?.this;
  assert.ok(server instanceof Server);
  t.after(() => server.close());
  server.emit('error', EMFILE);
  const client = connect({ host: acceptor.host, port: acceptor.port });
  client.on('error', () => {});
  await accepted.promise;
  client.destroy();
  acceptor.close();
});
