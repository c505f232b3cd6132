import assert from 'node:assert/strict';
import { once } from 'node:events';
import { constants } from 'node:http2';
import { type TestContext, test } from 'node:test';
import { engineTest } from '../../test/support/engine-test.ts';
import {
  closeOf,
  connectH2Client,
  connectRaw,
  type Inbox,
  Receiver,
  readBody,
  readToEnd,
  startListener,
  startUpstream,
} from '../../test/support/loopback.ts';
import type { BodyReceiver, BodySink, BodySource, ResetReason, ServerExchange } from './exchange.ts';
import { type Fields, NO_FIELDS } from './fields.ts';
import { collect, discard, relay, splice } from './relay.ts';

/** A proxy in front of an origin, both listeners of ours: client → port → upstream → arrivals. */
async function startProxy(
  t: TestContext,
): Promise<{ readonly port: number; readonly arrivals: Inbox<ServerExchange> }> {
  const origin = await startListener(t);
  const upstream = await startUpstream(t, origin.port);
  const { port } = await startListener(t, {
    handler: (exchange) => {
      const { upgrade } = exchange;
      if (upgrade !== undefined) {
        void upstream.upgrade(exchange.head, exchange.connection.closed).then((answer) => {
          if (answer.kind === 'failed') exchange.reset(answer.failure.reason);
          else if (answer.kind === 'refused') relay(answer.body, exchange.respond(answer.head, false));
          else splice(upgrade.switchProtocols(answer.head), answer.tunnel, () => {});
        });
        return;
      }
      const request = upstream.request(exchange.head, exchange.bodyless, {
        inform: (head) => exchange.inform(head),
        respond: (head, body, bodyless) => {
          const sink = exchange.respond(head, bodyless);
          if (!bodyless) relay(body, sink);
        },
        failed: ({ reason }) => exchange.reset(reason),
      });
      exchange.onAbort = (reason) => request.reset(reason);
      if (request.body !== undefined) relay(exchange.body, request.body);
    },
  });
  return { port, arrivals: origin.exchanges };
}

/** Writes 64 KiB chunks as long as `sink` takes them; resolves with the bytes taken when it stayed full for a while. */
async function fill(sink: BodySink, limit: number): Promise<number> {
  const chunk = Buffer.alloc(64 * 1024);
  let taken = 0;
  for (;;) {
    const drained = new Promise<boolean>((resolve) => {
      sink.onDrain = () => resolve(true);
    });
    while (sink.write(chunk)) {
      taken += chunk.byteLength;
      if (taken > limit) return taken;
    }
    taken += chunk.byteLength;
    // Loopback drains within a turn of the event loop if it drains at all; a hundred turns are far beyond that.
    const full = new Promise<boolean>((resolve) => {
      let turns = 100;
      const turn = (): void => {
        turns -= 1;
        if (turns === 0) resolve(false);
        else setTimeout(turn, 1);
      };
      turn();
    });
    if (!(await Promise.race([drained, full]))) return taken;
  }
}

const MANY = 64 * 1024 * 1024;
const BOUND = 16 * 1024 * 1024;

engineTest(
  'a slow reader stops the server: only windows and buffers fill, in both protocols, and all arrives in the end',
  async (t) => {
    const { port, arrivals } = await startProxy(t);

    const session = await connectH2Client(t, port);
    const stream = session.request({ ':path': '/' });
    const h2 = (await arrivals.next()).respond({ status: 200, fields: [] }, false);
    const h2Taken = await fill(h2, MANY);
    assert(h2Taken < BOUND, `${h2Taken}`);
    let received = 0;
    stream.on('data', (chunk: Buffer) => {
      received += chunk.byteLength;
    });
    h2.end([]);
    await once(stream, 'end');
    assert.equal(received, h2Taken);

    const socket = await connectRaw(t, port, 'http/1.1');
    socket.pause();
    socket.write('GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n');
    const h1 = (await arrivals.next()).respond({ status: 200, fields: [] }, false);
    const h1Taken = await fill(h1, MANY);
    assert(h1Taken < BOUND, `${h1Taken}`);
    h1.end([]);
    const whole = readToEnd(socket);
    socket.resume();
    assert((await whole).length > h1Taken);
  },
);

