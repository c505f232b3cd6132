import assert from 'node:assert/strict';
import { createSecureServer, type ServerHttp2Session, type ServerHttp2Stream } from 'node:http2';
import { describe, type TestContext } from 'node:test';
import { engineTest } from '../../test/support/engine-test.ts';
import {
  closeOf,
  get,
  Inbox,
  listenOnLoopback,
  Receiver,
  readBody,
  startUpstream,
  testPki,
} from '../../test/support/loopback.ts';
import { relayTcp } from './tcp-relay.ts';
import type { Upstream, UpstreamEvent } from './upstream.ts';

const TIMEOUT_MS = 1_000;
const NEVER = new AbortController().signal;
const EXEC = get('/exec', ['connection', 'Upgrade', 'upgrade', 'SPDY/3.1']);

/** A server behind a wire that can be cut without a word, and an upstream to it. */
async function setUp(t: TestContext) {
  const { server: tls } = await testPki();
  const streams = new Inbox<ServerHttp2Stream>();
  const sessions = new Inbox<ServerHttp2Session>();
  const asked = new Inbox<string>();
  const server = createSecureServer({ ...tls, allowHTTP1: true });
  server.on('session', (session) => {
    session.on('error', () => {});
    t.after(() => session.destroy());
    sessions.put(session);
  });
  server.on('stream', (stream: ServerHttp2Stream) => {
    stream.on('error', () => {});
    streams.put(stream);
  });
  server.on('upgrade', (request, socket) => {
    socket.on('error', () => {});
    t.after(() => socket.destroy());
    if (request.url === '/switch')
      socket.write('HTTP/1.1 101 Switching Protocols\r\nupgrade: SPDY/3.1\r\nconnection: upgrade\r\n\r\n');
    asked.put(request.url ?? '');
  });
  const port = await listenOnLoopback(t, server);
  let isRefusing = false;
  const refused = new Inbox<void>();
  const choose = () => {
    if (!isRefusing) return { host: '127.0.0.1', port };
    refused.put();
    return undefined;
  };
  const wire = await relayTcp({ host: '127.0.0.1', port: 0, choose });
  t.after(() => wire.close());
  const events = new Inbox<UpstreamEvent>();
  const upstream = await startUpstream(t, wire.port, { onEvent: events.put });
  const clock = () => t.mock.timers.enable({ apis: ['setTimeout'] });
  const ask = async (target = '/') => {
    const receiver = new Receiver();
    upstream.request(get(target), true, receiver);
    return { receiver, stream: await streams.next() };
  };
  const refuse = () => {
    isRefusing = true;
  };
  return { refuse, refused, wire, upstream, streams, sessions, asked, events, clock, ask };
}

const empty = async (upstream: Upstream): Promise<void> => {
  while (upstream.inFlight > 0) await new Promise(setImmediate);
};

/** When it resolves, all that `session` sent before has arrived. */
const roundTrip = (session: ServerHttp2Session): Promise<void> =>
  new Promise((resolve, reject) => session.ping((error) => (error === null ? resolve() : reject(error))));

describe('a suspected server', () => {
  engineTest('that answers PING keeps all that is open, however long answers take', async (t) => {
    const { upstream, sessions, events, clock, ask } = await setUp(t);
    const { receiver, stream } = await ask();
    const session = await sessions.next();
    const pinged = new Promise<void>((resolve) => session.once('ping', () => resolve()));
    clock();
    upstream.suspect(TIMEOUT_MS);
    await pinged;
    await roundTrip(session);
    t.mock.timers.tick(60_000);
    await new Promise(setImmediate);
    stream.respond({ ':status': 200 });
    stream.end('after a minute');
    const { body } = await receiver.answer;
    assert.equal((await readBody(body)).text, 'after a minute');
    assert.deepEqual([(await events.next()).kind, events.size], ['connected', 0]);
  });

  engineTest(
    'that hangs loses its connections: requests fail, watches break off, and a new connection is made',
    async (t) => {
      const { upstream, wire, events, clock, ask, streams } = await setUp(t);
      const [request, watch] = [await ask('/pods'), await ask('/pods?watch=true')];
      watch.stream.respond({ ':status': 200 });
      watch.stream.write('{"type":"ADDED"}\n');
      const { body } = await watch.receiver.answer;
      const read = readBody(body);
      wire.hang();
      clock();
      upstream.suspect(TIMEOUT_MS);
      t.mock.timers.tick(TIMEOUT_MS);
      const failure = await request.receiver.failure;
      assert.deepEqual(
        [failure.processed, failure.reason, failure.cause],
        ['unknown', 'connection-lost', 'connection'],
      );
      assert.match(failure.message, /no longer answers \(PING timed out\)/);
      assert.equal((await read).kind, 'reset', 'a clean end would be believed');
      assert.deepEqual([(await events.next()).kind, (await events.next()).kind], ['connected', 'connection-lost']);
      await empty(upstream);

      wire.resume();
      const next = new Receiver();
      upstream.request(get('/next'), true, next);
      const stream = await streams.next();
      stream.respond({ ':status': 200 }, { endStream: true });
      assert.equal((await next.answer).head.status, 200);
    },
  );

  engineTest('that hangs is given its time once, however often it is suspected', async (t) => {
    const { upstream, wire, clock, ask } = await setUp(t);
    const { receiver } = await ask();
    wire.hang();
    clock();
    upstream.suspect(TIMEOUT_MS);
    t.mock.timers.tick(TIMEOUT_MS / 2);
    upstream.suspect(TIMEOUT_MS);
    t.mock.timers.tick(TIMEOUT_MS / 2);
    assert.equal((await receiver.failure).processed, 'unknown');
  });

  engineTest('keeps what waits for a connection, unless it is turned away: at once, with nothing sent', async (t) => {
    const { upstream, wire, streams } = await setUp(t);
    wire.hang();
    const receivers = [new Receiver(), new Receiver()];
    for (const receiver of receivers) upstream.request(get('/'), true, receiver);
    upstream.suspect(60_000);
    await new Promise(setImmediate);
    assert.equal(upstream.inFlight, 2);
    upstream.turnAway();
    for (const receiver of receivers) {
      const failure = await receiver.failure;
      assert.deepEqual([failure.processed, failure.cause], ['no', 'timeout']);
      assert.match(failure.message, /no longer answers; nothing was sent/);
    }
    assert.equal(upstream.inFlight, 0);
    wire.resume();
    upstream.request(get('/next'), true, new Receiver());
    await streams.next();
    assert.equal(streams.size, 0);
  });

  engineTest('whose connections are gone is not dialled', async (t) => {
    const { upstream, sessions } = await setUp(t);
    upstream.suspect(TIMEOUT_MS);
    await new Promise(setImmediate);
    assert.deepEqual([sessions.size, upstream.inFlight], [0, 0]);
  });
});

