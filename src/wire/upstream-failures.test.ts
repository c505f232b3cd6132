import assert from 'node:assert/strict';
import {
  constants,
  createSecureServer,
  type Http2SecureServer,
  type ServerHttp2Session,
  type ServerHttp2Stream,
} from 'node:http2';
import { createServer } from 'node:net';
import type { TestContext } from 'node:test';
import { createServer as createTlsServer, type TLSSocket, type TlsOptions } from 'node:tls';
import { TestCa } from '../../test/support/certificates.ts';
import { engineTest } from '../../test/support/engine-test.ts';
import { FLAG, FRAME, type Frame, FrameReader, frame, literals } from '../../test/support/h2-frames.ts';
import {
  get,
  Inbox,
  listenOnLoopback,
  Receiver,
  readBody,
  SERVER_NAME,
  startUpstream,
  testPki,
} from '../../test/support/loopback.ts';
import type { Upstream, UpstreamEvent, UpstreamFailure, UpstreamOptions } from './upstream.ts';

/** An HTTP/2 server whose frames the test writes itself. */
interface RawOrigin {
  readonly port: number;
  readonly connections: Inbox<RawConnection>;
}

interface RawConnection {
  readonly socket: TLSSocket;
  readonly heads: Inbox<Frame>;
}

async function startRawOrigin(t: TestContext): Promise<RawOrigin> {
  const { server: tls } = await testPki();
  const connections = new Inbox<RawConnection>();
  const server = createTlsServer({ ...tls, ALPNProtocols: ['h2'] }, (socket) => {
    const heads = new Inbox<Frame>();
    const reader = new FrameReader();
    let preface = 24;
    socket.on('error', () => {});
    socket.on('data', (chunk: Buffer) => {
      const skipped = Math.min(preface, chunk.byteLength);
      preface -= skipped;
      for (const received of reader.push(chunk.subarray(skipped))) {
        if (received.type === FRAME.headers) heads.put(received);
      }
    });
    socket.write(frame(FRAME.settings, 0, 0));
    t.after(() => socket.destroy());
    connections.put({ socket, heads });
  });
  return { port: await listenOnLoopback(t, server), connections };
}

async function failureOf(upstream: Upstream): Promise<UpstreamFailure> {
  const receiver = new Receiver();
  upstream.request(get('/'), true, receiver);
  return receiver.failure;
}

async function startTls(t: TestContext, options: TlsOptions): Promise<number> {
  const server = createTlsServer({ ALPNProtocols: ['h2'], ...options }, (socket) => {
    socket.on('error', () => {});
    t.after(() => socket.destroy());
  });
  server.on('tlsClientError', () => {});
  return listenOnLoopback(t, server);
}

function collectStreams(origin: Http2SecureServer): Inbox<ServerHttp2Stream> {
  const arrivals = new Inbox<ServerHttp2Stream>();
  origin.on('stream', (stream: ServerHttp2Stream) => {
    stream.on('error', () => {});
    arrivals.put(stream);
  });
  return arrivals;
}

const u32 = (value: number): Buffer => {
  const octets = Buffer.alloc(4);
  octets.writeUInt32BE(value);
  return octets;
};
const goaway = (lastStreamId: number, code: number): Buffer =>
  frame(FRAME.goaway, 0, 0, Buffer.concat([u32(lastStreamId), u32(code)]));
const rst = (streamId: number, code: number): Buffer => frame(FRAME.rstStream, 0, streamId, u32(code));
const ok = (streamId: number, flags = 0): Buffer =>
  frame(FRAME.headers, FLAG.endHeaders | flags, streamId, literals([':status', '200']));