engineTest(
  'a server that does not read stops the client: only windows and buffers fill, in both protocols',
  async (t) => {
    const { port, arrivals } = await startProxy(t);
    const session = await connectH2Client(t, port);
    const stream = session.request({ ':method': 'POST', ':path': '/' });
    stream.on('error', () => {});
    const socket = await connectRaw(t, port, 'http/1.1');
    socket.write(`POST / HTTP/1.1\r\nHost: x\r\nContent-Length: ${MANY}\r\n\r\n`);
    for (const writable of [stream, socket]) {
      const exchange = await arrivals.next();
      const sink: BodySink = {
        write: (chunk) => writable.write(chunk),
        end: () => {},
        reset: () => {},
        onDrain: undefined,
      };
      writable.on('drain', () => sink.onDrain?.());
      const taken = await fill(sink, MANY);
      assert(taken < BOUND, `${taken}`);
      let received = 0;
      const enough = new Promise<void>((resolve) => {
        exchange.body.read({
          data: (chunk) => {
            received += chunk.byteLength;
            if (received === taken) resolve();
            return true;
          },
          end: () => {},
          reset: () => {},
        });
      });
      await enough;
    }
  },
);

engineTest('client gone: the server hears of it with the same reason', async (t) => {
  const { port, arrivals } = await startProxy(t);
  const watched = async (): Promise<{ readonly aborted: Promise<ResetReason> }> => {
    const exchange = await arrivals.next();
    exchange.respond({ status: 200, fields: [] }, false);
    const { promise: aborted, resolve } = Promise.withResolvers<ResetReason>();
    exchange.onAbort = resolve;
    return { aborted };
  };
  const session = await connectH2Client(t, port);
  for (const [code, reason] of [
    [constants.NGHTTP2_CANCEL, 'cancel'],
    [constants.NGHTTP2_INTERNAL_ERROR, 'internal'],
  ] as const) {
    const stream = session.request({ ':path': '/watch' });
    stream.on('error', () => {});
    const { aborted } = await watched();
    await once(stream, 'response');
    stream.close(code);
    assert.equal(await aborted, reason);
  }
  const watch = session.request({ ':path': '/watch' });
  watch.on('error', () => {});
  const lost = await watched();
  session.destroy();
  assert.equal(await lost.aborted, 'cancel');

  const socket = await connectRaw(t, port, 'http/1.1');
  socket.write('GET /watch HTTP/1.1\r\nHost: x\r\n\r\n');
  const h1 = await watched();
  socket.destroy();
  assert.equal(await h1.aborted, 'cancel');
});

test('client gone mid-upload: the server sees a broken body, not a short one', async (t) => {
  const { port, arrivals } = await startProxy(t);
  const socket = await connectRaw(t, port, 'http/1.1');
  socket.write('POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n');
  const body = readBody((await arrivals.next()).body);
  socket.end();
  assert.equal((await body).kind, 'reset');
});

engineTest('server gone mid-body: the client sees the message break at once, never a clean end', async (t) => {
  const { port, arrivals } = await startProxy(t);
  const session = await connectH2Client(t, port);
  for (const [reason, code] of [
    ['internal', constants.NGHTTP2_INTERNAL_ERROR],
    ['cancel', constants.NGHTTP2_CANCEL],
    ['enhance-your-calm', constants.NGHTTP2_ENHANCE_YOUR_CALM],
  ] as const) {
    const stream = session.request({ ':path': '/watch' });
    stream.on('error', () => {});
    const exchange = await arrivals.next();
    exchange.respond({ status: 200, fields: [] }, false).write(Buffer.from('part'));
    await once(stream, 'data');
    const closed = closeOf(stream);
    exchange.reset(reason);
    await closed;
    assert.equal(stream.rstCode, code);
  }
  for (const fields of [[], ['content-length', '9']]) {
    const socket = await connectRaw(t, port, 'http/1.1');
    socket.write('GET /watch HTTP/1.1\r\nHost: x\r\n\r\n');
    const exchange = await arrivals.next();
    exchange.respond({ status: 200, fields }, false).write(Buffer.from('part'));
    const answer = readToEnd(socket);
    await once(socket, 'data');
    exchange.reset('internal');
    assert.match(await answer, /part(\r\n)?$/);
  }
});

