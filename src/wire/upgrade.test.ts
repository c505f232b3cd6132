import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type TestContext, test } from 'node:test';
import { createServer, type TLSSocket } from 'node:tls';
import { TestCa } from '../../test/support/certificates.ts';
import {
  closeOf,
  get,
  Inbox,
  listenOnLoopback,
  readBody,
  startUpstream,
  testPki,
} from '../../test/support/loopback.ts';
import type { Fields } from './fields.ts';
import type { UpgradeAnswer, Upstream } from './upstream.ts';

const NEVER = new AbortController().signal;
const EXEC: Fields = ['x-b', '1', 'connection', 'Upgrade', 'x-a', '\xe9', 'upgrade', 'SPDY/3.1', 'x-b', '2'];

interface RawServer {
  readonly port: number;
  /** Sockets, each with its whole request head. */
  readonly asked: Inbox<{ readonly socket: TLSSocket; readonly head: string }>;
}

async function startRawServer(t: TestContext): Promise<RawServer> {
  const { server: tls } = await testPki();
  const asked: RawServer['asked'] = new Inbox();
  const options = { ...tls, ALPNProtocols: ['h2', 'http/1.1'], allowHalfOpen: true };
  const server = createServer(options, (socket) => {
    socket.on('error', () => {});
    t.after(() => socket.destroy());
    let head = '';
    const read = (chunk: Buffer): void => {
      head += chunk.toString('latin1');
      if (!head.endsWith('\r\n\r\n')) return;
      socket.off('data', read);
      asked.put({ socket, head });
    };
    socket.on('data', read);
  });
  return { port: await listenOnLoopback(t, server), asked };
}

async function ask(
  upstream: Upstream,
  server: RawServer,
  answer: string,
): Promise<{ answer: UpgradeAnswer; socket: TLSSocket }> {
  const pending = upstream.upgrade(get('/exec', EXEC), NEVER);
  const { socket } = await server.asked.next();
  socket.write(answer, 'latin1');
  return { answer: await pending, socket };
}

test('a switch: the head as given, both heads byte for byte, early bytes first, half-closed directions kept', async (t) => {
  const server = await startRawServer(t);
  const upstream = await startUpstream(t, server.port);
  const pending = upstream.upgrade(get('/exec%2F?a=b&a', EXEC), NEVER);
  const { socket, head } = await server.asked.next();
  assert.equal(
    head,
    'GET /exec%2F?a=b&a HTTP/1.1\r\nhost: example.test\r\nx-b: 1\r\nconnection: Upgrade\r\nx-a: \xe9\r\nupgrade: SPDY/3.1\r\nx-b: 2\r\n\r\n',
  );
  assert.equal(socket.alpnProtocol, 'http/1.1');
  socket.write(
    'HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 101 Switching Protocols\r\nX-B: 1\r\nConnection: upgrade\r\nUpgrade: SPDY/3.1\r\nX-A: \xe9\r\nx-b: 2\r\n\r\nearly',
    'latin1',
  );
  const answer = await pending;
  assert(answer.kind === 'switched');
  assert.deepEqual(answer.head, {
    status: 101,
    fields: ['x-b', '1', 'connection', 'upgrade', 'upgrade', 'SPDY/3.1', 'x-a', '\xe9', 'x-b', '2'],
  });
  assert.equal(upstream.inFlight, 1);
  const down = readBody(answer.tunnel.source);
  answer.tunnel.sink.write(Buffer.from('up'));
  answer.tunnel.sink.end([]);
  let up = '';
  socket.setEncoding('latin1').on('data', (chunk: string) => {
    up += chunk;
  });
  await once(socket, 'end');
  assert.equal(up, 'up');
  socket.end(' late');
  assert.deepEqual(await down, { kind: 'end', text: 'early late', trailers: [] });
});

test('a server that ends its direction first still takes what comes up', async (t) => {
  const server = await startRawServer(t);
  const upstream = await startUpstream(t, server.port);
  const { answer, socket } = await ask(
    upstream,
    server,
    'HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n',
  );
  assert(answer.kind === 'switched');
  socket.end('down');
  assert.deepEqual(await readBody(answer.tunnel.source), { kind: 'end', text: 'down', trailers: [] });
  answer.tunnel.sink.write(Buffer.from('up'));
  const [up] = (await once(socket, 'data')) as [Buffer];
  assert.equal(up.toString(), 'up');
  answer.tunnel.sink.end([]);
  await closeOf(socket);
});

