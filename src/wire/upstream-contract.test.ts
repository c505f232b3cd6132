import assert from 'node:assert/strict';
import { describe, type TestContext, test } from 'node:test';
import {
  get,
  Inbox,
  type ReadBody,
  Receiver,
  readBody,
  startListener,
  startUpstream,
} from '../../test/support/loopback.ts';
import { ENGINE_NAMES, type EngineName } from './engine-name.ts';
import type { BodySink, RequestHead, ResetReason, ServerExchange } from './exchange.ts';
import { NO_FIELDS } from './fields.ts';
import { openInProcessUpstream } from './in-process-upstream.ts';
import type { Upstream, UpstreamReceiver } from './upstream.ts';

/** What users of an upstream rely on, whatever is behind it. */
interface Setting {
  readonly upstream: Upstream;
  readonly exchanges: Inbox<ServerExchange>;
}

/** Each engine has to understand itself and the other one. */
const overSockets = (client: EngineName, server: EngineName) =>
  async function setUp(t: TestContext): Promise<Setting> {
    const { port, exchanges } = await startListener(t, { engine: server });
    const upstream = await startUpstream(t, port, { engine: client });
    return { upstream, exchanges };
  };

async function inProcess(t: TestContext): Promise<Setting> {
  const exchanges = new Inbox<ServerExchange>();
  const upstream = openInProcessUpstream({ name: 'a', handler: exchanges.put, certificate: { kind: 'none' } });
  t.after(() => upstream.close(0));
  return { upstream, exchanges };
}

const NEVER = new AbortController().signal;
const POST: RequestHead = { ...get('/'), method: 'POST' };
const EXEC: RequestHead = get('/exec', ['connection', 'Upgrade', 'upgrade', 'SPDY/3.1']);
const OK = { status: 200, fields: NO_FIELDS };
const CHUNK = Buffer.alloc(256 * 1024, 'x');

async function idle(upstream: Upstream): Promise<void> {
  while (upstream.inFlight > 0) await new Promise(setImmediate);
}

/** Why the client gave up, as the handler hears it. */
function aborted(exchange: ServerExchange): Promise<ResetReason> {
  return new Promise((resolve) => {
    exchange.onAbort = resolve;
  });
}

/** Writes until it is asked to stop; how often it could. */
function fill(sink: BodySink): number {
  for (let written = 1; written < 1_000; written += 1) if (!sink.write(CHUNK)) return written;
  throw new assert.AssertionError({ message: 'nobody asks the writer to stop' });
}

const SETTINGS: [string, (t: TestContext) => Promise<Setting>][] = [['in this process', inProcess]];
for (const client of ENGINE_NAMES) {
  for (const server of ENGINE_NAMES) {
    SETTINGS.push([`over sockets (engine: ${client}, of the server: ${server})`, overSockets(client, server)]);
  }
}

