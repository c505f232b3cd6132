import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test } from 'node:test';
import { closeOf, connectRaw, readToEnd, startListener } from '../../test/support/loopback.ts';

const REQUEST = 'GET /one?watch=1 HTTP/1.1\r\nHost: one\r\nAuthorization: Bearer secret\r\n';
const FIELDS = ['authorization', 'Bearer secret'];

test('the fields of a request without an end in sight are let go with the first event, and no earlier', async (t) => {
  const { port, exchanges } = await startListener(t);
  const socket = await connectRaw(t, port, 'http/1.1');
  socket.write(`${REQUEST}\r\n`);
  const exchange = await exchanges.next();
  const sink = exchange.respond({ status: 200, fields: [] }, false);
  await once(socket, 'data');
  assert.deepEqual(exchange.head.fields, FIELDS);
  sink.write(Buffer.from('event'));
  assert.deepEqual(exchange.head, { method: 'GET', target: '/one?watch=1', authority: 'one', fields: [] });
  sink.end([]);
});

test('a body that is awaited under a declared length keeps its request whole', async (t) => {
  const { port, exchanges } = await startListener(t);
  const socket = await connectRaw(t, port, 'http/1.1');
  socket.write(`${REQUEST}Connection: close\r\n\r\n`);
  const exchange = await exchanges.next();
  const sink = exchange.respond({ status: 200, fields: ['content-length', '2'] }, false);
  sink.write(Buffer.from('ok'));
  assert.deepEqual(exchange.head.fields.slice(0, 2), FIELDS);
  sink.end([]);
  assert.match(await readToEnd(socket), /\r\n\r\nok$/);
});

test('the signal of a connection tells of its end, whether it is asked for before or after', async (t) => {
  const { port, exchanges } = await startListener(t);
  const socket = await connectRaw(t, port, 'http/1.1');
  socket.write(`${REQUEST}\r\n`);
  const early = await exchanges.next();
  assert.equal(early.connection.closed.aborted, false);
  assert.equal(early.connection.closed, early.connection.closed);
  const gone = once(early.connection.closed, 'abort');
  socket.destroy();
  await gone;

  const other = await connectRaw(t, port, 'http/1.1');
  other.write(`${REQUEST}\r\n`);
  const late = await exchanges.next();
  const aborted = new Promise((resolve) => {
    late.onAbort = resolve;
  });
  other.destroy();
  await Promise.all([aborted, closeOf(other)]);
  await new Promise(setImmediate);
  assert.equal(late.connection.closed.aborted, true);
});
