import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { ServerHttp2Stream } from 'node:http2';
import { createServer, type Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import { describe, test } from 'node:test';
import { connect } from 'node:tls';
import { H2Client, PROTOCOLS } from '../support/api-client.ts';
import { type EmbeddedControlPlane, startEmbeddedControlPlane } from '../support/embedded-daemon.ts';
import { send, sendJson } from '../support/fake-api-server.ts';
import { Inbox, readToEnd } from '../support/loopback.ts';
import { WatchLines } from '../support/watch-lines.ts';

/** Both servers serve it; the older one is local and is asked first. */
const PATH = '/api/v1/namespaces/default/configmaps';
const WATCH = `${PATH}?watch=true`;
const EXEC = '/api/v1/namespaces/default/pods/web/exec?command=id';
/** Nothing but what happens to requests tells the proxy of a server's end. */
const NO_PROBES = { flags: { 'health-interval-seconds': '60' } };
/** As kube-apiserver with --shutdown-send-retry-after answers, and ends the connection (over HTTP/2 by GOAWAY). */
const SHUTTING_DOWN = 'The apiserver is shutting down, please try again later.\n';

describe('reads under way on a server that dies', () => {
  const CLIENTS = 5;
  const READS_EACH = 100;

  test('are all answered by another one, though they are many more than the retry budget has', async (t) => {
    const plane = await startEmbeddedControlPlane(t, NO_PROBES);
    const arrived = new Inbox<ServerHttp2Stream>();
    plane.old.handler = arrived.put;
    const clients = await Promise.all(Array.from({ length: CLIENTS }, () => plane.client()));
    const answers = clients.flatMap((client) =>
      Array.from({ length: READS_EACH }, () => client.request({ path: PATH })),
    );
    for (const _ of answers) await arrived.next();
    await plane.old.stop();
    const statuses = Map.groupBy(await Promise.all(answers), ({ status }) => status);
    assert.deepEqual([...statuses.keys()], [200]);
    assert.equal(plane.new.requests.length, CLIENTS * READS_EACH);
    assert.ok((await plane.metric('mvproxy_retries_total\\{cause="connection"\\}')) >= CLIENTS * READS_EACH - 1);
  });
});

describe('writes', () => {
  test('whose connection was lost before their end was sent go to another server, whole', async (t) => {
    const plane = await startEmbeddedControlPlane(t);
    const client = await plane.client();
    assert.ok(client instanceof H2Client);
    let received = '';
    const half = new Promise<void>((resolve) => {
      plane.old.handler = (stream) => {
        stream.on('data', (chunk: Buffer) => {
          received += chunk.toString();
          if (received === '{"kind":') resolve();
        });
      };
    });
    const moved = new Promise<void>((resolve) => {
      plane.new.handler = async (stream) => {
        resolve();
        sendJson(stream, 201, { body: await text(stream) });
      };
    });
    const stream = client.stream({ method: 'POST', path: PATH }, false);
    const answer = text(stream);
    stream.write('{"kind":');
    await half;
    await plane.old.stop();
    await moved;
    stream.end('"ConfigMap"}');
    assert.equal(JSON.parse(await answer).body, '{"kind":"ConfigMap"}');
    assert.equal(received, '{"kind":');
  });

  test('that wait for a connection go to another server when none comes about', async (t) => {
    const plane = await startEmbeddedControlPlane(t, NO_PROBES);
    await plane.old.stop();
    // Something else listens there now, and hangs up.
    const impostor = createServer((socket) => socket.destroy());
    impostor.listen(Number(new URL(plane.old.url).port), '127.0.0.1');
    await once(impostor, 'listening');
    t.after(() => impostor.close());
    plane.new.handler = async (stream) => sendJson(stream, 201, { body: await text(stream) });
    const client = await plane.client();
    const answer = await client.request({ method: 'POST', path: PATH, body: { kind: 'ConfigMap' } });
    assert.equal(answer.status, 201, answer.text);
    assert.equal(JSON.parse(answer.text).body, '{"kind":"ConfigMap"}');
  });
});

describe('a server that shuts down', () => {
  test('turns a write away, which another one gets whole, and is asked no more', async (t) => {
    const plane = await startEmbeddedControlPlane(t, NO_PROBES);
    const client = await plane.client();
    plane.old.ready = false;
    plane.old.handler = async (stream) => {
      await text(stream);
      stream.respond({ ':status': 429, 'content-type': 'text/plain; charset=utf-8', 'retry-after': '5' });
      stream.end(SHUTTING_DOWN);
      stream.session?.goaway(0);
    };
    plane.new.handler = async (stream) => sendJson(stream, 201, { body: await text(stream) });
    const draining = untilLogged(plane, 'server is draining');
    const answer = await client.request({ method: 'POST', path: PATH, body: 'whole' });
    assert.deepEqual([answer.status, JSON.parse(answer.text).body], [201, 'whole']);
    assert.deepEqual(plane.old.requests, [`POST ${PATH}`]);
    // The end of the connection makes the proxy look, long before the next probe is due.
    await draining;
    for (let i = 0; i < 10; i++) await client.request({ path: PATH });
    assert.deepEqual(plane.old.requests, [`POST ${PATH}`]);
    assert.equal(await plane.metric('mvproxy_retries_total\\{cause="shutting-down"\\}'), 1);
  });

  test('is quoted when all do: the client gets the last answer with its Retry-After', async (t) => {
    const plane = await startEmbeddedControlPlane(t);
    for (const [server, retryAfter] of [
      [plane.old, '5'],
      [plane.new, '7'],
    ] as const) {
      server.handler = (stream) => {
        stream.respond({ ':status': 429, 'content-type': 'text/plain', 'retry-after': retryAfter });
        stream.end(SHUTTING_DOWN);
      };
    }
    const answer = await (await plane.client()).request({ path: PATH });
    assert.deepEqual([answer.status, answer.text, answer.headers['retry-after']], [429, SHUTTING_DOWN, '7']);
  });
});

test('a list at a resource version that a server has not seen is answered by one that has', async (t) => {
  const plane = await startEmbeddedControlPlane(t);
  const status = {
    kind: 'Status',
    message: 'Timeout: Too large resource version: 9, current: 5',
    reason: 'Timeout',
    details: { causes: [{ reason: 'ResourceVersionTooLarge' }], retryAfterSeconds: 1 },
    code: 504,
  };
  plane.old.handler = (stream) => sendJson(stream, 504, status);
  const client = await plane.client();
  const answer = await client.request({ path: `${PATH}?resourceVersion=9` });
  assert.deepEqual([answer.status, JSON.parse(answer.text).servedBy], [200, 'new']);
  plane.new.handler = (stream) => sendJson(stream, 504, { ...status, message: 'the second' });
  const both = await client.request({ path: `${PATH}?resourceVersion=9` });
  assert.deepEqual([both.status, JSON.parse(both.text).message], [504, 'the second']);
});

for (const protocol of PROTOCOLS) {
  describe(`a watch over ${protocol}`, () => {
    async function watching(plane: EmbeddedControlPlane) {
      const served = new Inbox<ServerHttp2Stream>();
      for (const server of [plane.old, plane.new]) {
        server.handler = (stream) => {
          stream.respond({ ':status': 200, 'content-type': 'application/json' });
          stream.write(`${server.name}\n`);
          served.put(stream);
        };
      }
      const client = await plane.client(protocol);
      const watch = async () => {
        const lines = new WatchLines((await client.open({ path: WATCH })).body);
        await lines.until(1);
        return { lines, stream: await served.next() };
      };
      return { watch, first: await watch() };
    }

    test('breaks off with its server, is continued by nobody, and a new one goes to another server at once', async (t) => {
      const plane = await startEmbeddedControlPlane(t, NO_PROBES);
      const { watch, first } = await watching(plane);
      assert.deepEqual(first.lines.lines, ['old']);
      await plane.old.stop();
      assert.equal((await first.lines.end).kind, 'broken');
      assert.deepEqual(plane.new.requests, []);
      const second = await watch();
      assert.deepEqual(second.lines.lines, ['new']);
      assert.deepEqual(first.lines.lines, ['old'], 'nothing was added to it');
    });

    test('ends cleanly when its server ends it', async (t) => {
      const { first } = await watching(await startEmbeddedControlPlane(t));
      first.stream.end();
      assert.deepEqual(await first.lines.end, { kind: 'complete' });
    });
  });
}

describe('a switch of protocols', () => {
  async function exec({ pki, daemon }: EmbeddedControlPlane): Promise<string> {
    const { port } = new URL(daemon.servingAddress);
    const { cert, key } = pki.admin;
    const client = connect({ host: '127.0.0.1', port: Number(port), ca: pki.servingCa.cert, cert, key });
    client.on('error', () => {});
    await once(client, 'secureConnect');
    client.write(`POST ${EXEC} HTTP/1.1\r\nHost: api\r\nConnection: Upgrade\r\nUpgrade: SPDY/3.1\r\n\r\n`);
    return readToEnd(client);
  }

  const switched = (_request: unknown, socket: Socket): void => {
    socket.end('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: SPDY/3.1\r\n\r\nfrom the new one');
  };

  for (const [what, prepare] of [
    ['is not there', ({ old }) => old.stop()],
    [
      'shuts down',
      async ({ old }) => {
        const head = `HTTP/1.1 429 Too Many Requests\r\nRetry-After: 5\r\nConnection: close\r\nContent-Length: ${SHUTTING_DOWN.length}`;
        old.onUpgrade = (_request, socket) => void socket.end(`${head}\r\n\r\n${SHUTTING_DOWN}`);
      },
    ],
  ] as const satisfies readonly (readonly [string, (plane: EmbeddedControlPlane) => Promise<void>])[]) {
    test(`that is asked of a server which ${what} is made by another one`, async (t) => {
      const plane = await startEmbeddedControlPlane(t, NO_PROBES);
      await prepare(plane);
      plane.new.onUpgrade = switched;
      const answer = await exec(plane);
      assert.match(answer, /^HTTP\/1\.1 101 /);
      assert.match(answer, /from the new one$/);
    });
  }

  test('that breaks off after it was asked for is asked of nobody else, and says so', async (t) => {
    const plane = await startEmbeddedControlPlane(t, NO_PROBES);
    let asked = 0;
    plane.old.onUpgrade = (_request, socket) => socket.destroy();
    plane.new.onUpgrade = () => void asked++;
    const answer = await exec(plane);
    assert.match(answer, /^HTTP\/1\.1 503 /);
    assert.match(answer, /may have been executed; look before you repeat it/);
    assert.doesNotMatch(answer, /retry-after/i);
    assert.equal(asked, 0);
  });
});

test('an overloaded server keeps its requests: its 429 passes unchanged', async (t) => {
  const plane = await startEmbeddedControlPlane(t);
  plane.old.handler = (stream) => {
    stream.respond({ ':status': 429, 'content-type': 'text/plain', 'retry-after': '1' });
    stream.end('Too many requests, please try again later.\n');
  };
  plane.new.handler = (stream) => send(stream, 200, 'text/plain', 'not reached');
  const answer = await (await plane.client()).request({ path: PATH });
  assert.deepEqual([answer.status, answer.headers['retry-after']], [429, '1']);
  assert.equal(answer.text, 'Too many requests, please try again later.\n');
  assert.deepEqual(plane.new.requests, []);
});

async function untilLogged({ log }: EmbeddedControlPlane, message: string): Promise<void> {
  for (let entry = await log.next(); entry.message !== message; entry = await log.next());
}