engineTest(
  'a connection that cannot be made fails every waiting request with nothing sent and a sentence that helps',
  async (t) => {
    const { ca, server } = await testPki();
    const other = await TestCa.create('other');
    const wrongName = await ca.issue({ commonName: 'x', dnsNames: ['other.example'] });
    const expired = await ca.issue({ commonName: 'x', dnsNames: [SERVER_NAME], notAfter: new Date(Date.now() - 1000) });
    const clientOnly = await ca.issue({ commonName: 'x', dnsNames: [SERVER_NAME], usage: 'client' });
    const silent = createServer((socket) => {
      socket.on('error', () => {});
      t.after(() => socket.destroy());
    });
    const notTls = createServer((socket) => void socket.on('error', () => {}).end('HTTP/1.1 400 Bad Request\r\n\r\n'));
    const hangsUp = createServer((socket) => void socket.destroy());

    const cases: [string, number, UpstreamFailure['cause'], RegExp, Partial<UpstreamOptions>?][] = [
      ['refused', 1, 'connect', /nothing listens on 127\.0\.0\.1:\d+; is the server running/],
      ['other CA', await startTls(t, server), 'tls', /not issued by the configured CA/, { ca: other.cert }],
      ['other name', await startTls(t, wrongName), 'tls', /not valid for the expected name "kubernetes\.default\.svc"/],
      ['expired', await startTls(t, expired), 'tls', /expired; renew it/],
      ['no server usage', await startTls(t, clientOnly), 'tls', /lacks serverAuth/],
      ['no ALPN', await startTls(t, { ...server, ALPNProtocols: [] }), 'protocol', /--disable-http2-serving/],
      ['HTTP/1.1 only', await startTls(t, { ...server, ALPNProtocols: ['http/1.1'] }), 'protocol', /HTTP\/1\.1-only/],
      ['not TLS', await listenOnLoopback(t, notTls), 'tls', /speak TLS 1\.2/],
      ['hangs up', await listenOnLoopback(t, hangsUp), 'tls', /closed the connection during set-up/],
      ['no handshake', await listenOnLoopback(t, silent), 'timeout', /in time/, { connectTimeoutMs: 50 }],
      ['no SETTINGS', await startTls(t, server), 'timeout', /in time/, { connectTimeoutMs: 50 }],
      ['no such name', 1, 'name', /does not resolve/, { host: 'name.invalid' }],
      [
        'wants a certificate',
        await startTls(t, { ...server, requestCert: true, ca: other.cert }),
        'tls',
        /accept our client certificate/,
      ],
    ];
    for (const [name, port, cause, message, overrides] of cases) {
      const events = new Inbox<UpstreamEvent>();
      const upstream = await startUpstream(t, port, { ...overrides, onEvent: events.put });
      const both = await Promise.all([failureOf(upstream), failureOf(upstream)]);
      for (const failure of both) {
        assert.equal(failure.cause, cause, `${name}: ${failure.message}`);
        assert.equal(failure.processed, 'no', name);
        assert.match(failure.message, message, name);
      }
      assert.equal((await events.next()).kind, 'connect-failed', name);
      assert.equal(upstream.inFlight, 0, name);
    }
  },
);

engineTest('an address may be the configured server name', async (t) => {
  const { server } = await testPki();
  const origin = createSecureServer(server);
  const arrivals = collectStreams(origin);
  const port = await listenOnLoopback(t, origin);
  const right = await startUpstream(t, port, { servername: '127.0.0.1' });
  right.request(get('/'), true, new Receiver());
  await arrivals.next();
  const wrong = await failureOf(await startUpstream(t, port, { servername: '127.0.0.2' }));
  assert.match(wrong.message, /not valid for the expected name "127\.0\.0\.2"/);
});

engineTest('the configured client certificate is presented', async (t) => {
  const { ca, server } = await testPki();
  const certificate = await ca.issue({ commonName: 'front-proxy', usage: 'client' });
  const names = new Inbox<unknown>();
  const origin = createSecureServer({ ...server, ca: ca.cert, requestCert: true });
  collectStreams(origin);
  origin.on('secureConnection', (socket: TLSSocket) => names.put(socket.getPeerCertificate().subject.CN));
  const upstream = await startUpstream(t, await listenOnLoopback(t, origin), { certificate });
  upstream.request(get('/'), true, new Receiver());
  assert.equal(await names.next(), 'front-proxy');
});

