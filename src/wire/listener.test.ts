import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type ClientHttp2Stream, constants } from 'node:http2';
import { test } from 'node:test';
import { engineTest } from '../../test/support/engine-test.ts';
import { FLAG, FRAME, FrameReader, frame, H2_PREFACE, literals } from '../../test/support/h2-frames.ts';
import {
  closeOf,
  connectH2Client,
  connectRaw,
  readBody,
  readToEnd,
  startListener,
} from '../../test/support/loopback.ts';

const { NGHTTP2_ENHANCE_YOUR_CALM, NGHTTP2_PROTOCOL_ERROR } = constants;

async function text(stream: ClientHttp2Stream): Promise<string> {
  let body = '';
  stream.setEncoding('latin1');
  stream.on('data', (chunk: string) => {
    body += chunk;
  });
  await once(stream, 'end');
  return body;
}

engineTest('one port serves HTTP/2 and HTTP/1.1, with the head exactly as it stood on the wire', async (t) => {
  const { port, exchanges } = await startListener(t);
  const target = '/api/v1/%6eamespaces//a%2Fb?x=%20+&x=1';

  const session = await connectH2Client(t, port);
  const stream = session.request([
    ':method',
    'GET',
    ':scheme',
    'https',
    ':authority',
    'one',
    ':path',
    target,
    'b',
    '1',
    'a',
    '2',
    'b',
    '3',
  ]);
  const h2 = await exchanges.next();
  assert.equal(h2.connection.protocol, 'h2');
  assert.deepEqual(h2.head, { method: 'GET', target, authority: 'one', fields: ['b', '1', 'a', '2', 'b', '3'] });
  assert.equal(h2.bodyless, true);
  stream.close();

  const socket = await connectRaw(t, port, 'http/1.1');
  socket.write(`GET ${target} HTTP/1.1\r\nB: 1\r\nHost: two\r\nA: 2\r\nb: \xe9\r\n\r\n`, 'latin1');
  const h1 = await exchanges.next();
  assert.equal(h1.connection.protocol, 'http/1.1');
  assert.equal(h1.connection.remoteAddress, '127.0.0.1');
  assert.deepEqual(h1.head, { method: 'GET', target, authority: 'two', fields: ['b', '1', 'a', '2', 'b', '\xe9'] });
  assert.equal(h1.bodyless, true);
});

test('a client without ALPN is served HTTP/1.1', async (t) => {
  const { port, exchanges } = await startListener(t);
  const socket = await connectRaw(t, port, 'http/1.1', { ALPNProtocols: [] });
  socket.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n');
  assert.equal((await exchanges.next()).connection.protocol, 'http/1.1');
});

engineTest(
  'HTTP/2: a response keeps its fields, body and trailers; fields of HTTP/1.1 connections and made-up dates do not appear',
  async (t) => {
    const { port, exchanges } = await startListener(t);
    const session = await connectH2Client(t, port);
    const stream = session.request({ ':path': '/' });
    const exchange = await exchanges.next();
    const sink = exchange.respond(
      {
        status: 200,
        fields: [
          'x',
          '1',
          'connection',
          'close',
          'transfer-encoding',
          'chunked',
          'x',
          '\xe9',
          'set-cookie',
          'a',
          'set-cookie',
          'b',
        ],
      },
      false,
    );
    const [, , raw] = (await once(stream, 'response')) as [unknown, number, string[]];
    assert.deepEqual(raw, [':status', '200', 'x', '1', 'x', '\xe9', 'set-cookie', 'a', 'set-cookie', 'b']);
    const trailers = once(stream, 'trailers');
    sink.write(Buffer.from('body'));
    sink.end(['grpc-status', '0', 'connection', 'close']);
    assert.equal(await text(stream), 'body');
    assert.deepEqual(((await trailers) as [unknown, number, string[]])[2], ['grpc-status', '0']);
  },
);

