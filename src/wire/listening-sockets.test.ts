import assert from 'node:assert/strict';
import { once } from 'node:events';
import { open as openFile } from 'node:fs/promises';
import { connect, createServer, Server } from 'node:net';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
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

for (const [who, open] of [
  ['a listener', (fd: number) => new ListeningSockets(createServer(), 1).open({ ...PLACE, source: inherited(fd) })],
  ['an acceptor', (fd: number) => openAcceptor({ ...PLACE, source: inherited(fd) }, () => {})],
] as const) {
  test(`${who} says what to look at when the descriptor that it was to get is no TCP socket`, async (t) => {
    const file = await openFile(fileURLToPath(import.meta.url));
    t.after(() => file.close());
    for (const fd of [file.fd, 2 ** 20]) {
      await assert.rejects(open(fd), ({ message }: Error) => {
        assert.match(message, new RegExp(`descriptor ${fd} is missing or no TCP stream socket \\(.*EINVAL`));
        assert.match(message, /see that the \.socket unit has one ListenStream=/);
        return true;
      });
    }
  });
}

function inherited(fd: number) {
  return { kind: 'inherited', fd } as const;
}
