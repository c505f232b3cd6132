import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test } from 'node:test';
import { closeOf, connectRaw, readBody, readToEnd, startListener } from '../../test/support/loopback.ts';

const UPGRADE = 'GET /exec HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: SPDY/3.1\r\n\r\n';
const SWITCHED = { status: 101, fields: ['connection', 'Upgrade', 'upgrade', 'SPDY/3.1', 'x', '\xe9'] };

test('a switch hands over the raw bytes, those sent early first, and keeps half-closed directions', async (t) => {
  const { port, exchanges } = await startListener(t);
  const socket = await connectRaw(t, port, 'http/1.1', { allowHalfOpen: true });
  socket.write(`${UPGRADE}early`);
  const exchange = await exchanges.next();
  assert.equal(exchange.upgrade?.protocol, 'SPDY/3.1');
  assert.equal(exchange.bodyless, true);
  assert.equal(exchange.head.target, '/exec');
  const tunnel = exchange.upgrade.switchProtocols(SWITCHED);
  const upwards = readBody(tunnel.source);
  const [head] = (await once(socket, 'data')) as [Buffer];
  assert.equal(
    head.toString('latin1'),
    'HTTP/1.1 101 Switching Protocols\r\nconnection: Upgrade\r\nupgrade: SPDY/3.1\r\nx: \xe9\r\n\r\n',
  );
  socket.end(' late');
  assert.deepEqual(await upwards, { kind: 'end', text: 'early late', trailers: [] });
  const downwards = readToEnd(socket);
  tunnel.sink.write(Buffer.from('still open'));
  tunnel.sink.end([]);
  assert.equal(await downwards, 'still open');
});

test('a tunnel whose client breaks is reset', async (t) => {
  const { port, exchanges } = await startListener(t);
  const socket = await connectRaw(t, port, 'http/1.1');
  socket.write(UPGRADE);
  const tunnel = (await exchanges.next()).upgrade?.switchProtocols(SWITCHED);
  assert(tunnel !== undefined);
  await once(socket, 'data');
  const source = readBody(tunnel.source);
  tunnel.sink.reset('cancel');
  assert.deepEqual(await source, { kind: 'reset', text: '', reason: 'connection-lost' });
});

test('a refused switch is answered as HTTP/1.1 and its connection takes no other request', async (t) => {
  const { port, exchanges } = await startListener(t);
  const refuse = async (sized: boolean): Promise<string> => {
    const socket = await connectRaw(t, port, 'http/1.1');
    const answer = readToEnd(socket);
    socket.write(`${UPGRADE}GET /smuggled HTTP/1.1\r\nHost: x\r\n\r\n`);
    const exchange = await exchanges.next();
    exchange.onAbort = () => assert.fail('it was answered');
    const fields = [
      'content-type',
      'text/plain',
      'connection',
      'keep-alive',
      ...(sized ? ['content-length', '2'] : []),
    ];
    const sink = exchange.respond({ status: 403, fields }, false);
    sink.write(Buffer.from('no'));
    sink.end([]);
    return answer;
  };
  const head = 'HTTP/1.1 403 Forbidden\r\ncontent-type: text/plain\r\n';
  assert.equal(await refuse(true), `${head}content-length: 2\r\nconnection: close\r\n\r\nno`);
  assert.equal(
    await refuse(false),
    `${head}transfer-encoding: chunked\r\nconnection: close\r\n\r\n2\r\nno\r\n0\r\n\r\n`,
  );
  assert.equal(exchanges.size, 0);
});

test('a head that would split into more fields ends the connection instead', async (t) => {
  const { port, exchanges } = await startListener(t);
  for (const fields of [
    ['a', 'b\r\nset-cookie: x'],
    ['a\r\nset-cookie', 'x'],
    ['a', 'b\u010aset-cookie: x'],
  ]) {
    const socket = await connectRaw(t, port, 'http/1.1');
    const answer = readToEnd(socket);
    socket.write(UPGRADE);
    (await exchanges.next()).respond({ status: 200, fields }, true);
    assert.equal(await answer, '');
  }
});

test('a client that leaves while the switch is pending aborts the exchange', async (t) => {
  const { port, exchanges } = await startListener(t);
  for (const leave of ['end', 'destroy'] as const) {
    const socket = await connectRaw(t, port, 'http/1.1');
    socket.write(UPGRADE);
    const { promise, resolve } = Promise.withResolvers<string>();
    (await exchanges.next()).onAbort = resolve;
    socket[leave]();
    assert.equal(await promise, 'cancel', leave);
  }
});

test('a switch with a body, or behind an unanswered request, is refused', async (t) => {
  const { port, exchanges } = await startListener(t);
  const upgrade = 'Connection: Upgrade\r\nUpgrade: x\r\n';
  for (const framing of ['Content-Length: 5\r\n', 'Transfer-Encoding: chunked\r\n']) {
    const socket = await connectRaw(t, port, 'http/1.1');
    const answer = readToEnd(socket);
    socket.write(`POST / HTTP/1.1\r\nHost: x\r\n${upgrade}${framing}\r\nhello`);
    assert.match(await answer, /^HTTP\/1\.1 400 /, framing);
  }
  assert.equal(exchanges.size, 0);

  const empty = await connectRaw(t, port, 'http/1.1');
  empty.write(`POST / HTTP/1.1\r\nHost: x\r\n${upgrade}Content-Length: 0\r\n\r\n`);
  assert.notEqual((await exchanges.next()).upgrade, undefined);

  const pipelined = await connectRaw(t, port, 'http/1.1');
  const gone = closeOf(pipelined);
  pipelined.write(`GET / HTTP/1.1\r\nHost: x\r\n\r\n${UPGRADE}`);
  await exchanges.next();
  await gone;
  assert.equal(exchanges.size, 0);
});