test('HTTP/1.1: an unknown length is chunked with trailers, a known one is kept', async (t) => {
  const { port, exchanges } = await startListener(t);
  const socket = await connectRaw(t, port, 'http/1.1');
  socket.write('GET /a HTTP/1.1\r\nHost: x\r\n\r\nGET /b HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n');
  const chunked = (await exchanges.next()).respond({ status: 200, fields: ['x', '\xe9', 'trailer', 't'] }, false);
  chunked.write(Buffer.from('abc'));
  chunked.end(['t', '1']);
  const sized = (await exchanges.next()).respond(
    { status: 404, fields: ['content-length', '2', 'trailer', 't'] },
    false,
  );
  sized.write(Buffer.from('no'));
  sized.end(['t', '1']);
  const expected = [
    'HTTP/1.1 200 OK\r\nx: \xe9\r\ntrailer: t\r\nConnection: keep-alive\r\nKeep-Alive: timeout=120\r\nTransfer-Encoding: chunked\r\n\r\n',
    '3\r\nabc\r\n0\r\nt: 1\r\n\r\n',
    'HTTP/1.1 404 Not Found\r\ncontent-length: 2\r\nConnection: close\r\n\r\nno',
  ];
  assert.equal(await readToEnd(socket), expected.join(''));
});

engineTest('an idle watch shows its head before its first byte, in both protocols', async (t) => {
  const { port, exchanges } = await startListener(t);
  const session = await connectH2Client(t, port);
  const stream = session.request({ ':path': '/watch' });
  (await exchanges.next()).respond({ status: 200, fields: [] }, false);
  await once(stream, 'response');

  const socket = await connectRaw(t, port, 'http/1.1');
  socket.write('GET /watch HTTP/1.1\r\nHost: x\r\n\r\n');
  (await exchanges.next()).respond({ status: 200, fields: ['x', '\xc3\xa9'] }, false);
  const [head] = (await once(socket, 'data')) as [Buffer];
  assert.match(head.toString('latin1'), /^HTTP\/1\.1 200 OK\r\nx: \xc3\xa9\r\n/);
});

engineTest('HEAD, 204, 205 and 304 end with their head whatever length they declare', async (t) => {
  const { port, exchanges } = await startListener(t);
  const session = await connectH2Client(t, port);
  const socket = await connectRaw(t, port, 'http/1.1');
  let received = '';
  socket.on('data', (chunk: Buffer) => {
    received += chunk.toString('latin1');
  });
  for (const [method, status] of [
    ['HEAD', 200],
    ['GET', 204],
    ['GET', 205],
    ['GET', 304],
  ] as const) {
    const stream = session.request({ ':method': method, ':path': '/' });
    const sink = (await exchanges.next()).respond({ status, fields: ['etag', 'e'] }, false);
    sink.write(Buffer.from('never'));
    sink.end([]);
    await once(stream, 'response');
    assert.equal(await text(stream), '', `${method} ${status}`);

    socket.write(`${method} / HTTP/1.1\r\nHost: x\r\n\r\n`);
    const h1 = await exchanges.next();
    const h1Sink = h1.respond({ status, fields: ['etag', 'e'] }, false);
    h1Sink.write(Buffer.from('never'));
    h1Sink.end([]);
  }
  socket.write('GET /last HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n');
  (await exchanges.next()).respond({ status: 200, fields: ['content-length', '0'] }, true);
  await once(socket, 'close');
  assert.doesNotMatch(received, /never/);
  assert.equal(received.match(/HTTP\/1\.1 /g)?.length, 5);
});

engineTest('1xx responses precede the final one in both protocols', async (t) => {
  const { port, exchanges } = await startListener(t);
  const session = await connectH2Client(t, port);
  const stream = session.request({ ':path': '/' });
  const h2 = await exchanges.next();
  h2.inform({ status: 103, fields: ['link', 'a', 'link', 'b'] });
  const [, , raw] = (await once(stream, 'headers')) as [unknown, number, string[]];
  assert.deepEqual(raw, [':status', '103', 'link', 'a', 'link', 'b']);
  stream.close();

  const socket = await connectRaw(t, port, 'http/1.1');
  socket.write('GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n');
  const h1 = await exchanges.next();
  h1.inform({ status: 103, fields: ['link', 'a', 'link', 'b'] });
  h1.inform({ status: 101, fields: ['upgrade', 'x'] });
  h1.respond({ status: 200, fields: [] }, true);
  assert.match(await readToEnd(socket), /^HTTP\/1\.1 103 Early Hints\r\nlink: a\r\nlink: b\r\n\r\nHTTP\/1\.1 200 /);
});

