import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, connect, createServer } from 'node:net';
import { test } from 'node:test';
import { engineOfTest, engineTest } from '../../test/support/engine-test.ts';
import { FLAG, FRAME, type Frame, FrameReader, frame, H2_PREFACE, literals } from '../../test/support/h2-frames.ts';
import {
  closeOf,
  connectH2Client,
  connectRaw,
  Inbox,
  readToEnd,
  startListener,
  testPki,
} from '../../test/support/loopback.ts';
import type { ServerExchange } from './exchange.ts';
import { listen, listenPlain } from './listener.ts';

engineTest('close lets open HTTP/2 exchanges finish after GOAWAY', async (t) => {
  const { listener, port, exchanges } = await startListener(t);
  const session = await connectH2Client(t, port);
  const stream = session.request({ ':path': '/' });
  const exchange = await exchanges.next();
  const goaway = once(session, 'goaway');
  const closed = listener.close(60_000);
  await goaway;
  const sink = exchange.respond({ status: 200, fields: [] }, false);
  sink.write(Buffer.from('whole'));
  sink.end([]);
  stream.setEncoding('latin1');
  const [body] = (await once(stream, 'data')) as [string];
  assert.equal(body, 'whole');
  await closed;
  if (!exchange.connection.closed.aborted) await once(exchange.connection.closed, 'abort');
});

engineTest(
  'GOAWAY names the last stream that is served, so that a client can send what came later elsewhere',
  async (t) => {
    const { listener, port, exchanges } = await startListener(t);
    const socket = await connectRaw(t, port, 'h2');
    const frames = new Inbox<Frame>();
    const reader = new FrameReader();
    socket.on('data', (chunk: Buffer) => reader.push(chunk).forEach(frames.put));
    const next = async (type: number): Promise<Frame> => {
      for (;;) {
        const received = await frames.next();
        if (received.type === type) return received;
      }
    };
    const head = literals([':method', 'GET', ':scheme', 'https', ':authority', 'x', ':path', '/']);
    const request = (id: number): Buffer => frame(FRAME.headers, FLAG.endHeaders | FLAG.endStream, id, head);
    socket.write(Buffer.concat([H2_PREFACE, frame(FRAME.settings, 0, 0), request(1)]));
    const exchange = await exchanges.next();
    const closed = listener.close(60_000);
    if (engineOfTest(t) === 'own') {
      // First only that it leaves, and a PING, so that what is under way is still served (RFC 9113 section 6.8).
      assert.equal((await next(FRAME.goaway)).payload.readUInt32BE(0), 2 ** 31 - 1);
      socket.write(frame(FRAME.ping, FLAG.ack, 0, (await next(FRAME.ping)).payload));
    }
    assert.equal((await next(FRAME.goaway)).payload.readUInt32BE(0), 1);
    const ping = Buffer.alloc(8, 'x');
    socket.write(Buffer.concat([request(3), frame(FRAME.ping, 0, 0, ping)]));
    assert.deepEqual((await next(FRAME.ping)).payload, ping);
    assert.equal(exchanges.size, 0);
    exchange.respond({ status: 200, fields: [] }, true);
    assert.equal((await next(FRAME.headers)).streamId, 1);
    await closed;
  },
);

test('close lets open HTTP/1.1 exchanges finish, announces the end and drops idle connections', async (t) => {
  const { listener, port, exchanges } = await startListener(t);
  const idle = await connectRaw(t, port, 'http/1.1');
  idle.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n');
  (await exchanges.next()).respond({ status: 200, fields: [] }, true);
  await once(idle, 'data');
  const busy = await connectRaw(t, port, 'http/1.1');
  busy.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n');
  const open = await exchanges.next();
  const begun = await connectRaw(t, port, 'http/1.1');
  begun.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n');
  const watch = (await exchanges.next()).respond({ status: 200, fields: [] }, false);
  await once(begun, 'data');

  const gone = closeOf(idle);
  const closed = listener.close(60_000);
  await gone;
  open.respond({ status: 200, fields: [] }, true);
  assert.match(await readToEnd(busy), /Connection: close/);
  watch.end([]);
  assert.match(await readToEnd(begun), /0\r\n\r\n$/);
  await closed;
});

test('a request on a connection that was idle when the listener began to close is answered, and ends it', async (t) => {
  const { listener, port, exchanges } = await startListener(t, { limits: { drainIdleMs: 60_000 } });
  const idle = await connectRaw(t, port, 'http/1.1');
  const request = 'POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n';
  idle.write(request);
  (await exchanges.next()).respond({ status: 200, fields: [] }, true);
  const [first] = (await once(idle, 'data')) as [Buffer];
  assert.doesNotMatch(first.toString(), /connection: close/i);

  const closed = listener.close(60_000);
  idle.write(request);
  (await exchanges.next()).respond({ status: 201, fields: [] }, true);
  assert.match(await readToEnd(idle), /^HTTP\/1.1 201 .*connection: close/is);
  await closed;
});