engineTest(
  'GOAWAY: streams above the last one were not processed, others go on, new ones use a new connection',
  async (t) => {
    const origin = await startRawOrigin(t);
    const events = new Inbox<UpstreamEvent>();
    const upstream = await startUpstream(t, origin.port, { onEvent: events.put });
    const [processed, unprocessed] = [new Receiver(), new Receiver()];
    upstream.request(get('/1'), true, processed);
    upstream.request(get('/2'), true, unprocessed);
    const { socket, heads } = await origin.connections.next();
    await heads.next();
    await heads.next();
    socket.write(Buffer.concat([ok(1), goaway(1, constants.NGHTTP2_NO_ERROR)]));
    const failure = await unprocessed.failure;
    assert.deepEqual([failure.processed, failure.cause], ['no', 'goaway']);
    const { body } = await processed.answer;
    assert.deepEqual([(await events.next()).kind, (await events.next()).kind], ['connected', 'goaway']);

    const next = new Receiver();
    upstream.request(get('/3'), true, next);
    const second = await origin.connections.next();
    const { streamId } = await second.heads.next();
    second.socket.write(ok(streamId, FLAG.endStream));
    assert.equal((await next.answer).bodyless, true);

    socket.write(frame(FRAME.data, FLAG.endStream, 1, Buffer.from('goes on')));
    assert.deepEqual(await readBody(body), { kind: 'end', text: 'goes on', trailers: [] });
  },
);

engineTest('GOAWAY with an error: what it does not cover was not processed, the rest is unknown', async (t) => {
  const origin = await startRawOrigin(t);
  const upstream = await startUpstream(t, origin.port);
  const [first, second] = [new Receiver(), new Receiver()];
  upstream.request(get('/1'), true, first);
  upstream.request(get('/2'), true, second);
  const { socket, heads } = await origin.connections.next();
  await heads.next();
  await heads.next();
  socket.write(goaway(1, constants.NGHTTP2_ENHANCE_YOUR_CALM));
  assert.equal((await first.failure).processed, 'unknown');
  assert.equal((await second.failure).processed, 'no');
});

engineTest('RST_STREAM: REFUSED_STREAM was not processed, other codes are unknown and keep their reason', async (t) => {
  const origin = await startRawOrigin(t);
  const upstream = await startUpstream(t, origin.port);
  const { NGHTTP2_REFUSED_STREAM, NGHTTP2_INTERNAL_ERROR, NGHTTP2_NO_ERROR, NGHTTP2_HTTP_1_1_REQUIRED } = constants;
  let connection: RawConnection | undefined;
  for (const [code, processed, reason] of [
    [NGHTTP2_REFUSED_STREAM, 'no', 'refused'],
    [NGHTTP2_INTERNAL_ERROR, 'unknown', 'internal'],
    [NGHTTP2_NO_ERROR, 'unknown', 'cancel'],
    [NGHTTP2_HTTP_1_1_REQUIRED, 'unknown', 'http-1.1-required'],
  ] as const) {
    const receiver = new Receiver();
    upstream.request(get('/'), true, receiver);
    connection ??= await origin.connections.next();
    const { streamId } = await connection.heads.next();
    connection.socket.write(rst(streamId, code));
    const failure = await receiver.failure;
    assert.deepEqual([failure.processed, failure.reason, failure.cause], [processed, reason, 'reset']);
  }
});