engineTest('Expect: 100-continue is answered here, once somebody takes the body, and not passed on', async (t) => {
  const { port, exchanges } = await startListener(t);
  const socket = await connectRaw(t, port, 'http/1.1');
  socket.write('POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n');
  const exchange = await exchanges.next();
  assert.deepEqual(exchange.head.fields, ['content-length', '2']);
  const body = readBody(exchange.body);
  const [interim] = (await once(socket, 'data')) as [Buffer];
  assert.equal(interim.toString(), 'HTTP/1.1 100 Continue\r\n\r\n');
  socket.write('hi');
  assert.deepEqual(await body, { kind: 'end', text: 'hi', trailers: [] });

  const session = await connectH2Client(t, port);
  const stream = session.request({ ':method': 'POST', ':path': '/', expect: '100-continue' });
  const h2 = await exchanges.next();
  assert.deepEqual(h2.head.fields, []);
  const h2Body = readBody(h2.body);
  await once(stream, 'continue');
  stream.end('ho');
  assert.deepEqual(await h2Body, { kind: 'end', text: 'ho', trailers: [] });
});

test('a refused Expect: 100-continue ends the connection, so that a late body is not taken for a request', async (t) => {
  const { port, exchanges } = await startListener(t);
  const socket = await connectRaw(t, port, 'http/1.1');
  socket.write('POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n');
  (await exchanges.next()).respond({ status: 413, fields: [] }, true);
  assert.match(await readToEnd(socket), /^HTTP\/1\.1 413 .*\r\nConnection: close\r\n/s);
});

engineTest('request bodies arrive with their trailers in both protocols', async (t) => {
  const { port, exchanges } = await startListener(t);
  const socket = await connectRaw(t, port, 'http/1.1');
  socket.write('POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\nT: 1\r\n\r\n');
  const h1 = await exchanges.next();
  assert.equal(h1.bodyless, false);
  assert.deepEqual(await readBody(h1.body), { kind: 'end', text: 'abc', trailers: ['t', '1'] });

  const session = await connectH2Client(t, port);
  const stream = session.request({ ':method': 'POST', ':path': '/' }, { waitForTrailers: true });
  stream.on('wantTrailers', () => stream.sendTrailers({ t: '2' }));
  stream.end('def');
  const h2 = await exchanges.next();
  assert.equal(h2.bodyless, false);
  assert.deepEqual(await readBody(h2.body), { kind: 'end', text: 'def', trailers: ['t', '2'] });
});

engineTest('a truncated request body is a reset, never a clean end', async (t) => {
  const { port, exchanges } = await startListener(t);
  const socket = await connectRaw(t, port, 'http/1.1');
  socket.write('POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nabc');
  const h1 = readBody((await exchanges.next()).body);
  socket.end();
  assert.deepEqual(await h1, { kind: 'reset', text: 'abc', reason: 'cancel' });

  for (const [code, reason] of [
    [0, 'cancel'],
    [8, 'cancel'],
    [2, 'internal'],
  ] as const) {
    const peer = await connectRaw(t, port, 'h2');
    const head = [':method', 'POST', ':scheme', 'https', ':authority', 'x', ':path', '/'];
    peer.write(
      Buffer.concat([
        H2_PREFACE,
        frame(FRAME.settings, 0, 0),
        frame(FRAME.headers, FLAG.endHeaders, 1, literals(head)),
        frame(FRAME.data, 0, 1, Buffer.from('abc')),
      ]),
    );
    const exchange = await exchanges.next();
    const body = readBody(exchange.body);
    const aborted = new Promise((resolve) => {
      exchange.onAbort = resolve;
    });
    peer.write(frame(FRAME.rstStream, 0, 1, Buffer.from([0, 0, 0, code])));
    assert.deepEqual(await body, { kind: 'reset', text: 'abc', reason }, `code ${code}`);
    assert.equal(await aborted, reason);
  }
});

