import assert from 'node:assert/strict';
import { channel } from 'node:diagnostics_channel';
import { once } from 'node:events';
import {
  createSecureServer,
  getUnpackedSettings,
  type Http2SecureServer,
  type ServerHttp2Session,
  type ServerHttp2Stream,
  sensitiveHeaders,
} from 'node:http2';
import { type TestContext, test } from 'node:test';
import { createServer as createTlsServer, type TLSSocket } from 'node:tls';
import { engineTest } from '../../test/support/engine-test.ts';
import { FRAME, type Frame, FrameReader, frame } from '../../test/support/h2-frames.ts';
import {
  get,
  Inbox,
  listenOnLoopback,
  Receiver,
  readBody,
  startUpstream,
  testPki,
} from '../../test/support/loopback.ts';
import type { UpstreamEvent } from './upstream.ts';
import { openUpstream } from './upstream-pool.ts';

interface Arrival {
  readonly stream: ServerHttp2Stream;
  readonly raw: string[];
  readonly trailers: Promise<string[]>;
}

interface Origin {
  readonly port: number;
  readonly server: Http2SecureServer;
  readonly sockets: TLSSocket[];
  readonly sessions: ServerHttp2Session[];
  readonly arrivals: Inbox<Arrival>;
}

async function startOrigin(t: TestContext, maxConcurrentStreams = 100): Promise<Origin> {
  const { server: tls } = await testPki();
  const sessions: ServerHttp2Session[] = [];
  const sockets: TLSSocket[] = [];
  const arrivals = new Inbox<Arrival>();
  const server = createSecureServer({ ...tls, settings: { maxConcurrentStreams }, strictSingleValueFields: false });
  server.on('session', (session) => {
    sessions.push(session);
    session.on('error', () => {});
  });
  server.on('stream', (stream: ServerHttp2Stream, _headers: unknown, _flags: number, raw: string[]) => {
    stream.on('error', () => {});
    const { promise: trailers, resolve } = Promise.withResolvers<string[]>();
    stream.on('trailers', (_object, _trailerFlags, fields) => resolve(fields));
    arrivals.put({ stream, raw, trailers });
  });
  server.on('secureConnection', (socket: TLSSocket) => sockets.push(socket));
  const port = await listenOnLoopback(t, server);
  t.after(() => {
    for (const session of sessions) session.destroy();
  });
  return { port, server, sockets, sessions, arrivals };
}

engineTest('a request arrives as it was given; what belongs to HTTP/1.1 connections does not', async (t) => {
  const origin = await startOrigin(t);
  const upstream = await startUpstream(t, origin.port);
  const fields = [
    'b',
    '1',
    'a',
    '\xe9',
    'b',
    '2',
    'content-type',
    'x',
    'content-type',
    'y',
    'connection',
    'close',
    'te',
    'gzip',
    'host',
    'z',
  ];
  const receiver = new Receiver();
  upstream.request(get('/a%2Fb//?x=%20', fields), true, receiver);
  const { stream, raw } = await origin.arrivals.next();
  assert.deepEqual(raw, [
    ...[':method', 'GET', ':scheme', 'https', ':authority', 'example.test', ':path', '/a%2Fb//?x=%20'],
    ...['b', '1', 'a', '\xe9', 'b', '2', 'content-type', 'x', 'content-type', 'y'],
  ]);
  stream.additionalHeaders({ ':status': 103, link: ['a', 'b'] });
  stream.respond([':status', '200', 'x', '1', 'y', '2', 'x', '3'], { waitForTrailers: true });
  stream.on('wantTrailers', () => stream.sendTrailers({ t: '1' }));
  stream.end('body');
  const { head, body, bodyless } = await receiver.answer;
  assert.deepEqual(receiver.informed, [{ status: 103, fields: ['link', 'a', 'link', 'b'] }]);
  assert.equal(head.status, 200);
  assert.deepEqual(head.fields.slice(0, 6), ['x', '1', 'y', '2', 'x', '3']);
  assert.equal(bodyless, false);
  assert.deepEqual(await readBody(body), { kind: 'end', text: 'body', trailers: ['t', '1'] });
});

engineTest('credentials never enter the compression table that users of one connection share', async (t) => {
  const origin = await startOrigin(t);
  const upstream = await startUpstream(t, origin.port);
  const neverIndexed = new Inbox<unknown>();
  origin.server.on('stream', (_stream, headers) => {
    neverIndexed.put(Reflect.get(headers, sensitiveHeaders));
  });
  upstream.request(
    get('/', ['authorization', 'Bearer t', 'cookie', 'c'.repeat(99), 'proxy-authorization', 'p', 'x', 'o']),
    true,
    new Receiver(),
  );
  assert.deepEqual(await neverIndexed.next(), ['authorization', 'cookie', 'proxy-authorization']);
});

