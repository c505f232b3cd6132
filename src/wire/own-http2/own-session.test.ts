import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { createSecureContext } from 'node:tls';
import { get, Inbox, Receiver, readBody, SERVER_NAME, startListener, testPki } from '../../../test/support/loopback.ts';
import type { ServerExchange } from '../exchange.ts';
import type { SessionListener, StreamOutcome } from '../http2-engine.ts';
import { ownEngine } from './own-engine.ts';
import { OwnSession } from './own-session.ts';

/** How long a session is without streams before it says so. */
const IDLE_MS = 90_000;
const NEVER = 1_000_000_000;

class Heard implements SessionListener {
  readonly openings = new Inbox<undefined>();
  readonly failures = new Inbox<string>();
  readonly outcomes = new Inbox<StreamOutcome>();
  readonly closings = new Inbox<string | undefined>();
  goaways = 0;
  idles = 0;

  opened = (): void => this.openings.put(undefined);
  failed: SessionListener['failed'] = (_session, { reason }) => this.failures.put(reason);
  finished = (outcome: StreamOutcome): void => this.outcomes.put(outcome);
  roomGained = (): void => {};
  idle = (): void => {
    this.idles += 1;
  };
  goaway = (): void => {
    this.goaways += 1;
  };
  closed: SessionListener['closed'] = (_session, failure) => this.closings.put(failure?.reason);
}

interface Setting {
  readonly session: OwnSession;
  readonly heard: Heard;
  readonly exchanges: Inbox<ServerExchange>;
}

async function dial(t: TestContext): Promise<Setting> {
  const { ca } = await testPki();
  const { port, exchanges } = await startListener(t, {
    engine: 'own',
    limits: { pingIntervalMs: NEVER, connectionIdleMs: NEVER },
  });
  const heard = new Heard();
  const options = {
    host: '127.0.0.1',
    port,
    servername: SERVER_NAME,
    ca: ca.cert,
    certificate: undefined,
    connectTimeoutMs: NEVER,
    pingIntervalMs: NEVER,
    pingTimeoutMs: NEVER,
    maxConnections: 1,
    onEvent: undefined,
    engine: ownEngine.name,
  };
  const session = new OwnSession(options, createSecureContext({ ca: ca.cert }), heard);
  t.after(() => session.destroy());
  return { session, heard, exchanges };
}

async function open(t: TestContext): Promise<Setting> {
  const setting = await dial(t);
  await setting.heard.openings.next();
  return setting;
}

test('says once that it has been without streams for a while, and again after the next', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const { session, heard, exchanges } = await open(t);
  t.mock.timers.tick(IDLE_MS - 1);
  assert.equal(heard.idles, 0);
  t.mock.timers.tick(1);
  assert.equal(heard.idles, 1);
  t.mock.timers.tick(10 * IDLE_MS);
  assert.equal(heard.idles, 1);

  const receiver = new Receiver();
  session.request(get('/'), true, receiver);
  const exchange = await exchanges.next();
  t.mock.timers.tick(10 * IDLE_MS);
  assert.equal(heard.idles, 1, 'a stream is open');
  exchange.respond({ status: 200, fields: [] }, true);
  assert.equal(await heard.outcomes.next(), 'good');
  t.mock.timers.tick(IDLE_MS);
  assert.equal(heard.idles, 2);
});

test('a request that cannot be sent is no use of the connection', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const { session, heard } = await open(t);
  assert.throws(() => session.request(get('/', ['a\n', 'b']), true, new Receiver()), TypeError);
  t.mock.timers.tick(IDLE_MS);
  assert.deepEqual([heard.idles, session.streams], [1, 0]);
});

test('tells good ends from bad ones, and both from what we gave up', async (t) => {
  const { session, heard, exchanges } = await open(t);
  const ask = async (): Promise<{ readonly exchange: ServerExchange; readonly receiver: Receiver }> => {
    const receiver = new Receiver();
    session.request(get('/'), true, receiver);
    return { exchange: await exchanges.next(), receiver };
  };
  for (const [status, outcome] of [
    [200, 'good'],
    [404, 'good'],
    [503, 'bad'],
  ] as const) {
    const { exchange } = await ask();
    exchange.respond({ status, fields: [] }, true);
    assert.equal(await heard.outcomes.next(), outcome, `${status}`);
  }
  const refused = await ask();
  refused.exchange.reset('refused');
  assert.equal(await heard.outcomes.next(), 'bad');
  const broken = await ask();
  broken.exchange.respond({ status: 200, fields: [] }, false).write(Buffer.from('x'));
  const { body } = await broken.receiver.answer;
  broken.exchange.reset('internal');
  assert.equal((await readBody(body)).kind, 'reset');
  assert.equal(await heard.outcomes.next(), 'bad');
  const receiver = new Receiver();
  session.request(get('/'), true, receiver).reset('cancel');
  assert.equal(await heard.outcomes.next(), 'unknown');
});

test('drained before it is open: it fails, and is not left behind', async (t) => {
  const { session, heard } = await dial(t);
  session.drain();
  await heard.failures.next();
  assert.equal(session.kind, 'closed');
  assert.throws(() => session.request(get('/'), true, new Receiver()), TypeError);
});

test('drained, it takes no requests, lets the last stream end, and nobody calls that a failure', async (t) => {
  const { session, heard, exchanges } = await open(t);
  const receiver = new Receiver();
  session.request(get('/'), true, receiver);
  const exchange = await exchanges.next();
  session.drain();
  assert.deepEqual([session.kind, session.room, session.streams], ['draining', 0, 1]);
  assert.throws(() => session.request(get('/'), true, new Receiver()), TypeError);
  exchange.respond({ status: 200, fields: [] }, true);
  assert.equal(await heard.closings.next(), undefined);
  assert.deepEqual([session.kind, heard.goaways, heard.closings.size], ['closed', 0, 0]);
});

test('suspected twice it asks once, and one that answers stays', async (t) => {
  const { session, heard } = await open(t);
  const first = session.suspect(NEVER);
  await session.suspect(0);
  await first;
  assert.deepEqual([session.kind, heard.closings.size], ['open', 0]);
});