engineTest('trailers, interim responses and HEAD pass from end to end', async (t) => {
  const { port, arrivals } = await startProxy(t);
  const session = await connectH2Client(t, port);
  const stream = session.request({ ':path': '/' });
  const trailers = once(stream, 'trailers') as Promise<[unknown, number, string[]]>;
  const exchange = await arrivals.next();
  exchange.inform({ status: 103, fields: ['link', 'a'] });
  await once(stream, 'headers');
  exchange.respond({ status: 200, fields: [] }, false).end(['t', '1']);
  stream.resume();
  assert.deepEqual((await trailers)[2], ['t', '1']);

  const head = session.request({ ':method': 'HEAD', ':path': '/' });
  (await arrivals.next()).respond({ status: 200, fields: ['content-length', '7'] }, true);
  const [fields] = (await once(head, 'response')) as [Record<string, unknown>];
  assert.equal(fields['content-length'], '7');
});

engineTest(
  'trailers sent hold no pseudo-headers and nothing that frames or belongs to a connection, in both directions',
  async (t) => {
    const forged: Fields = [
      ...[
        ':status',
        '500',
        ':path',
        '/x',
        'connection',
        'close',
        'keep-alive',
        '1',
        'proxy-connection',
        'x',
        'upgrade',
        'x',
      ],
      ...[
        'transfer-encoding',
        'chunked',
        'content-length',
        '0',
        'te',
        'x',
        'host',
        'x',
        'trailer',
        'x',
        'authorization',
        'x',
      ],
      ...['a', 'b\r\nc: d', 'e f', 'g', 'content-type', '1', 'content-type', '2', 't', '1', 't', '2'],
    ];
    const sound = ['content-type', '1', 'content-type', '2', 't', '1', 't', '2'];
    const { port, exchanges } = await startListener(t);
    const upstream = await startUpstream(t, port);
    const receiver = new Receiver();
    const post = { method: 'POST', target: '/', authority: undefined, fields: [] };
    upstream.request(post, false, receiver).body?.end(forged);
    const exchange = await exchanges.next();
    assert.deepEqual(await readBody(exchange.body), { kind: 'end', text: '', trailers: sound });
    exchange.respond({ status: 200, fields: [] }, false).end(forged);
    assert.deepEqual(await readBody((await receiver.answer).body), { kind: 'end', text: '', trailers: sound });

    const socket = await connectRaw(t, port, 'http/1.1');
    socket.write('GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n');
    (await exchanges.next()).respond({ status: 200, fields: [] }, false).end(forged);
    const answer = await readToEnd(socket);
    assert(answer.endsWith('\r\n\r\n0\r\ncontent-type: 1\r\ncontent-type: 2\r\nt: 1\r\nt: 2\r\n\r\n'), answer);
  },
);

test('a tunnel passes from end to end: early bytes both ways, half-close, big bodies', async (t) => {
  const { port, arrivals } = await startProxy(t);
  const socket = await connectRaw(t, port, 'http/1.1', { allowHalfOpen: true });
  socket.write('GET /exec HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: SPDY/3.1\r\n\r\nearly up');
  const offer = (await arrivals.next()).upgrade;
  assert(offer !== undefined);
  const tunnel = offer.switchProtocols({ status: 101, fields: ['connection', 'Upgrade', 'upgrade', 'SPDY/3.1'] });
  tunnel.sink.write(Buffer.from('early down'));
  const up = readBody(tunnel.source);
  let down = '';
  socket.setEncoding('latin1').on('data', (chunk: string) => {
    down += chunk;
  });
  socket.end('x'.repeat(1 << 20));
  const received = await up;
  assert.equal(received.kind === 'end' && received.text, `early up${'x'.repeat(1 << 20)}`);
  tunnel.sink.write(Buffer.from('y'.repeat(1 << 20)));
  tunnel.sink.end([]);
  await closeOf(socket);
  assert(down.endsWith(`\r\n\r\nearly down${'y'.repeat(1 << 20)}`));
});