engineTest('a response without a body says so at once', async (t) => {
  const origin = await startOrigin(t);
  const upstream = await startUpstream(t, origin.port);
  const receiver = new Receiver();
  upstream.request({ ...get('/'), method: 'HEAD' }, true, receiver);
  const { stream } = await origin.arrivals.next();
  stream.respond([':status', '200', 'content-length', '7'], { endStream: true });
  const { head, body, bodyless } = await receiver.answer;
  assert.equal(bodyless, true);
  assert.deepEqual(head.fields.slice(0, 2), ['content-length', '7']);
  assert.deepEqual(await readBody(body), { kind: 'end', text: '', trailers: [] });
});

engineTest('a body written while the connection is still made arrives whole, with trailers', async (t) => {
  const origin = await startOrigin(t);
  const upstream = await startUpstream(t, origin.port);
  for (const when of ['connecting', 'connected']) {
    const { body: sink } = upstream.request({ ...get('/'), method: 'POST' }, false, new Receiver());
    assert(sink !== undefined);
    sink.write(Buffer.from('one '));
    sink.write(Buffer.from('two'));
    sink.end(['t', '1', 'host', 'dropped']);
    const { stream, trailers } = await origin.arrivals.next();
    let text = '';
    stream.setEncoding('latin1').on('data', (chunk: string) => {
      text += chunk;
    });
    await once(stream, 'end');
    assert.deepEqual(await trailers, ['t', '1'], when);
    assert.equal(text, 'one two', when);
  }
});

engineTest(
  'the limit on streams is honoured: the sixth watch gets a connection of its own, none is queued',
  async (t) => {
    const origin = await startOrigin(t, 5);
    const upstream = await startUpstream(t, origin.port);
    for (let i = 0; i < 6; i += 1) {
      const receiver = new Receiver();
      upstream.request(get(`/watch/${i}`), true, receiver);
      const { stream } = await origin.arrivals.next();
      stream.respond([':status', '200']);
      await receiver.answer;
    }
    assert.equal(origin.sessions.length, 2);
    assert.equal(upstream.inFlight, 6);
  },
);

engineTest('windows are wide enough for long lists and many watches on one connection', async (t) => {
  const { server: tls } = await testPki();
  const frames = new Inbox<Frame>();
  const server = createTlsServer({ ...tls, ALPNProtocols: ['h2'] }, (socket) => {
    const reader = new FrameReader();
    let preface = true;
    socket.on('error', () => {});
    socket.on('data', (chunk: Buffer) => {
      reader.push(preface ? chunk.subarray(24) : chunk).forEach(frames.put);
      preface = false;
    });
    socket.write(frame(FRAME.settings, 0, 0));
    t.after(() => socket.destroy());
  });
  const upstream = await startUpstream(t, await listenOnLoopback(t, server));
  upstream.request(get('/'), true, new Receiver());
  const settings = getUnpackedSettings((await frames.next()).payload);
  assert.ok((settings.initialWindowSize ?? 0) >= 512 * 1024);
  assert.equal(settings.enablePush, false);
  const update = await frames.next();
  assert.deepEqual([update.type, update.streamId], [FRAME.windowUpdate, 0]);
  assert.equal(update.payload.readUInt32BE(0), 16 * 1024 * 1024 - 65_535);
});

engineTest('one connection attempt serves all that wait for it', async (t) => {
  const origin = await startOrigin(t, 50);
  const upstream = await startUpstream(t, origin.port);
  for (let i = 0; i < 40; i += 1) upstream.request(get('/'), true, new Receiver());
  for (let i = 0; i < 40; i += 1) await origin.arrivals.next();
  assert.equal(origin.sessions.length, 1);
});

engineTest('requests beyond all connections fail as overloaded, with nothing sent', async (t) => {
  const origin = await startOrigin(t, 2);
  const upstream = await startUpstream(t, origin.port, { maxConnections: 2 });
  const receivers = Array.from({ length: 5 }, () => new Receiver());
  for (const receiver of receivers) upstream.request(get('/'), true, receiver);
  const failure = await receivers[4]?.failure;
  assert.equal(failure?.cause, 'overloaded');
  assert.equal(failure?.processed, 'no');
  for (let i = 0; i < 4; i += 1) await origin.arrivals.next();
  const late = new Receiver();
  upstream.request(get('/'), true, late);
  assert.equal((await late.failure).cause, 'overloaded');
  assert.equal(origin.arrivals.size, 0);
});

test('a tenth of what a server allows is spared: some count a stream for longer than HTTP/2 does', async (t) => {
  const origin = await startOrigin(t, 20);
  const upstream = await startUpstream(t, origin.port, { engine: 'own' });
  const watch = async (): Promise<void> => {
    upstream.request(get('/'), true, new Receiver());
    await origin.arrivals.next();
  };
  for (let i = 0; i < 18; i += 1) await watch();
  assert.equal(origin.sessions.length, 1);
  await watch();
  assert.equal(origin.sessions.length, 2);
});