engineTest('onAbort tells of clients that left before the response was complete, and of no others', async (t) => {
  const { port, exchanges } = await startListener(t);
  const session = await connectH2Client(t, port);
  const complete = session.request({ ':path': '/' });
  complete.resume();
  const answered = await exchanges.next();
  answered.onAbort = () => assert.fail('the response was complete');
  answered.respond({ status: 200, fields: [] }, true);
  await once(complete, 'close');

  const watch = session.request({ ':path': '/' });
  watch.on('error', () => {});
  const watched = await exchanges.next();
  watched.respond({ status: 200, fields: [] }, false);
  await once(watch, 'response');
  const lost = new Promise((resolve) => {
    watched.onAbort = resolve;
  });
  session.socket.destroy();
  assert.equal(await lost, 'connection-lost');
  assert.equal(watched.connection.closed.aborted, true);

  const socket = await connectRaw(t, port, 'http/1.1');
  socket.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n');
  const h1 = await exchanges.next();
  const left = new Promise((resolve) => {
    h1.onAbort = resolve;
  });
  socket.destroy();
  assert.equal(await left, 'cancel');
});

engineTest(
  'reset ends the exchange abnormally: RST_STREAM with the mapped code, or a broken HTTP/1.1 message',
  async (t) => {
    const { port, exchanges } = await startListener(t);
    const session = await connectH2Client(t, port);
    const stream = session.request({ ':path': '/' });
    stream.on('error', () => {});
    const h2 = await exchanges.next();
    h2.onAbort = () => assert.fail('we reset it ourselves');
    h2.respond({ status: 200, fields: [] }, false).write(Buffer.from('part'));
    await once(stream, 'response');
    const closed = closeOf(stream);
    h2.reset('enhance-your-calm');
    await closed;
    assert.equal(stream.rstCode, NGHTTP2_ENHANCE_YOUR_CALM);

    const socket = await connectRaw(t, port, 'http/1.1');
    socket.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n');
    const h1 = await exchanges.next();
    h1.respond({ status: 200, fields: [] }, false).write(Buffer.from('part'));
    await once(socket, 'data');
    h1.reset('internal');
    assert.doesNotMatch(await readToEnd(socket), /0\r\n\r\n/);
  },
);

engineTest('HTTP/2: connection-specific fields make a request malformed', async (t) => {
  const { port, exchanges } = await startListener(t);
  const socket = await connectRaw(t, port, 'h2');
  const head = [':method', 'GET', ':scheme', 'https', ':authority', 'x', ':path', '/', 'transfer-encoding', 'chunked'];
  socket.write(
    Buffer.concat([
      H2_PREFACE,
      frame(FRAME.settings, 0, 0),
      frame(FRAME.headers, FLAG.endHeaders | FLAG.endStream, 1, literals(head)),
    ]),
  );
  const reader = new FrameReader();
  for (;;) {
    const [chunk] = (await once(socket, 'data')) as [Buffer];
    const reset = reader.push(chunk).find(({ type }) => type === FRAME.rstStream);
    if (reset === undefined) continue;
    assert.equal(reset.payload.readUInt32BE(0), NGHTTP2_PROTOCOL_ERROR);
    break;
  }
  assert.equal(exchanges.size, 0);
});

engineTest('HTTP/2: two different authorities, or CONNECT, are refused', async (t) => {
  const { port, exchanges } = await startListener(t);
  const session = await connectH2Client(t, port);
  const status = async (head: Record<string, string>): Promise<unknown> => {
    const stream = session.request(head, { endStream: true });
    const [fields] = (await once(stream, 'response')) as [Record<string, unknown>];
    stream.close();
    return fields[':status'];
  };
  assert.equal(await status({ ':path': '/', ':authority': 'a', host: 'b' }), 400);
  assert.equal(await status({ ':method': 'CONNECT', ':authority': 'a:1' }), 405);
  assert.equal(await status({ ':path': '/', expect: 'tea' }), 417);
  assert.equal(exchanges.size, 0);
  session.request({ ':path': '/', ':authority': 'a', host: 'a' });
  assert.deepEqual((await exchanges.next()).head, { method: 'GET', target: '/', authority: 'a', fields: [] });
});
