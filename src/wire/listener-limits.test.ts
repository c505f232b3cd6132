import assert from 'node:assert/strict';
import { once } from 'node:events';
import { constants } from 'node:http2';
import { connect } from 'node:net';
import { type TestContext, test } from 'node:test';
import type { TLSSocket } from 'node:tls';
import { engineTest } from '../../test/support/engine-test.ts';
import { FLAG, FRAME, type Frame, FrameReader, frame, H2_PREFACE, literals } from '../../test/support/h2-frames.ts';
import {
  closeOf,
  connectH2Client,
  connectRaw,
  readBody,
  readToEnd,
  startListener,
} from '../../test/support/loopback.ts';
import type { ResetReason, ServerExchange } from './exchange.ts';

const GET = literals([':method', 'GET', ':scheme', 'https', ':authority', 'x', ':path', '/']);

/** Sends raw HTTP/1.1 bytes and returns what the server answers until it closes. */
async function answerTo(t: TestContext, port: number, bytes: string): Promise<string> {
  const socket = await connectRaw(t, port, 'http/1.1');
  const answer = readToEnd(socket);
  socket.write(bytes, 'latin1');
  return answer;
}

/** Resolves with the reason `onAbort` is called with, turns later; fails the test when it is called again. */
function abortOf(exchange: ServerExchange): Promise<ResetReason> {
  let calls = 0;
  return new Promise((resolve) => {
    exchange.onAbort = (reason) => {
      calls += 1;
      assert.equal(calls, 1, 'onAbort is called once');
      setImmediate(() => setImmediate(() => resolve(reason)));
    };
  });
}

/** Resolves with the first received frame that matches. Several chunks may come in one turn. */
function nextFrame(socket: TLSSocket, reader: FrameReader, matches: (frame: Frame) => boolean): Promise<Frame> {
  const { promise, resolve, reject } = Promise.withResolvers<Frame>();
  const take = (chunk: Buffer): void => {
    const found = reader.push(chunk).find(matches);
    if (found === undefined) return;
    socket.off('data', take);
    resolve(found);
  };
  socket.on('data', take);
  socket.once('close', () => reject(new Error('no such frame came before the connection was closed')));
  return promise;
}

test('request smuggling: messages whose length two readers could see differently are refused and the connection ends', async (t) => {
  const { port, exchanges } = await startListener(t);
  const smuggled = '0\r\n\r\nGET /smuggled HTTP/1.1\r\nHost: x\r\n\r\n';
  const heads = {
    'CL.TE': `POST / HTTP/1.1\r\nHost: x\r\nContent-Length: ${smuggled.length}\r\nTransfer-Encoding: chunked\r\n\r\n`,
    'TE.CL': `POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nContent-Length: ${smuggled.length}\r\n\r\n`,
    'two lengths': 'POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n',
    'length list': 'POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1, 1\r\n\r\n',
    'signed length': 'POST / HTTP/1.1\r\nHost: x\r\nContent-Length: +1\r\n\r\n',
    'chunked not last': 'POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked, identity\r\n\r\n',
    'obs-fold': 'GET / HTTP/1.1\r\nHost: x\r\nA: b\r\n c\r\n\r\n',
    'bare LF': 'GET / HTTP/1.1\nHost: x\n\n',
    'space before colon': 'GET / HTTP/1.1\r\nHost : x\r\n\r\n',
    'NUL in a value': 'GET / HTTP/1.1\r\nHost: x\r\nA: b\0c\r\n\r\n',
    'two hosts': 'GET / HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n',
    'no host': 'GET / HTTP/1.1\r\n\r\n',
    'absolute target': 'GET http://y/ HTTP/1.1\r\nHost: x\r\n\r\n',
  };
  for (const [name, head] of Object.entries(heads)) {
    const answer = await answerTo(t, port, head + smuggled);
    assert.match(answer, /^HTTP\/1\.1 400 /, name);
    assert.equal(answer.match(/HTTP\/1\.1/g)?.length, 1, name);
  }
  assert.match(await answerTo(t, port, 'CONNECT x:1 HTTP/1.1\r\nHost: x:1\r\n\r\n'), /^HTTP\/1\.1 405 /);
  assert.equal(exchanges.size, 0);
});

engineTest(
  'a head above the limit: 431 in HTTP/1.1, a refused stream in HTTP/2 whose other streams go on',
  async (t) => {
    const { port, exchanges } = await startListener(t, { limits: { headerBytes: 8192 } });
    const large = 'a'.repeat(9000);
    const answer = await answerTo(t, port, `GET / HTTP/1.1\r\nHost: x\r\nA: ${large}\r\n\r\n`);
    assert.match(answer, /^HTTP\/1\.1 431 /);

    const session = await connectH2Client(t, port);
    const watch = session.request({ ':path': '/watch' });
    const exchange = await exchanges.next();
    const refused = session.request({ ':path': '/', a: large });
    refused.on('error', () => {});
    await closeOf(refused);
    assert.notEqual(refused.rstCode, 0);
    exchange.respond({ status: 200, fields: [] }, true);
    await once(watch, 'response');
    assert.equal(exchanges.size, 0);
  },
);