engineTest('a body that does not end with END_STREAM is reset, however the server left', async (t) => {
  const { NGHTTP2_NO_ERROR, NGHTTP2_CANCEL, NGHTTP2_INTERNAL_ERROR } = constants;
  const leave: [string, (socket: TLSSocket, id: number) => void][] = [
    ['cancel', (socket, id) => socket.write(rst(id, NGHTTP2_NO_ERROR))],
    ['cancel', (socket, id) => socket.write(rst(id, NGHTTP2_CANCEL))],
    ['internal', (socket, id) => socket.write(rst(id, NGHTTP2_INTERNAL_ERROR))],
    ['connection-lost', (socket) => socket.end()],
    ['connection-lost', (socket) => socket.destroy()],
    ['connection-lost', (socket, id) => socket.write(goaway(id, NGHTTP2_INTERNAL_ERROR))],
    ['protocol', (socket, id) => socket.write(frame(FRAME.windowUpdate, 0, id, u32(0)))],
  ];
  for (const [reason, act] of leave) {
    const origin = await startRawOrigin(t);
    const upstream = await startUpstream(t, origin.port);
    const receiver = new Receiver();
    upstream.request(get('/'), true, receiver);
    const { socket, heads } = await origin.connections.next();
    const { streamId } = await heads.next();
    socket.write(Buffer.concat([ok(streamId), frame(FRAME.data, 0, streamId, Buffer.from('part'))]));
    const body = readBody((await receiver.answer).body);
    act(socket, streamId);
    const outcome = await body;
    assert.equal(outcome.kind, 'reset', `${reason} ${act}`);
    assert.equal(outcome.kind === 'reset' && outcome.reason, reason, String(act));
  }
});

engineTest('a connection lost under a request leaves unknown whether it was processed', async (t) => {
  const origin = await startRawOrigin(t);
  const upstream = await startUpstream(t, origin.port);
  const receiver = new Receiver();
  upstream.request(get('/'), true, receiver);
  const { socket, heads } = await origin.connections.next();
  await heads.next();
  socket.destroy();
  const failure = await receiver.failure;
  assert.deepEqual([failure.processed, failure.reason, failure.cause], ['unknown', 'connection-lost', 'connection']);
});

engineTest('a server that no longer answers PING is given up, an answering one is kept', async (t) => {
  const hung = await startRawOrigin(t);
  const events = new Inbox<UpstreamEvent>();
  const dead = await startUpstream(t, hung.port, { pingIntervalMs: 20, pingTimeoutMs: 50, onEvent: events.put });
  const failure = await failureOf(dead);
  assert.equal(failure.processed, 'unknown');
  assert.match(failure.message, /PING timed out/);
  assert.deepEqual([(await events.next()).kind, (await events.next()).kind], ['connected', 'connection-lost']);

  const { server } = await testPki();
  const origin = createSecureServer(server);
  const pinged = new Promise<void>((resolve) => {
    origin.on('session', (session: ServerHttp2Session) => {
      let pings = 0;
      session.on('ping', () => {
        pings += 1;
        if (pings === 5) resolve();
      });
    });
  });
  const arrivals = collectStreams(origin);
  const port = await listenOnLoopback(t, origin);
  const alive = await startUpstream(t, port, { pingIntervalMs: 20, pingTimeoutMs: 5000 });
  const receiver = new Receiver();
  alive.request(get('/'), true, receiver);
  const stream = await arrivals.next();
  await pinged;
  stream.respond();
  assert.equal((await receiver.answer).head.status, 200);
});

engineTest(
  'answers that are 5xx or broken off again and again are told of; other ones in between and our own resets are not',
  async (t) => {
    const { server } = await testPki();
    const origin = createSecureServer(server);
    const arrivals = collectStreams(origin);
    const events: UpstreamEvent[] = [];
    const onEvent = (event: UpstreamEvent): void => void events.push(event);
    const upstream = await startUpstream(t, await listenOnLoopback(t, origin), { onEvent });
    const ways = {
      fine: (stream: ServerHttp2Stream) => stream.respond({ ':status': 404 }, { endStream: true }),
      failed: (stream: ServerHttp2Stream) => stream.respond({ ':status': 500 }, { endStream: true }),
      reset: (stream: ServerHttp2Stream) => stream.close(constants.NGHTTP2_INTERNAL_ERROR),
      ours: () => {},
    };
    const answer = async (way: keyof typeof ways): Promise<void> => {
      const receiver = new Receiver();
      const exchange = upstream.request(get('/'), true, receiver);
      ways[way](await arrivals.next());
      if (way === 'ours') exchange.reset('cancel');
      while (upstream.inFlight > 0) await new Promise(setImmediate);
    };
    const told = () => events.filter(({ kind }) => kind === 'failing').length;
    for (let times = 0; times < 4; times += 1) await answer('failed');
    await answer('fine');
    for (const way of ['failed', 'reset', 'ours', 'failed', 'ours', 'reset'] as const) await answer(way);
    assert.equal(told(), 0);
    await answer('reset');
    assert.equal(told(), 1);
    for (let times = 0; times < 5; times += 1) await answer('failed');
    assert.equal(told(), 2);
  },
);

