import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { type TestContext, test } from 'node:test';
import { relayTcp } from './tcp-relay.ts';

/** Answers every line with its own name. */
async function startEcho(t: TestContext, name: string): Promise<{ port: number; accepted: Socket[]; server: Server }> {
  const accepted: Socket[] = [];
  const server = createServer((socket) => {
    accepted.push(socket);
    socket.on('error', () => {});
    socket.on('data', (line) => socket.write(`${name}:${line}`));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    server.close();
    for (const socket of accepted) socket.destroy();
  });
  return { port: (server.address() as AddressInfo).port, accepted, server };
}

async function say(socket: Socket, text: string): Promise<string> {
  socket.write(text);
  const [answer] = (await once(socket, 'data')) as [Buffer];
  return answer.toString();
}

const host = '127.0.0.1';

test('every connection goes where it was chosen to go', async (t) => {
  const [a, b] = [await startEcho(t, 'a'), await startEcho(t, 'b')];
  const ports = [a.port, b.port];
  const relay = await relayTcp({ host, port: 0, choose: () => ({ host, port: ports.shift() ?? 0 }) });
  t.after(() => relay.close());
  const first = connect(relay.port, host);
  assert.equal(await say(first, 'x'), 'a:x');
  const second = connect(relay.port, host);
  assert.equal(await say(second, 'x'), 'b:x');
  assert.equal(await say(first, 'y'), 'a:y');
});

test('a connection for which there is no server is refused', async (t) => {
  const relay = await relayTcp({ host, port: 0, choose: () => undefined });
  t.after(() => relay.close());
  const client = connect(relay.port, host);
  const [error] = (await once(client, 'error')) as [NodeJS.ErrnoException];
  assert.equal(error.code, 'ECONNRESET');
});

test('while it hangs connections stay and nothing moves; afterwards nothing was lost', async (t) => {
  const echo = await startEcho(t, 'e');
  const relay = await relayTcp({ host, port: 0, choose: () => ({ host, port: echo.port }) });
  t.after(() => relay.close());
  const open = connect(relay.port, host);
  assert.equal(await say(open, '1'), 'e:1');
  relay.hang();
  open.write('2');
  const late = connect(relay.port, host);
  await once(late, 'connect');
  late.write('3');
  assert.equal(echo.accepted.length, 1, 'the new connection has not reached the server');
  const answers = Promise.all([once(open, 'data'), once(late, 'data')]);
  relay.resume();
  assert.deepEqual((await answers).map(String), ['e:2', 'e:3']);
});

test('cut breaks open connections and leaves the port', async (t) => {
  const echo = await startEcho(t, 'e');
  const relay = await relayTcp({ host, port: 0, choose: () => ({ host, port: echo.port }) });
  t.after(() => relay.close());
  const open = connect(relay.port, host);
  open.on('error', () => {});
  assert.equal(await say(open, '1'), 'e:1');
  relay.cut();
  await once(open, 'close');
  assert.equal(await say(connect(relay.port, host), '2'), 'e:2');
});

test('a half-closed connection still carries the answer', async (t) => {
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    socket.resume();
    socket.on('end', () => socket.end('bye'));
  });
  server.listen(0, host);
  await once(server, 'listening');
  t.after(() => server.close());
  const { port } = server.address() as AddressInfo;
  const relay = await relayTcp({ host, port: 0, choose: () => ({ host, port }) });
  t.after(() => relay.close());
  const client = connect({ host, port: relay.port, allowHalfOpen: true });
  client.end('hello');
  const [answer] = (await once(client, 'data')) as [Buffer];
  assert.equal(answer.toString(), 'bye');
});