test('CVE-2018-1002105: a refused switch ends its connection, which never carries another request', async (t) => {
  const server = await startRawServer(t);
  const upstream = await startUpstream(t, server.port);
  const answers = {
    sized: 'HTTP/1.1 403 Forbidden\r\nConnection: keep-alive\r\nContent-Length: 2\r\n\r\nno',
    chunked: 'HTTP/1.1 403 Forbidden\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nno\r\n0\r\nT: 1\r\n\r\n',
  };
  for (const [framing, text] of Object.entries(answers)) {
    const { answer, socket } = await ask(upstream, server, text);
    const closed = closeOf(socket);
    socket.on('data', () => assert.fail('nothing may follow'));
    assert(answer.kind === 'refused');
    assert.equal(answer.head.status, 403);
    const trailers = framing === 'chunked' ? ['t', '1'] : [];
    assert.deepEqual(await readBody(answer.body), { kind: 'end', text: 'no', trailers }, framing);
    await once(socket, 'end');
    socket.destroy();
    await closed;
  }
  const again = upstream.upgrade(get('/exec', EXEC), NEVER);
  const { socket } = await server.asked.next();
  socket.destroy();
  assert.equal((await again).kind, 'failed');
});

test('a refusal that breaks off is reset; one that ends with the connection is whole', async (t) => {
  const server = await startRawServer(t);
  const upstream = await startUpstream(t, server.port);
  const cut = await ask(upstream, server, 'HTTP/1.1 403 Forbidden\r\nContent-Length: 9\r\n\r\npart');
  cut.socket.end();
  assert(cut.answer.kind === 'refused');
  assert.deepEqual(await readBody(cut.answer.body), { kind: 'reset', text: 'part', reason: 'connection-lost' });

  const open = await ask(upstream, server, 'HTTP/1.1 403 Forbidden\r\n\r\nwhole');
  open.socket.end();
  assert(open.answer.kind === 'refused');
  assert.deepEqual(await readBody(open.answer.body), { kind: 'end', text: 'whole', trailers: [] });
});

test('an answer that is no strict HTTP/1.1 fails', async (t) => {
  const server = await startRawServer(t);
  const upstream = await startUpstream(t, server.port);
  for (const text of [
    'SSH-2.0-server\r\n\r\n',
    'HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\nno',
    'HTTP/1.1 101 Switching Protocols\nConnection: upgrade\nUpgrade: x\n\n',
    `HTTP/1.1 101 Switching Protocols\r\nA: ${'a'.repeat(70_000)}\r\n\r\n`,
  ]) {
    const { answer, socket } = await ask(upstream, server, text);
    assert(answer.kind === 'failed', text.slice(0, 40));
    assert.equal(answer.failure.processed, 'unknown');
    if (!socket.closed) await once(socket, 'end');
  }
});

test('a connection that cannot be made or verified fails with nothing sent', async (t) => {
  const other = await TestCa.create('other');
  const server = await startRawServer(t);
  const wrongCa = await (await startUpstream(t, server.port, { ca: other.cert })).upgrade(get('/', EXEC), NEVER);
  assert(wrongCa.kind === 'failed');
  assert.deepEqual([wrongCa.failure.cause, wrongCa.failure.processed], ['tls', 'no']);
  const wrongName = await (await startUpstream(t, server.port, { servername: 'x' })).upgrade(get('/', EXEC), NEVER);
  assert.equal(wrongName.kind === 'failed' && wrongName.failure.cause, 'tls');
  const refused = await (await startUpstream(t, 1)).upgrade(get('/', EXEC), NEVER);
  assert.equal(refused.kind === 'failed' && refused.failure.cause, 'connect');
});