for (const [kind, setUp] of SETTINGS) {
  describe(`an upstream ${kind}`, () => {
    test('delivers head, body and trailers both ways, informational heads first', async (t) => {
      const { upstream, exchanges } = await setUp(t);
      const receiver = new Receiver();
      const head = { ...POST, target: '/a%2Fb//?x=%20', fields: ['b', '1', 'a', '\xe9', 'b', '2', 'connection', 'x'] };
      const { body } = upstream.request(head, false, receiver);
      body?.write(Buffer.from('one '));
      body?.write(Buffer.from('two'));
      body?.end(['t', '1', 'host', 'dropped']);
      const exchange = await exchanges.next();
      assert.deepEqual(exchange.head, { ...head, fields: ['b', '1', 'a', '\xe9', 'b', '2'] });
      assert.deepEqual([exchange.bodyless, exchange.upgrade, exchange.connection.protocol], [false, undefined, 'h2']);
      assert.equal(exchange.connection.remoteAddress, '127.0.0.1');
      assert.deepEqual(await readBody(exchange.body), { kind: 'end', text: 'one two', trailers: ['t', '1'] });
      assert.equal(upstream.inFlight, 1);
      exchange.inform({ status: 103, fields: ['link', 'a'] });
      const sink = exchange.respond({ status: 201, fields: ['x', '1', 'connection', 'close', 'x', '2'] }, false);
      sink.write(Buffer.from('three'));
      sink.end(['t', '2']);
      const answer = await receiver.answer;
      assert.deepEqual(receiver.informed, [{ status: 103, fields: ['link', 'a'] }]);
      assert.deepEqual([answer.head, answer.bodyless], [{ status: 201, fields: ['x', '1', 'x', '2'] }, false]);
      assert.deepEqual(await readBody(answer.body), { kind: 'end', text: 'three', trailers: ['t', '2'] });
      await idle(upstream);
    });

    test('calls the receiver only after the request was made, and the reader only after it reads', async (t) => {
      const { upstream, exchanges } = await setUp(t);
      const calls: string[] = [];
      const over = Promise.withResolvers<void>();
      const receiver: UpstreamReceiver = {
        inform: ({ status }) => calls.push(`inform ${status}`),
        respond: ({ status }, body) => {
          calls.push(`respond ${status}`);
          body.read({
            data: (chunk) => calls.push(`data ${chunk.byteLength}`) > 0,
            end: () => {
              calls.push('end');
              over.resolve();
            },
            reset: () => calls.push('reset'),
          });
          calls.push('read');
        },
        failed: () => calls.push('failed'),
      };
      upstream.request(get('/'), true, receiver);
      calls.push('requested');
      const exchange = await exchanges.next();
      exchange.inform({ status: 103, fields: NO_FIELDS });
      const sink = exchange.respond(OK, false);
      sink.write(Buffer.from('abc'));
      sink.end(NO_FIELDS);
      calls.push('answered');
      await over.promise;
      assert.deepEqual(calls, ['requested', 'answered', 'inform 103', 'respond 200', 'read', 'data 3', 'end']);
    });

    test('says at once that a response has no body, and that a request has none', async (t) => {
      const { upstream, exchanges } = await setUp(t);
      for (const [method, status, declared] of [
        ['HEAD', 200, false],
        ['GET', 204, false],
        ['GET', 304, false],
        ['GET', 200, true],
      ] as const) {
        const receiver = new Receiver();
        const { body } = upstream.request({ ...get('/'), method }, true, receiver);
        assert.equal(body, undefined);
        const exchange = await exchanges.next();
        assert.equal(exchange.bodyless, true);
        assert.deepEqual(await readBody(exchange.body), { kind: 'end', text: '', trailers: [] });
        exchange.respond({ status, fields: ['x', '1'] }, declared);
        const answer = await receiver.answer;
        assert.equal(answer.bodyless, true, `${method} ${status}`);
        assert.deepEqual(await readBody(answer.body), { kind: 'end', text: '', trailers: [] });
      }
      await idle(upstream);
    });

    test('asks the writer of a response to stop while nobody reads, and to go on when somebody does', async (t) => {
      const { upstream, exchanges } = await setUp(t);
      const receiver = new Receiver();
      upstream.request(get('/'), true, receiver);
      const sink = (await exchanges.next()).respond(OK, false);
      const { body } = await receiver.answer;
      const written = fill(sink);
      const drained = new Promise<void>((resolve) => {
        sink.onDrain = resolve;
      });
      const all = readBody(body);
      await drained;
      sink.end(NO_FIELDS);
      const read = await all;
      assert.equal(read.text.length, written * CHUNK.byteLength);
    });

    test('keeps which fields must not be indexed, both ways', async (t) => {
      const { upstream, exchanges } = await setUp(t);
      const receiver = new Receiver();
      upstream.request({ ...get('/', ['x-secret', '1', 'y', '2']), neverIndexed: ['x-secret'] }, true, receiver);
      const served = await exchanges.next();
      assert.deepEqual(served.head.neverIndexed, ['x-secret']);
      served.respond({ status: 200, fields: ['x', '1', 'x-token', '2'], neverIndexed: ['x-token'] }, true);
      assert.deepEqual((await receiver.answer).head.neverIndexed, ['x-token']);
    });

    test('asks the writer of a request to stop while nobody reads, and while the reader pauses', async (t) => {
      const { upstream, exchanges } = await setUp(t);
      const { body: sink } = upstream.request(POST, false, new Receiver());
      assert.ok(sink);
      const exchange = await exchanges.next();
      let drains = new Inbox<void>();
      sink.onDrain = () => drains.put();
      let sent = fill(sink);
      let received = 0;
      let limit = Number.POSITIVE_INFINITY;
      const over = Promise.withResolvers<void>();
      exchange.body.read({
        data: (chunk) => {
          received += chunk.byteLength;
          return received < limit;
        },
        end: () => over.resolve(),
        reset: () => {},
      });
      await drains.next();
      drains = new Inbox();
      limit = 0;
      sent += fill(sink);
      const before = received;
      assert.ok(received < sent * CHUNK.byteLength);
      limit = Number.POSITIVE_INFINITY;
      exchange.body.resume();
      await drains.next();
      sink.end(NO_FIELDS);
      await over.promise;
      assert.deepEqual([received > before, received], [true, sent * CHUNK.byteLength]);
    });

    test('tells the handler that the client gave up, before and after the answer', async (t) => {
      const { upstream, exchanges } = await setUp(t);
      for (const answered of [false, true]) {
        const receiver = new Receiver();
        const exchange = upstream.request(POST, false, receiver);
        const served = await exchanges.next();
        const abort = aborted(served);
        const request = readBody(served.body);
        let response: Promise<ReadBody> | undefined;
        if (answered) {
          served.respond(OK, false);
          response = readBody((await receiver.answer).body);
        }
        exchange.reset('cancel');
        assert.equal(await abort, 'cancel');
        assert.deepEqual(await request, { kind: 'reset', text: '', reason: 'cancel' });
        assert.equal((await response)?.kind, answered ? 'reset' : undefined);
        assert.equal(served.respond(OK, false).write(CHUNK), true, 'what comes too late is ignored');
        await idle(upstream);
      }
    });

    test('a request body that breaks off takes the request with it', async (t) => {
      const { upstream, exchanges } = await setUp(t);
      const { body } = upstream.request(POST, false, new Receiver());
      const served = await exchanges.next();
      const abort = aborted(served);
      body?.reset('cancel');
      assert.equal(await abort, 'cancel');
      await idle(upstream);
    });

    for (const [reason, processed] of [
      ['refused', 'no'],
      ['internal', 'unknown'],
      ['cancel', 'unknown'],
      ['http-1.1-required', 'unknown'],
    ] as const) {
      test(`a handler that resets (${reason}) before it answers: failed, processed ${processed}`, async (t) => {
        const { upstream, exchanges } = await setUp(t);
        const receiver = new Receiver();
        upstream.request(get('/'), true, receiver);
        const served = await exchanges.next();
        served.onAbort = () => assert.fail('its own reset is no news to it');
        served.reset(reason);
        const failure = await receiver.failure;
        assert.deepEqual([failure.processed, failure.reason, failure.cause], [processed, reason, 'reset']);
        await idle(upstream);
      });
    }

    test('a response that breaks off is never a clean end', async (t) => {
      const { upstream, exchanges } = await setUp(t);
      const receiver = new Receiver();
      upstream.request(get('/'), true, receiver);
      const served = await exchanges.next();
      const sink = served.respond(OK, false);
      const { body } = await receiver.answer;
      const read = readBody(body);
      sink.write(Buffer.from('part'));
      sink.reset('internal');
      assert.deepEqual(await read, { kind: 'reset', text: 'part', reason: 'internal' });
      await idle(upstream);
    });

    test('a reader that pauses still learns at once that the body broke off', async (t) => {
      const { upstream, exchanges } = await setUp(t);
      const receiver = new Receiver();
      upstream.request(get('/'), true, receiver);
      const served = await exchanges.next();
      const sink = served.respond(OK, false);
      const { body } = await receiver.answer;
      const paused = Promise.withResolvers<void>();
      const broken = Promise.withResolvers<ResetReason>();
      body.read({
        data: () => {
          paused.resolve();
          return false;
        },
        end: () => assert.fail('it was cut off'),
        reset: broken.resolve,
      });
      sink.write(Buffer.from('part'));
      await paused.promise;
      sink.write(CHUNK);
      sink.reset('internal');
      assert.equal(await broken.promise, 'internal');
    });

    test('an answer before the request was taken ends the request', async (t) => {
      const { upstream, exchanges } = await setUp(t);
      const receiver = new Receiver();
      const { body } = upstream.request(POST, false, receiver);
      const served = await exchanges.next();
      served.onAbort = () => assert.fail('the response was complete');
      const sink = served.respond(OK, false);
      sink.write(Buffer.from('no need'));
      sink.end(NO_FIELDS);
      assert.equal((await readBody((await receiver.answer).body)).text, 'no need');
      await idle(upstream);
      assert.equal(body?.write(CHUNK), true, 'and what still comes is dropped');
    });

    test('an answer is given once; what follows is ignored', async (t) => {
      const { upstream, exchanges } = await setUp(t);
      const receiver = new Receiver();
      upstream.request(get('/'), true, receiver);
      const served = await exchanges.next();
      const sink = served.respond(OK, false);
      served.respond({ status: 500, fields: NO_FIELDS }, true);
      served.inform({ status: 103, fields: NO_FIELDS });
      sink.write(Buffer.from('first'));
      sink.end(NO_FIELDS);
      const { head, body } = await receiver.answer;
      assert.equal(head.status, 200);
      assert.equal((await readBody(body)).text, 'first');
      assert.deepEqual(receiver.informed, []);
    });

    test('what could be read as another field is carried neither way', async (t) => {
      const { upstream, exchanges } = await setUp(t);
      for (const head of [
        get('/', ['x-remote-user', 'a\r\nx-remote-group: b']),
        get('/', ['x-remote-user', '\u010ax-remote-group: b']),
        get('/', ['x remote', 'a']),
        get('/', [':status', '200']),
        get('/a\0b'),
      ]) {
        const receiver = new Receiver();
        upstream.request(head, true, receiver);
        const { processed, cause } = await receiver.failure;
        assert.deepEqual([processed, cause], ['no', 'protocol'], JSON.stringify(head));
      }
      for (const head of [
        { status: 200, fields: ['x', 'a\r\ny: b'] },
        { status: 999, fields: [] },
      ]) {
        const receiver = new Receiver();
        upstream.request(get('/'), true, receiver);
        (await exchanges.next()).respond(head, false);
        assert.equal((await receiver.failure).reason, 'internal');
      }
      assert.equal(exchanges.size, 0);
    });

    test('closed, it takes nothing, lets what is open finish, and ends the rest after its grace', async (t) => {
      const { upstream, exchanges } = await setUp(t);
      const [finishing, waiting] = [new Receiver(), new Receiver()];
      upstream.request(get('/'), true, finishing);
      const first = await exchanges.next();
      upstream.request(get('/'), true, waiting);
      const second = await exchanges.next();
      let closed = false;
      t.mock.timers.enable({ apis: ['setTimeout'] });
      const closing = upstream.close(5_000).then(() => {
        closed = true;
      });
      const late = new Receiver();
      upstream.request(get('/'), true, late);
      assert.equal((await late.failure).processed, 'no');
      assert.equal((await upstream.upgrade(EXEC, NEVER)).kind, 'failed');
      const sink = first.respond(OK, false);
      sink.write(Buffer.from('whole'));
      sink.end(NO_FIELDS);
      assert.equal((await readBody((await finishing.answer).body)).kind, 'end');
      assert.equal(closed, false);
      const abort = aborted(second);
      t.mock.timers.tick(5_000);
      const failure = await waiting.failure;
      assert.deepEqual(
        [failure.processed, failure.reason, failure.cause],
        ['unknown', 'connection-lost', 'connection'],
      );
      await closing;
      assert.equal(await abort, 'connection-lost');
      assert.equal(upstream.inFlight, 0);
      assert.equal(second.connection.closed.aborted, true);
    });

    test('suspected, one that lives goes on with all that is open', async (t) => {
      const { upstream, exchanges } = await setUp(t);
      const [answered, waiting] = [new Receiver(), new Receiver()];
      upstream.request(get('/'), true, answered);
      const sink = (await exchanges.next()).respond(OK, false);
      upstream.request(get('/'), true, waiting);
      const second = await exchanges.next();
      upstream.suspect(60_000);
      sink.write(Buffer.from('whole'));
      sink.end(NO_FIELDS);
      assert.equal((await readBody((await answered.answer).body)).kind, 'end');
      second.respond(OK, true);
      assert.equal((await waiting.answer).head.status, 200);
      await idle(upstream);
    });

    test('a switch of protocols: bytes both ways, half-closed directions kept', async (t) => {
      const { upstream, exchanges } = await setUp(t);
      const pending = upstream.upgrade(EXEC, NEVER);
      const served = await exchanges.next();
      assert.deepEqual([served.head, served.bodyless, served.connection.protocol], [EXEC, true, 'http/1.1']);
      assert.equal(served.upgrade?.protocol, 'SPDY/3.1');
      const head = { status: 101, fields: ['connection', 'upgrade', 'upgrade', 'SPDY/3.1'] };
      const far = served.upgrade?.switchProtocols(head);
      assert.ok(far);
      far.sink.write(Buffer.from('early '));
      const answer = await pending;
      assert.ok(answer.kind === 'switched');
      assert.deepEqual(answer.head, head);
      assert.equal(upstream.inFlight, 1);
      const [up, down] = [readBody(far.source), readBody(answer.tunnel.source)];
      answer.tunnel.sink.write(Buffer.from('up'));
      answer.tunnel.sink.end(NO_FIELDS);
      assert.deepEqual(await up, { kind: 'end', text: 'up', trailers: [] });
      far.sink.write(Buffer.from('late'));
      far.sink.end(NO_FIELDS);
      assert.deepEqual(await down, { kind: 'end', text: 'early late', trailers: [] });
      await idle(upstream);
    });

    for (const side of ['client', 'handler'] as const) {
      test(`a tunnel that the ${side} breaks is over for both`, async (t) => {
        const { upstream, exchanges } = await setUp(t);
        const pending = upstream.upgrade(EXEC, NEVER);
        const served = await exchanges.next();
        const far = served.upgrade?.switchProtocols({ status: 101, fields: EXEC.fields });
        const answer = await pending;
        assert.ok(answer.kind === 'switched' && far !== undefined);
        const ends = [readBody(far.source), readBody(answer.tunnel.source)];
        (side === 'client' ? answer.tunnel : far).sink.reset('cancel');
        const [, near] = side === 'client' ? ends : ends.toReversed();
        assert.equal((await near)?.kind, 'reset', 'the side that broke it reads no clean end');
        await Promise.all(ends);
        (side === 'client' ? far : answer.tunnel).sink.end(NO_FIELDS);
        await idle(upstream);
      });
    }

    test('a refused switch is whole although nobody reads it yet', async (t) => {
      const { upstream, exchanges } = await setUp(t);
      const pending = upstream.upgrade(EXEC, NEVER);
      const served = await exchanges.next();
      const sink = served.respond({ status: 403, fields: ['content-length', '2'] }, false);
      sink.write(Buffer.from('no'));
      sink.end(NO_FIELDS);
      const answer = await pending;
      assert.ok(answer.kind === 'refused');
      assert.equal(answer.head.status, 403);
      await idle(upstream);
      assert.deepEqual(await readBody(answer.body), { kind: 'end', text: 'no', trailers: [] });
    });

    test('the signal gives up a switch that is awaited, and leaves a tunnel alone', async (t) => {
      const { upstream, exchanges } = await setUp(t);
      const attempt = new AbortController();
      const pending = upstream.upgrade(EXEC, attempt.signal);
      const abort = aborted(await exchanges.next());
      attempt.abort();
      const failed = await pending;
      assert.ok(failed.kind === 'failed');
      assert.equal(failed.failure.reason, 'connection-lost');
      assert.equal(await abort, 'cancel');
      assert.equal((await upstream.upgrade(EXEC, AbortSignal.abort())).kind, 'failed');

      const switched = new AbortController();
      const second = upstream.upgrade(EXEC, switched.signal);
      const far = (await exchanges.next()).upgrade?.switchProtocols({ status: 101, fields: EXEC.fields });
      const answer = await second;
      assert.ok(answer.kind === 'switched' && far !== undefined);
      switched.abort();
      far.sink.write(Buffer.from('x'));
      far.sink.end(NO_FIELDS);
      assert.equal((await readBody(answer.tunnel.source)).kind, 'end');
      await upstream.close(0);
      assert.equal((await readBody(far.source)).kind, 'reset');
    });

    test('a handler that resets an upgrade leaves its asker with a lost connection', async (t) => {
      const { upstream, exchanges } = await setUp(t);
      const pending = upstream.upgrade(EXEC, NEVER);
      const served = await exchanges.next();
      served.reset('internal');
      const answer = await pending;
      assert.ok(answer.kind === 'failed');
      const { processed, reason, cause } = answer.failure;
      assert.deepEqual([processed, reason, cause], ['unknown', 'connection-lost', 'connection']);
      await idle(upstream);
    });

    test('an upgrade with a body is not sent', async (t) => {
      const { upstream, exchanges } = await setUp(t);
      const answer = await upstream.upgrade({ ...EXEC, fields: [...EXEC.fields, 'content-length', '5'] }, NEVER);
      assert.equal(answer.kind === 'failed' && answer.failure.processed, 'no');
      assert.equal(exchanges.size, 0);
    });
  });
}