/**
 * Node's engine can send no PING there and makes a new connection instead; an engine that can asks, and makes one only if the
 * answer fails to come.
 */
describe('what is still open on a connection on which a suspected server said GOAWAY', () => {
  async function afterGoaway(t: TestContext) {
    const setting = await setUp(t);
    const { receiver, stream } = await setting.ask();
    stream.respond({ ':status': 200 });
    stream.write('first');
    const { body } = await receiver.answer;
    const read = readBody(body);
    assert.equal((await setting.events.next()).kind, 'connected');
    stream.session?.goaway(0, stream.id ?? 0);
    assert.equal((await setting.events.next()).kind, 'goaway');
    const session = await setting.sessions.next();
    const answersPing = new Promise<void>((resolve) => session.once('ping', () => resolve())).then(() =>
      roundTrip(session),
    );
    return { ...setting, stream, read, answersPing };
  }

  engineTest('goes on when a new connection can be made', async (t) => {
    const { upstream, sessions, stream, read, clock, answersPing } = await afterGoaway(t);
    clock();
    upstream.suspect(TIMEOUT_MS);
    await Promise.race([sessions.next().then(closeOf), answersPing]);
    t.mock.timers.tick(60_000);
    stream.end(', last');
    assert.deepEqual(await read, { kind: 'end', text: 'first, last', trailers: [] });
  });

  engineTest('goes on when the server takes no new connections, as one that stops by itself', async (t) => {
    const { upstream, refuse, refused, stream, read, clock, answersPing } = await afterGoaway(t);
    refuse();
    clock();
    upstream.suspect(TIMEOUT_MS);
    await Promise.race([refused.next(), answersPing]);
    // The reset is in this host's kernel; it is read and heard of in the next turns.
    for (let turn = 0; turn < 5; turn += 1) await new Promise(setImmediate);
    t.mock.timers.tick(60_000);
    await new Promise(setImmediate);
    stream.end(', last');
    assert.equal((await read).kind, 'end');
  });

  engineTest('breaks off when a new connection gets no answer either', async (t) => {
    const { upstream, wire, read, clock } = await afterGoaway(t);
    wire.hang();
    clock();
    upstream.suspect(TIMEOUT_MS);
    t.mock.timers.tick(TIMEOUT_MS);
    assert.equal((await read).kind, 'reset');
    await empty(upstream);
  });
});

describe('an upgrade', () => {
  engineTest('that a hung server has not answered is given up; a tunnel stays', async (t) => {
    const { upstream, wire, asked, clock } = await setUp(t);
    clock();
    const switched = await upstream.upgrade({ ...EXEC, target: '/switch' }, NEVER);
    assert.ok(switched.kind === 'switched');
    assert.equal(await asked.next(), '/switch');
    const pending = upstream.upgrade(EXEC, NEVER);
    assert.equal(await asked.next(), '/exec');
    wire.hang();
    upstream.suspect(TIMEOUT_MS);
    t.mock.timers.tick(TIMEOUT_MS);
    const failed = await pending;
    assert.ok(failed.kind === 'failed');
    assert.deepEqual([failed.failure.processed, failed.failure.cause], ['unknown', 'connection']);
    assert.equal(upstream.inFlight, 1, 'the tunnel');
    t.mock.timers.reset();
  });

  engineTest('that a slow server has not answered goes on', async (t) => {
    const { upstream, asked, sessions, clock } = await setUp(t);
    clock();
    let over = false;
    void upstream.upgrade(EXEC, NEVER).then(() => {
      over = true;
    });
    await asked.next();
    upstream.suspect(TIMEOUT_MS);
    await closeOf(await sessions.next());
    t.mock.timers.tick(TIMEOUT_MS);
    await new Promise(setImmediate);
    assert.deepEqual([over, upstream.inFlight], [false, 1]);
    t.mock.timers.reset();
  });
});

engineTest('a close does not wait for the connection that was made out of suspicion', async (t) => {
  const { upstream, wire, asked } = await setUp(t);
  void upstream.upgrade(EXEC, NEVER);
  await asked.next();
  wire.hang();
  upstream.suspect(60_000);
  await upstream.close(0);
  assert.equal(upstream.inFlight, 0);
});
