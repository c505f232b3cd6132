import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, connect, createServer } from 'node:net';
import { type TestContext, test } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import type { BodySource, ExchangeHandler, RequestHead, ServerExchange } from '../exchange.ts';
import type { Fields } from '../fields.ts';
import { Http2ClientConnection } from './client-connection.ts';
import type { ClientStream } from './client-stream.ts';
import { defaultClientLimits } from './default-limits.ts';
import { type Failure, type JoinOptions, join } from './testing/joined.ts';

type Client = Http2ClientConnection<Failure>;

const KIB = 1024;

function head(target: string, fields: Fields = []): RequestHead {
  return { method: 'GET', target, authority: undefined, fields };
}

interface Asked {
  readonly stream: ClientStream<Failure>;
  readonly body: Promise<BodySource>;
  readonly failure: Promise<Failure>;
}

function ask(client: Client, target = '/'): Asked {
  const body = Promise.withResolvers<BodySource>();
  const failure = Promise.withResolvers<Failure>();
  const stream = client.request(head(target), true, {
    inform: () => {},
    respond: (_head, source) => body.resolve(source),
    failed: failure.resolve,
  });
  return { stream, body: body.promise, failure: failure.promise };
}

/** How a body ends: its length, or why it broke. */
function outcome(body: BodySource): Promise<number | string> {
  return new Promise((resolve) => {
    let octets = 0;
    body.read({
      data: (chunk) => {
        octets += chunk.length;
        return true;
      },
      end: () => resolve(octets),
      reset: resolve,
    });
  });
}

/** Answers with as many octets as the target says. */
const octets: ExchangeHandler = (exchange) => {
  const sink = exchange.respond({ status: 200, fields: [] }, false);
  sink.write(Buffer.alloc(Number(exchange.head.target.slice(1))));
  sink.end([]);
};

async function joined(t: TestContext, options: JoinOptions = {}) {
  const exchanges: ServerExchange[] = [];
  const arrived: (() => void)[] = [];
  const connection = await join(
    t,
    (exchange) => {
      exchanges.push(exchange);
      arrived.shift()?.();
    },
    options,
  );
  /** Asks, and waits until the server has heard of it. */
  const asked = async () => {
    const here = new Promise<void>((resolve) => arrived.push(resolve));
    const request = ask(connection.client);
    await here;
    return { ...request, exchange: exchanges.at(-1) as ServerExchange };
  };
  const closed = async (): Promise<void> => {
    while (connection.heard.closed.length === 0) await setImmediate();
  };
  return { ...connection, asked, closed };
}

const OK = { status: 200, fields: [] };

test('who leaves most lying loses his answer, be it whole; others do not', async (t) => {
  const { client } = await join(t, octets, {
    clientLimits: { streamWindow: 64 * KIB, connectionWindow: 128 * KIB, heldBytes: 100 * KIB },
  });
  const small = ask(client, '/50000');
  const large = ask(client, '/51000');
  const [unread, more] = [await small.body, await large.body];
  const little = await ask(client, '/5000').body;
  // All are whole by now: this comes behind them, and is read.
  assert.equal(await outcome(await ask(client, '/10').body), 10);
  assert.equal(client.streamCount, 0);
  assert.equal(await outcome(more), 'enhance-your-calm');
  assert.deepEqual([await outcome(unread), await outcome(little)], [50_000, 5000]);
});

test('nobody loses an answer as long as a server allows a hundred streams, though none of them is read', async (t) => {
  const { client } = await join(t, octets, { serverLimits: { streams: 100 } });
  const length = 2 * defaultClientLimits.streamWindow;
  const asked = Array.from({ length: 100 }, () => ask(client, `/${length}`));
  const bodies = await Promise.all(asked.map(({ body }) => body));
  const held = (): number => asked.reduce((sum, { stream }) => sum + stream.held, 0);
  while (held() < asked.length * defaultClientLimits.streamWindow) await setImmediate();
  for (const body of bodies) assert.equal(await outcome(body), length);
});