engineTest('a new request goes to the fullest connection that has room, so that others become empty', async (t) => {
  const origin = await startOrigin(t, 3);
  const upstream = await startUpstream(t, origin.port);
  const exchanges = Array.from({ length: 4 }, () => upstream.request(get('/'), true, new Receiver()));
  const arrivals: Arrival[] = [];
  for (let i = 0; i < 4; i += 1) arrivals.push(await origin.arrivals.next());
  const [first, second] = origin.sessions;
  const cancelled = arrivals.findIndex(({ stream }) => stream.session === first);
  exchanges[cancelled]?.reset('cancel');
  await once(arrivals[cancelled]?.stream ?? assert.fail(), 'close');
  for (const expected of [first, second]) {
    upstream.request(get('/'), true, new Receiver());
    assert.equal((await origin.arrivals.next()).stream.session, expected);
  }
});

engineTest('idle connections beyond the first are closed after a while', async (t) => {
  const origin = await startOrigin(t, 1);
  const upstream = await startUpstream(t, origin.port);
  const receivers = [new Receiver(), new Receiver(), new Receiver()];
  for (const receiver of receivers) upstream.request(get('/'), true, receiver);
  const arrivals = [await origin.arrivals.next(), await origin.arrivals.next(), await origin.arrivals.next()];
  t.mock.timers.enable({ apis: ['setTimeout'] });
  for (const { stream } of arrivals) stream.respond({ ':status': 200 }, { endStream: true });
  for (const receiver of receivers) await receiver.answer;
  while (upstream.inFlight > 0) await new Promise(setImmediate);
  const closed = new Inbox<ServerHttp2Session>();
  for (const session of origin.sessions) session.once('close', () => closed.put(session));
  t.mock.timers.tick(90_000);
  await closed.next();
  await closed.next();
  upstream.request(get('/'), true, new Receiver());
  await origin.arrivals.next();
  assert.equal(origin.sessions.length, 3);
});

// Only Node's engine lets a test jump ahead in its numbers; that of ours has its own.
test('stream numbers run out before the connection breaks: a new one takes over, the open stream goes on', async (t) => {
  const origin = await startOrigin(t);
  const created = channel('http2.client.stream.created');
  const jump = (message: unknown): void => {
    created.unsubscribe(jump);
    const { stream } = message as { stream: { session: { setNextStreamID(id: number): void } } };
    stream.session.setNextStreamID(2 ** 31 - 3);
  };
  created.subscribe(jump);
  t.after(() => created.unsubscribe(jump));
  const upstream = await startUpstream(t, origin.port, { engine: 'node' });
  const opening = new Receiver();
  upstream.request(get('/'), true, opening);
  const early = await origin.arrivals.next();
  early.stream.respond([':status', '200'], { endStream: true });
  await opening.answer;

  const last = new Receiver();
  upstream.request(get('/last'), true, last);
  const { stream } = await origin.arrivals.next();
  const next = new Receiver();
  upstream.request(get('/next'), true, next);
  assert.notEqual((await origin.arrivals.next()).stream.session, stream.session);
  stream.respond([':status', '200'], { endStream: true });
  assert.equal((await last.answer).head.status, 200);
});

engineTest(
  'close lets open requests finish, takes no new ones and resolves when all connections are gone',
  async (t) => {
    const origin = await startOrigin(t);
    const upstream = await startUpstream(t, origin.port);
    const open = new Receiver();
    upstream.request(get('/'), true, open);
    const { stream } = await origin.arrivals.next();
    const closed = upstream.close(60_000);
    const late = new Receiver();
    upstream.request(get('/'), true, late);
    assert.equal((await late.failure).processed, 'no');
    stream.respond([':status', '200']);
    stream.end('whole');
    assert.deepEqual(await readBody((await open.answer).body), { kind: 'end', text: 'whole', trailers: [] });
    await closed;
    assert.equal(upstream.inFlight, 0);
  },
);

engineTest('close destroys what is left after the grace', async (t) => {
  const origin = await startOrigin(t);
  const upstream = await startUpstream(t, origin.port);
  const open = new Receiver();
  upstream.request(get('/'), true, open);
  await origin.arrivals.next();
  await upstream.close(0);
  assert.equal((await open.failure).processed, 'unknown');
});

engineTest('events tell of connections that are made and lost', async (t) => {
  const origin = await startOrigin(t);
  const events = new Inbox<UpstreamEvent>();
  const upstream = await startUpstream(t, origin.port, { onEvent: events.put });
  upstream.request(get('/'), true, new Receiver());
  assert.deepEqual(await events.next(), { kind: 'connected', remoteAddress: '127.0.0.1' });
  await origin.arrivals.next();
  origin.sockets[0]?.destroy();
  const lost = await events.next();
  assert.equal(lost.kind, 'connection-lost');
});

test('an empty CA bundle is an error, not the public authorities', () => {
  assert.throws(
    () =>
      openUpstream({
        host: '127.0.0.1',
        port: 1,
        servername: 'x',
        ca: '',
        certificate: undefined,
        connectTimeoutMs: 1,
        pingIntervalMs: 1,
        pingTimeoutMs: 1,
        maxConnections: 1,
        onEvent: undefined,
      }),
    /holds no certificate/,
  );
});