test('a connection whose answer ends while the listener closes has as much time for a request as one that was idle', async (t) => {
  const lingerMs = 10_000;
  const { listener, port, exchanges } = await startListener(t, { limits: { drainIdleMs: lingerMs } });
  const client = await connectRaw(t, port, 'http/1.1');
  const request = 'GET / HTTP/1.1\r\nHost: x\r\n\r\n';
  client.write(request);
  const exchange = await exchanges.next();
  const watch = exchange.respond({ status: 200, fields: [] }, false);
  await once(client, 'data');

  t.mock.timers.enable({ apis: ['setTimeout'] });
  const closed = listener.close(60_000);
  t.mock.timers.tick(lingerMs - 1);
  watch.end([]);
  const [end] = (await once(client, 'data')) as [Buffer];
  assert.match(end.toString(), /0\r\n\r\n$/);
  t.mock.timers.tick(1);
  client.write(request);
  (await exchanges.next()).respond({ status: 201, fields: [] }, true);
  assert.match(await readToEnd(client), /^HTTP\/1.1 201 .*connection: close/is);
  t.mock.timers.reset();
  await closed;
});

test('a request that came while the process was held up is answered, though its connection was to end meanwhile', async (t) => {
  const lingerMs = 50;
  const { listener, port, exchanges } = await startListener(t, { limits: { drainIdleMs: lingerMs } });
  const idle = await connectRaw(t, port, 'http/1.1');
  const request = 'GET / HTTP/1.1\r\nHost: x\r\n\r\n';
  idle.write(request);
  (await exchanges.next()).respond({ status: 200, fields: [] }, true);
  await once(idle, 'data');

  const closed = listener.close(60_000);
  idle.write(request);
  const until = performance.now() + 4 * lingerMs;
  while (performance.now() < until);
  const received = readToEnd(idle);
  await Promise.race([
    exchanges.next().then((exchange) => exchange.respond({ status: 201, fields: [] }, true)),
    received,
  ]);
  assert.match(await received, /^HTTP\/1.1 201 /);
  await closed;
});

test('a tunnel is no idle connection: it goes on until the grace is over', async (t) => {
  const { listener, port, exchanges } = await startListener(t, { limits: { drainIdleMs: 0 } });
  const client = await connectRaw(t, port, 'http/1.1');
  client.write('GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: any\r\n\r\n');
  const tunnel = (await exchanges.next()).upgrade?.switchProtocols({ status: 101, fields: [] });
  await once(client, 'data');
  const other = await connectRaw(t, port, 'http/1.1');
  const idleGone = closeOf(other);
  void listener.close(60_000);
  await idleGone;
  tunnel?.sink.write(Buffer.from('still here'));
  const [bytes] = (await once(client, 'data')) as [Buffer];
  assert.equal(bytes.toString(), 'still here');
});

engineTest('connections that another process accepted are served and drained like others', async (t) => {
  const { server: material } = await testPki();
  const exchanges = new Inbox<ServerExchange>();
  const listener = await listen({
    host: '192.0.2.1',
    port: 6443,
    source: { kind: 'handed' },
    tls: material,
    limits: { drainIdleMs: 0 },
    handler: exchanges.put,
  });
  t.after(() => listener.close(0));
  assert.deepEqual([listener.host, listener.port], ['192.0.2.1', 6443]);
  const acceptor = createServer({ pauseOnConnect: true }, (socket) => listener.take(socket));
  await new Promise<void>((resolve) => acceptor.listen(0, '127.0.0.1', resolve));
  t.after(() => acceptor.close());
  const { port } = acceptor.address() as AddressInfo;
  const session = await connectH2Client(t, port);
  const stream = session.request({ ':path': '/' });
  const exchange = await exchanges.next();
  assert.equal(exchange.connection.remoteAddress, '127.0.0.1');
  const h1 = await connectRaw(t, port, 'http/1.1');
  const gone = closeOf(h1);
  const closed = listener.close(60_000);
  await gone;
  exchange.respond({ status: 200, fields: [] }, true);
  const [headers] = (await once(stream, 'response')) as [{ ':status': number }];
  assert.equal(headers[':status'], 200);
  await closed;
  const late = connect(port, '127.0.0.1');
  await once(late, 'close');
  listener.take('no socket');
});

engineTest('close destroys what is left after the grace and accepts nothing new', async (t) => {
  const { listener, port, exchanges } = await startListener(t);
  const session = await connectH2Client(t, port);
  session.request({ ':path': '/' }).on('error', () => {});
  const exchange = await exchanges.next();
  const lost = new Promise((resolve) => {
    exchange.onAbort = resolve;
  });
  await listener.close(0);
  assert.equal(await lost, 'connection-lost');
  const late = connect(port, '127.0.0.1');
  const [error] = (await once(late, 'error')) as [NodeJS.ErrnoException];
  assert.equal(error.code, 'ECONNREFUSED');
});

test('the plain listener speaks HTTP/1.1 with the same exchanges', async (t) => {
  const exchanges = new Inbox<ServerExchange>();
  const listener = await listenPlain({ host: '127.0.0.1', port: 0, handler: exchanges.put });
  t.after(() => listener.close(0));
  const socket = connect(listener.port, '127.0.0.1');
  socket.write('GET /livez HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n');
  const exchange = await exchanges.next();
  assert.deepEqual(exchange.connection.certificate, { kind: 'none' });
  exchange.respond({ status: 200, fields: ['content-length', '2'] }, false).write(Buffer.from('ok'));
  const [answer] = (await once(socket, 'data')) as [Buffer];
  assert.match(answer.toString(), /^HTTP\/1\.1 200 OK\r\ncontent-length: 2\r\nConnection: close\r\n\r\nok$/);
  assert.throws(() => listener.reload({ cert: '', key: '' }), TypeError);
});