engineTest('the default limit takes the large heads that groups and tokens make', async (t) => {
  const { port, exchanges } = await startListener(t);
  const session = await connectH2Client(t, port, { maxSendHeaderBlockLength: 100_000 });
  const groups = Array.from({ length: 500 }, (_, i) => `group-${i}-${'x'.repeat(40)}`);
  session.request({ ':path': '/', 'impersonate-group': groups });
  assert.equal((await exchanges.next()).head.fields.length, 1000);
});

engineTest('one connection has no more open streams than the limit', async (t) => {
  const { port, exchanges } = await startListener(t, { limits: { streamsPerConnection: 3 } });
  const session = await connectH2Client(t, port);
  assert.equal(session.remoteSettings.maxConcurrentStreams, 3);

  const streams = [1, 3, 5, 7].map((id) => frame(FRAME.headers, FLAG.endHeaders | FLAG.endStream, id, GET));
  const unaware = await connectRaw(t, port, 'h2');
  unaware.write(Buffer.concat([H2_PREFACE, frame(FRAME.settings, 0, 0), ...streams]));
  const reset = await nextFrame(unaware, new FrameReader(), ({ type }) => type === FRAME.rstStream);
  assert.deepEqual([reset.streamId, reset.payload.readUInt32BE(0)], [7, constants.NGHTTP2_REFUSED_STREAM]);
  assert.equal(exchanges.size, 3);

  const rude = await connectRaw(t, port, 'h2');
  const reader = new FrameReader();
  rude.write(Buffer.concat([H2_PREFACE, frame(FRAME.settings, 0, 0)]));
  await nextFrame(rude, reader, ({ type, flags }) => type === FRAME.settings && (flags & FLAG.ack) === 0);
  rude.write(Buffer.concat([frame(FRAME.settings, FLAG.ack, 0), ...streams]));
  // RFC 9113 section 5.1.2 leaves to the endpoint whether the stream or the connection ends for this; Node ends the connection.
  await nextFrame(
    rude,
    reader,
    ({ type, streamId }) => type === FRAME.goaway || (type === FRAME.rstStream && streamId === 7),
  );
  assert.equal(exchanges.size, 6);
});

engineTest(
  'rapid reset (CVE-2023-44487): the flooding connection ends, others and honest cancellation go on',
  async (t) => {
    const { port, exchanges } = await startListener(t, { limits: { resetBurst: 200, resetsPerSecond: 1 } });
    const honest = await connectH2Client(t, port);
    for (let i = 0; i < 150; i += 1) {
      const watch = honest.request({ ':path': '/' });
      const { promise: aborted, resolve } = Promise.withResolvers<unknown>();
      (await exchanges.next()).onAbort = resolve;
      watch.close(constants.NGHTTP2_CANCEL);
      await aborted;
    }
    const flood = await connectRaw(t, port, 'h2');
    flood.write(Buffer.concat([H2_PREFACE, frame(FRAME.settings, 0, 0)]));
    const cancel = Buffer.from([0, 0, 0, constants.NGHTTP2_CANCEL]);
    const gone = closeOf(flood);
    const reader = new FrameReader();
    const goaway = nextFrame(flood, reader, ({ type }) => type === FRAME.goaway);
    for (let id = 1; id < 2 * 1000; id += 2) {
      flood.write(frame(FRAME.headers, FLAG.endHeaders | FLAG.endStream, id, GET));
      flood.write(frame(FRAME.rstStream, 0, id, cancel));
    }
    await goaway;
    flood.resume();
    await gone;

    const stream = honest.request({ ':path': '/honest' });
    for (;;) {
      const exchange = await exchanges.next();
      if (exchange.head.target !== '/honest') continue;
      exchange.respond({ status: 200, fields: [] }, true);
      break;
    }
    await once(stream, 'response');
  },
);

engineTest('CONTINUATION flood (CVE-2024-27983): the flooding connection ends, others go on', async (t) => {
  const { port, exchanges } = await startListener(t);
  const honest = await connectH2Client(t, port);
  const flood = await connectRaw(t, port, 'h2');
  const gone = closeOf(flood);
  flood.resume();
  flood.write(Buffer.concat([H2_PREFACE, frame(FRAME.settings, 0, 0), frame(FRAME.headers, 0, 1, GET)]));
  const more = frame(FRAME.continuation, 0, 1, literals(Array.from({ length: 100 }, () => 'a')));
  for (let i = 0; i < 100; i += 1) flood.write(more);
  await gone;
  assert.equal(exchanges.size, 0);
  const stream = honest.request({ ':path': '/' });
  (await exchanges.next()).respond({ status: 200, fields: [] }, true);
  await once(stream, 'response');
});

test('slow heads: a connection that does not finish its head in time is closed with 408', async (t) => {
  const { port } = await startListener(t, { limits: { headMs: 100 } });
  assert.match(await answerTo(t, port, 'GET / HTTP/1.1\r\nHost:'), /^HTTP\/1\.1 408 /);
});

