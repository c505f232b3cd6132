import assert from 'node:assert/strict';
import { once } from 'node:events';
import { constants, createSecureServer, type ServerHttp2Stream } from 'node:http2';
import type { TestContext } from 'node:test';
import type { TLSSocket } from 'node:tls';
import { engineTest } from '../../test/support/engine-test.ts';
import {
  closeOf,
  connectH2Client,
  connectRaw,
  get,
  Inbox,
  listenOnLoopback,
  Receiver,
  readBody,
  startListener,
  startUpstream,
  testPki,
} from '../../test/support/loopback.ts';
import type { ServerExchange } from './exchange.ts';
import { discard, relay } from './relay.ts';
import type { Upstream } from './upstream.ts';

/** More than the streams of a connection, and few enough for a machine that is busy otherwise: each may be a TLS handshake. */
const TIMES = 200;
const AT_ONCE = 20;
/** More than the window the origin grants a request body, less than the one we grant a response. */
const LARGE = Buffer.alloc(128 * 1024);

type Conduct = (stream: ServerHttp2Stream) => void;

/** One connection of 100 streams to a server of the given conduct; `gone` gets each stream the server saw close. */
async function startOnly(t: TestContext, conduct: Conduct): Promise<{ upstream: Upstream; gone: Inbox<number> }> {
  const { server } = await testPki();
  const origin = createSecureServer({
    ...server,
    settings: { maxConcurrentStreams: 100 },
    // Node counts our cancellations; what is under test is not its limit on them.
    streamResetBurst: 10 * TIMES,
    streamResetRate: TIMES,
  });
  const gone = new Inbox<number>();
  origin.on('session', (session) => t.after(() => session.destroy()));
  origin.on('stream', (stream: ServerHttp2Stream) => {
    stream.on('error', () => {});
    stream.on('close', () => gone.put(stream.rstCode));
    conduct(stream);
  });
  return { upstream: await startUpstream(t, await listenOnLoopback(t, origin), { maxConnections: 1 }), gone };
}

/** A proxy that relays requests, and responses too if `reads`. */
async function startProxy(t: TestContext, upstream: Upstream, reads: boolean): Promise<number> {
  const handler = (exchange: ServerExchange): void => {
    const request = upstream.request(exchange.head, exchange.bodyless, {
      inform: () => {},
      respond: (head, body, bodyless) => {
        const sink = exchange.respond(head, bodyless);
        if (reads) relay(body, sink, () => discard(exchange.body));
      },
      failed: ({ reason }) => exchange.reset(reason),
    });
    exchange.onAbort = (reason) => request.reset(reason);
    if (request.body !== undefined) relay(exchange.body, request.body);
  };
  return (await startListener(t, { handler, limits: { resetBurst: 2 * TIMES } })).port;
}

async function repeat(act: () => Promise<void>): Promise<void> {
  let left = TIMES;
  const worker = async (): Promise<void> => {
    while (left > 0) {
      left -= 1;
      await act();
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
}

async function none(upstream: Upstream): Promise<void> {
  while (upstream.inFlight > 0) await new Promise(setImmediate);
}

const download: Conduct = (stream) => {
  stream.respond({ ':status': 200 });
  stream.end(LARGE);
};
const refuse: Conduct = (stream) => {
  stream.respond({ ':status': 403 });
  stream.end('no');
};
const refuseAndReset: Conduct = (stream) => {
  refuse(stream);
  stream.once('finish', () => stream.close(constants.NGHTTP2_NO_ERROR));
};

engineTest(`${TIMES} responses that nobody reads leave a connection of 100 streams usable`, async (t) => {
  const { upstream, gone } = await startOnly(t, download);
  await repeat(async () => {
    const receiver = new Receiver();
    const exchange = upstream.request(get('/'), true, receiver);
    await receiver.answer;
    await gone.next();
    exchange.reset('cancel');
  });
  await none(upstream);
  const last = new Receiver();
  upstream.request(get('/'), true, last);
  assert.equal((await readBody((await last.answer).body)).text.length, LARGE.length);
});

for (const code of [constants.NGHTTP2_CANCEL, constants.NGHTTP2_NO_ERROR]) {
  engineTest(`HTTP/2 clients that leave ${TIMES} downloads with code ${code} free their streams`, async (t) => {
    const { upstream } = await startOnly(t, download);
    const port = await startProxy(t, upstream, true);
    const session = await connectH2Client(t, port, { settings: { initialWindowSize: 1000 } });
    await repeat(async () => {
      const stream = session.request({ ':path': '/' });
      await once(stream, 'response');
      const closed = closeOf(stream.resume());
      stream.close(code);
      await closed;
    });
    await none(upstream);
  });
}

engineTest(`HTTP/1.1 clients that leave ${TIMES} downloads free their streams`, async (t) => {
  const { upstream } = await startOnly(t, download);
  const port = await startProxy(t, upstream, false);
  await repeat(async () => {
    const socket = await connectRaw(t, port, 'http/1.1');
    socket.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n');
    await once(socket, 'data');
    socket.destroy();
  });
  await none(upstream);
});

engineTest(`${TIMES} uploads that are answered early free their streams, in both protocols`, async (t) => {
  for (const conduct of [refuse, refuseAndReset]) {
    const { upstream } = await startOnly(t, conduct);
    const port = await startProxy(t, upstream, true);
    const session = await connectH2Client(t, port);
    await repeat(async () => {
      const stream = session.request({ ':method': 'POST', ':path': '/' });
      stream.on('error', () => {});
      stream.end(LARGE);
      const [head] = (await once(stream, 'response')) as [Record<string, unknown>];
      assert.equal(head[':status'], 403);
      await once(stream.resume(), 'end');
      stream.destroy();
    });
    await none(upstream);
    await repeat(async () => {
      const socket: TLSSocket = await connectRaw(t, port, 'http/1.1');
      socket.write(`POST / HTTP/1.1\r\nHost: x\r\nContent-Length: ${LARGE.length}\r\n\r\n`);
      socket.write(LARGE);
      const [answer] = (await once(socket, 'data')) as [Buffer];
      assert.match(answer.toString('latin1'), /^HTTP\/1\.1 403 /);
      socket.destroy();
    });
    await none(upstream);
  }
});

engineTest(
  'a client that leaves with NO_ERROR is noticed although its request body and the response stand still',
  async (t) => {
    const { port, exchanges } = await startListener(t);
    const session = await connectH2Client(t, port, { settings: { initialWindowSize: 1000 } });
    const stream = session.request({ ':method': 'POST', ':path': '/' });
    stream.on('error', () => {});
    stream.write(LARGE);
    const exchange = await exchanges.next();
    const { promise: paused, resolve: pause } = Promise.withResolvers<void>();
    exchange.body.read({
      data: () => {
        pause();
        return false;
      },
      end: () => {},
      reset: () => {},
    });
    await paused;
    const aborted = new Promise((resolve) => {
      exchange.onAbort = resolve;
    });
    const sink = exchange.respond({ status: 200, fields: [] }, false);
    sink.write(LARGE);
    sink.end([]);
    await once(stream, 'response');
    stream.close(constants.NGHTTP2_NO_ERROR);
    stream.resume();
    assert.equal(await aborted, 'cancel');
  },
);