test('what could be read as another field, or as a body, is not sent', async (t) => {
  const server = await startRawServer(t);
  const upstream = await startUpstream(t, server.port);
  for (const head of [
    get('/', [...EXEC, 'x-remote-user', 'a\r\nx-remote-group: b']),
    get('/', [...EXEC, 'x-remote-user', 'a\u010ab']),
    get('/', [...EXEC, 'a b', 'c']),
    get('/ HTTP/1.1\r\nx: y', EXEC),
    get('/', [...EXEC, 'content-length', '5']),
    get('/', [...EXEC, 'transfer-encoding', 'chunked']),
    { ...get('/', EXEC), method: 'GET /' },
  ]) {
    const answer = await upstream.upgrade(head, NEVER);
    assert(answer.kind === 'failed', JSON.stringify(head));
    assert.equal(answer.failure.processed, 'no');
  }
  assert.equal(server.asked.size, 0);
  assert.equal(upstream.inFlight, 0);

  const post = upstream.upgrade({ ...get('/', [...EXEC, 'content-length', '0']), method: 'POST' }, NEVER);
  const { socket, head } = await server.asked.next();
  assert.match(head, /^POST \/ HTTP\/1\.1\r\n.*content-length: 0\r\n\r\n$/s);
  socket.destroy();
  await post;
});

test('the signal gives up an attempt, but not a tunnel; closing the upstream ends both', async (t) => {
  const server = await startRawServer(t);
  const upstream = await startUpstream(t, server.port);
  const attempt = new AbortController();
  const given = upstream.upgrade(get('/', EXEC), attempt.signal);
  const asked = await server.asked.next();
  attempt.abort();
  assert.equal((await given).kind, 'failed');
  await once(asked.socket, 'end');
  assert.equal((await upstream.upgrade(get('/', EXEC), AbortSignal.abort())).kind, 'failed');

  const switched = new AbortController();
  const pending = upstream.upgrade(get('/', EXEC), switched.signal);
  const { socket } = await server.asked.next();
  socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n');
  const answer = await pending;
  assert(answer.kind === 'switched');
  switched.abort();
  const source = readBody(answer.tunnel.source);
  socket.write('still there');
  answer.tunnel.sink.write(Buffer.from('x'));
  await once(socket.resume(), 'data');
  await upstream.close(0);
  assert.deepEqual(await source, { kind: 'reset', text: 'still there', reason: 'connection-lost' });
});

test('a refused switch that nobody reads ends its connection once it is whole, and stays readable', async (t) => {
  const server = await startRawServer(t);
  const upstream = await startUpstream(t, server.port);
  for (const [text, body] of [
    ['HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n', ''],
    ['HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno', 'no'],
    ['HTTP/1.1 403 Forbidden\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nno\r\n0\r\n\r\n', 'no'],
  ] as const) {
    const { answer, socket } = await ask(upstream, server, text);
    assert(answer.kind === 'refused');
    await once(socket.resume(), 'end');
    while (upstream.inFlight > 0) await new Promise(setImmediate);
    assert.deepEqual(await readBody(answer.body), { kind: 'end', text: body, trailers: [] });
  }
  const { answer, socket } = await ask(upstream, server, 'HTTP/1.1 403 Forbidden\r\nContent-Length: 4\r\n\r\nno');
  assert(answer.kind === 'refused');
  socket.write('pe');
  await once(socket.resume(), 'end');
  assert.deepEqual(await readBody(answer.body), { kind: 'end', text: 'nope', trailers: [] });
});

test('the signal ends a refused switch that was not read', async (t) => {
  const server = await startRawServer(t);
  const upstream = await startUpstream(t, server.port);
  const attempt = new AbortController();
  const pending = upstream.upgrade(get('/', EXEC), attempt.signal);
  const { socket } = await server.asked.next();
  socket.write('HTTP/1.1 403 Forbidden\r\nContent-Length: 9\r\n\r\npart');
  const answer = await pending;
  assert(answer.kind === 'refused');
  assert.equal(upstream.inFlight, 1);
  attempt.abort();
  await once(socket.resume(), 'end');
  while (upstream.inFlight > 0) await new Promise(setImmediate);
  assert.equal((await readBody(answer.body)).kind, 'reset');
});

test('a server that accepts and never answers is given up', async (t) => {
  const server = await startRawServer(t);
  const upstream = await startUpstream(t, server.port);
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const pending = upstream.upgrade(get('/', EXEC), NEVER);
  const { socket } = await server.asked.next();
  t.mock.timers.tick(60_000);
  const answer = await pending;
  assert(answer.kind === 'failed');
  const { cause, reason, processed, message } = answer.failure;
  assert.deepEqual([cause, reason, processed], ['connection', 'timeout', 'unknown']);
  assert.match(message, /did not answer it in time/);
  await once(socket.resume(), 'end');
});