engineTest('reset reaches the server with the mapped code, and the receiver hears nothing more', async (t) => {
  const { server } = await testPki();
  const origin = createSecureServer(server);
  const arrivals = collectStreams(origin);
  const upstream = await startUpstream(t, await listenOnLoopback(t, origin));
  for (const [reason, code] of [
    ['cancel', constants.NGHTTP2_CANCEL],
    ['connection-lost', constants.NGHTTP2_CANCEL],
    ['internal', constants.NGHTTP2_INTERNAL_ERROR],
  ] as const) {
    const receiver = new Receiver();
    receiver.failed = () => assert.fail('reset by the caller');
    const exchange = upstream.request(get('/'), true, receiver);
    const stream = await arrivals.next();
    const closed = new Promise<void>((resolve) => stream.once('close', () => resolve()));
    exchange.reset(reason);
    await closed;
    assert.equal(stream.rstCode, code);
  }
  assert.equal(upstream.inFlight, 0);

  const waiting = new Receiver();
  waiting.failed = () => assert.fail('given up by the caller');
  const unconnected = await startUpstream(t, 1);
  unconnected.request(get('/'), true, waiting).reset('cancel');
  assert.equal((await failureOf(unconnected)).processed, 'no');
});

engineTest('a server that answers before it has read the request stops the rest of it', async (t) => {
  const origin = await startRawOrigin(t);
  const upstream = await startUpstream(t, origin.port);
  const receiver = new Receiver();
  const { body: sink } = upstream.request({ ...get('/'), method: 'POST' }, false, receiver);
  const { socket, heads } = await origin.connections.next();
  const { streamId } = await heads.next();
  const reader = new FrameReader();
  const stopped = new Promise<void>((resolve) => {
    socket.on('data', (chunk: Buffer) => {
      if (reader.push(chunk).some(({ type }) => type === FRAME.rstStream)) resolve();
    });
  });
  socket.write(ok(streamId, FLAG.endStream));
  assert.equal((await receiver.answer).bodyless, true);
  assert.equal(sink?.write(Buffer.alloc(1 << 20)), true);
  await stopped;
});

engineTest('a head that could be read as more than one field is not sent', async (t) => {
  const { server } = await testPki();
  const origin = createSecureServer(server);
  const arrivals = collectStreams(origin);
  const upstream = await startUpstream(t, await listenOnLoopback(t, origin));
  const heads = [
    get('/', ['x-remote-user', 'a\0x-remote-group\0system:masters\0']),
    get('/', ['x-remote-user', 'a\r\nx-remote-group: b']),
    get('/', ['x-remote-user', '\u010ax-remote-group: b']),
    get('/', ['x remote', 'a']),
    get('/', [':status', '200']),
    get('/a\0b'),
  ];
  for (const warm of [false, true]) {
    for (const head of heads) {
      const receiver = new Receiver();
      upstream.request(head, true, receiver);
      const failure = await receiver.failure;
      assert.deepEqual([failure.processed, failure.cause], ['no', 'protocol'], `${warm} ${JSON.stringify(head)}`);
    }
    const receiver = new Receiver();
    upstream.request(get('/'), true, receiver);
    (await arrivals.next()).respond({ ':status': 200 }, { endStream: true });
    await receiver.answer;
  }
  assert.equal(arrivals.size, 0);
});