test('a broken tunnel breaks on both sides', async (t) => {
  const { port, arrivals } = await startProxy(t);
  const socket = await connectRaw(t, port, 'http/1.1');
  socket.write('GET /exec HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n');
  const tunnel = (await arrivals.next()).upgrade?.switchProtocols({
    status: 101,
    fields: ['connection', 'upgrade', 'upgrade', 'x'],
  });
  await once(socket, 'data');
  const closed = closeOf(socket);
  tunnel?.sink.reset('internal');
  await closed;
});

/** A source whose events the test makes up. */
class FakeSource implements BodySource {
  receiver: BodyReceiver | undefined;
  readonly calls: string[] = [];
  read(receiver: BodyReceiver): void {
    this.receiver = receiver;
  }
  pause(): void {
    this.calls.push('pause');
  }
  resume(): void {
    this.calls.push('resume');
  }
}

class FakeSink implements BodySink {
  onDrain: (() => void) | undefined;
  full = false;
  readonly calls: unknown[] = [];
  write(chunk: Uint8Array): boolean {
    this.calls.push(Buffer.from(chunk).toString());
    return !this.full;
  }
  end(trailers: Fields): void {
    this.calls.push(trailers);
  }
  reset(reason: ResetReason): void {
    this.calls.push(reason);
  }
}

test('relay: a full sink pauses the source until it drains; the end is passed on once with its kind', () => {
  for (const [finish, expected, over] of [
    [(receiver?: BodyReceiver) => receiver?.end(['t', '1']), ['t', '1'], undefined],
    [(receiver?: BodyReceiver) => receiver?.reset('internal'), 'internal', 'internal'],
  ] as const) {
    const [source, sink] = [new FakeSource(), new FakeSink()];
    const overs: unknown[] = [];
    relay(source, sink, (reason) => overs.push(reason));
    assert.equal(source.receiver?.data(Buffer.from('a')), true);
    sink.full = true;
    assert.equal(source.receiver?.data(Buffer.from('b')), false);
    sink.onDrain?.();
    assert.deepEqual(source.calls, ['resume']);
    finish(source.receiver);
    assert.deepEqual(sink.calls, ['a', 'b', expected]);
    assert.deepEqual(overs, [over]);
  }
});

test('splice: ends when both directions ended, and at once when one breaks', () => {
  const make = () => ({ source: new FakeSource(), sink: new FakeSink() });
  for (const broken of [false, true]) {
    const [a, b] = [make(), make()];
    const ends: unknown[] = [];
    splice(a, b, (reason, side) => ends.push(reason, side));
    a.source.receiver?.end(NO_FIELDS);
    assert.deepEqual(ends, []);
    if (broken) b.source.receiver?.reset('connection-lost');
    else b.source.receiver?.end(NO_FIELDS);
    assert.deepEqual(ends, broken ? ['connection-lost', b] : [undefined, undefined]);
    assert.equal(b.sink.calls.includes('connection-lost'), broken);
  }
});

test('collect: the whole body, or why not', async () => {
  const whole = new FakeSource();
  const collected = collect(whole, 4);
  whole.receiver?.data(Buffer.from('ab'));
  whole.receiver?.data(Buffer.from('cd'));
  whole.receiver?.end(['t', '1']);
  assert.deepEqual(await collected, { kind: 'whole', body: Buffer.from('abcd'), trailers: ['t', '1'] });

  const large = new FakeSource();
  const tooLarge = collect(large, 4);
  assert.equal(large.receiver?.data(Buffer.from('abcde')), false);
  assert.deepEqual(await tooLarge, { kind: 'too-large' });

  const broken = new FakeSource();
  const reset = collect(broken, 4);
  broken.receiver?.reset('timeout');
  assert.deepEqual(await reset, { kind: 'reset', reason: 'timeout' });

  const unwanted = new FakeSource();
  discard(unwanted);
  assert.equal(unwanted.receiver?.data(Buffer.from('a')), true);
});