test('there is as much room as the server allows', async (t) => {
  const { client, asked } = await joined(t, { serverLimits: { streams: 3 } });
  assert.equal(client.room, 3);
  const first = await asked();
  await asked();
  assert.deepEqual([client.room, client.streamCount], [1, 2]);
  first.exchange.respond(OK, true);
  await first.body;
  assert.deepEqual([client.room, client.streamCount], [2, 1]);
});

test('a head that HTTP/2 cannot carry costs nothing', async (t) => {
  const { client, asked } = await joined(t);
  const receiver = { inform: () => {}, respond: () => {}, failed: () => {} };
  const wrong: RequestHead[] = [
    head('/a\r\nb'),
    head('/', ['a\nb', 'c']),
    head('/', ['a', 'b\r']),
    head('/', [':path', '/']),
    { ...head('/'), method: 'GET\n' },
    { ...head('/'), authority: 'a\0' },
  ];
  for (const one of wrong) assert.throws(() => client.request(one, true, receiver), TypeError);
  assert.equal(client.streamCount, 0);
  const { stream, exchange, body } = await asked();
  assert.deepEqual([stream.id, exchange.head.authority], [1, 'test']);
  exchange.respond(OK, true);
  await body;
});

for (const who of ['client', 'server'] as const) {
  test(`drained by the ${who}: nothing new, what is open ends, then both close`, async (t) => {
    const { client, server, heard, asked, closed } = await joined(t);
    const first = await asked();
    const second = await asked();
    if (who === 'client') client.drain();
    else {
      server.drain();
      while (heard.goaways === 0) await setImmediate();
    }
    assert.deepEqual([client.kind, client.room], ['leaving', 0]);
    assert.throws(() => ask(client), TypeError);
    for (const { exchange, body } of [first, second]) {
      assert.deepEqual(heard.closed, []);
      const sink = exchange.respond(OK, false);
      sink.write(Buffer.from('whole'));
      sink.end([]);
      assert.equal(await outcome(await body), 5);
    }
    await closed();
    while (server.kind !== 'closed') await setImmediate();
    assert.deepEqual([client.kind, heard.closed, heard.released], ['closed', [undefined], 2]);
    assert.equal(heard.goaways, who === 'client' ? 0 : 1);
    client.drain();
    server.drain();
  });
}

test('drained before the server has said a word, it closes and never opens', async (t) => {
  const server = createServer((socket) => socket.on('error', () => {}).resume()).listen(0, '127.0.0.1');
  t.after(() => server.close());
  await once(server, 'listening');
  const socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
  t.after(() => socket.destroy());
  await once(socket, 'connect');
  const heard: string[] = [];
  const client = new Http2ClientConnection<string>(
    socket,
    defaultClientLimits,
    {
      opened: () => heard.push('opened'),
      limitChanged: () => {},
      released: () => {},
      goaway: () => {},
      closed: () => heard.push('closed'),
      died: () => {},
      failureOf: () => '',
    },
    'test',
  );
  client.drain();
  await once(socket, 'close');
  assert.deepEqual([client.kind, heard], ['closed', ['closed']]);
});

test('a connection that breaks: requests are lost, bodies break off, and a body that was whole stays', async (t) => {
  const { client, heard, far, asked, closed } = await joined(t);
  const unanswered = await asked();
  const begun = await asked();
  begun.exchange.respond(OK, false).write(Buffer.from('begun'));
  const whole = await asked();
  const sink = whole.exchange.respond(OK, false);
  sink.write(Buffer.from('whole'));
  sink.end([]);
  const [begunBody, wholeBody] = [await begun.body, await whole.body];
  while (whole.stream.ending !== 'whole') await setImmediate();
  far.resetAndDestroy();
  assert.deepEqual(await unanswered.failure, { cause: 'lost', reason: 'connection-lost' });
  await closed();
  assert.equal(await outcome(begunBody), 'connection-lost');
  assert.equal(await outcome(wholeBody), 5);
  assert.deepEqual([client.streamCount, heard.released, heard.deaths], [0, 3, 0]);
  assert.deepEqual(
    [unanswered, begun, whole].map(({ stream }) => stream.ending),
    ['broken', 'broken', 'whole'],
  );
  assert.equal(await client.ask(1e6), false);
});