test('slow handshakes are cut off', async (t) => {
  const { port } = await startListener(t, { limits: { handshakeMs: 50 } });
  const socket = connect(port, '127.0.0.1');
  socket.on('error', () => {});
  t.after(() => socket.destroy());
  await closeOf(socket.resume());
});

engineTest(
  'slow bodies: an exchange whose body stalls is reset and its handler hears of it once, in both protocols',
  async (t) => {
    const { port, exchanges } = await startListener(t, { limits: { bodyIdleMs: 50 } });
    const socket = await connectRaw(t, port, 'http/1.1');
    const broken = closeOf(socket);
    socket.write('POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nabc');
    const h1 = await exchanges.next();
    const h1Aborted = abortOf(h1);
    assert.equal((await readBody(h1.body)).kind, 'reset');
    assert.equal(await h1Aborted, 'timeout');
    await broken;

    const session = await connectH2Client(t, port);
    const stream = session.request({ ':method': 'POST', ':path': '/' });
    stream.on('error', () => {});
    const closed = closeOf(stream);
    stream.write('abc');
    const h2 = await exchanges.next();
    const h2Aborted = abortOf(h2);
    assert.equal((await readBody(h2.body)).kind, 'reset');
    assert.equal(await h2Aborted, 'timeout');
    await closed;
    assert.equal(stream.rstCode, constants.NGHTTP2_CANCEL);
  },
);

engineTest(
  'a response that is complete before its request frees the stream, and the HTTP/1.1 connection after a while',
  async (t) => {
    const { port, exchanges } = await startListener(t, { limits: { bodyIdleMs: 50 } });
    const session = await connectH2Client(t, port);
    const stream = session.request({ ':method': 'POST', ':path': '/' });
    const closed = closeOf(stream);
    stream.resume().write('never ends');
    const exchange = await exchanges.next();
    exchange.onAbort = () => assert.fail('the response was complete');
    void readBody(exchange.body);
    exchange.respond({ status: 413, fields: [] }, true);
    await closed;
    assert.equal(stream.rstCode, constants.NGHTTP2_NO_ERROR);

    const socket = await connectRaw(t, port, 'http/1.1');
    const answer = readToEnd(socket);
    socket.write('POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nnever');
    (await exchanges.next()).respond({ status: 413, fields: [] }, true);
    assert.match(await answer, /^HTTP\/1\.1 413 /);
  },
);

engineTest('windows: a client may send 256 KiB on a stream and 4 MiB on a connection ahead of us', async (t) => {
  const { port } = await startListener(t);
  const socket = await connectRaw(t, port, 'h2');
  const session = await connectH2Client(t, port);
  assert.equal(session.remoteSettings.initialWindowSize, 256 * 1024);
  socket.write(Buffer.concat([H2_PREFACE, frame(FRAME.settings, 0, 0)]));
  const update = await nextFrame(socket, new FrameReader(), ({ type }) => type === FRAME.windowUpdate);
  assert.deepEqual([update.streamId, update.payload.readUInt32BE(0)], [0, 4 * 1024 * 1024 - 65_535]);
});

engineTest('idle connections are closed, busy ones are not', async (t) => {
  // Before its request comes the busy one is idle, too.
  const { port, exchanges } = await startListener(t, { limits: { connectionIdleMs: 1_000 } });
  const busy = await connectH2Client(t, port);
  const watch = busy.request({ ':path': '/watch' });
  const sink = (await exchanges.next()).respond({ status: 200, fields: [] }, false);
  await once(watch, 'response');
  const idle = await connectH2Client(t, port);
  await closeOf(idle);
  sink.write(Buffer.from('event'));
  await once(watch, 'data');
});

test('connections beyond the bound are dropped', async (t) => {
  const { port, exchanges } = await startListener(t, { limits: { connections: 1 } });
  const first = await connectRaw(t, port, 'http/1.1');
  await assert.rejects(connectRaw(t, port, 'http/1.1'));
  first.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n');
  await exchanges.next();
});

engineTest('an HTTP/2 client that no longer answers PING is gone', async (t) => {
  const { port, exchanges } = await startListener(t, { limits: { pingIntervalMs: 20, pingTimeoutMs: 50 } });
  const silent = await connectRaw(t, port, 'h2');
  silent.write(
    Buffer.concat([
      H2_PREFACE,
      frame(FRAME.settings, 0, 0),
      frame(FRAME.headers, FLAG.endHeaders | FLAG.endStream, 1, GET),
    ]),
  );
  const exchange = await exchanges.next();
  const { promise: aborted, resolve } = Promise.withResolvers<unknown>();
  exchange.onAbort = resolve;
  silent.resume();
  assert.equal(await aborted, 'connection-lost');

  const patient = await startListener(t, { limits: { pingIntervalMs: 20, pingTimeoutMs: 60_000 } });
  const honest = await connectH2Client(t, patient.port);
  let pings = 0;
  await new Promise<void>((done) => {
    honest.on('ping', () => {
      pings += 1;
      if (pings === 5) done();
    });
  });
  assert.equal(honest.destroyed, false);
});
