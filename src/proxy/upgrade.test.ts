import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { answerField, FakeBody, FakeExchange, type FakeRequest, FakeSink } from '../../test/support/fake-exchange.ts';
import { failureOf } from '../../test/support/fake-upstream.ts';
import { ProxySetting, type ProxySettingOptions, settled } from '../../test/support/proxy-setting.ts';
import { ExchangeSpan, type FinishedSpan } from '../observe/tracing/exchange-span.ts';
import { fieldValue, fieldValues } from '../wire/fields.ts';
import type { UpgradeAnswer, UpstreamFailure } from '../wire/upstream.ts';
import type { PreparedRequest } from './prepared-request.ts';
import { route } from './route.ts';
import { Upgrade } from './upgrade.ts';

const SPAN = {
  traceId: 'a'.repeat(32),
  spanId: 'b'.repeat(16),
  parentId: undefined,
  protocol: 'http/1.1',
  clientAddress: '192.0.2.1',
  startedAt: 0,
} as const;
const EXEC = '/api/v1/namespaces/a/pods/x/exec?command=sh';
const SERVERS = [37, 36].map((minor) => ({ minor, serves: { v1: { pods: ['get'], 'pods/exec': ['create', 'get'] } } }));

function start(request: FakeRequest = {}, options: ProxySettingOptions = {}, overrides: Partial<PreparedRequest> = {}) {
  const setting = new ProxySetting({ servers: SERVERS, ...options });
  const exchange = new FakeExchange({ method: 'POST', target: EXEC, upgrade: 'SPDY/3.1', ...request });
  assert.ok(exchange.upgrade);
  const prepared = setting.prepare(exchange, overrides);
  const upgrade = new Upgrade(setting.context, prepared, exchange.upgrade);
  upgrade.start(route(setting.control, { ...prepared, tried: new Set() }, setting.now));
  /** The attempt that reached server `position` last. */
  const at = (position: number) => {
    const attempt = setting.server(position).anonymous.upgrades.at(-1);
    assert.ok(attempt);
    return attempt;
  };
  /** What we answered with ourselves, after all that needs no outside event. */
  const refusal = async () => {
    await settled();
    const [record] = setting.observer.records;
    return { code: record?.error, attempts: record?.attempts, retryAfter: answerField(exchange.answer, 'retry-after') };
  };
  return { setting, exchange, at, refusal };
}

function failed(failure: Partial<UpstreamFailure> = {}): UpgradeAnswer {
  return { kind: 'failed', failure: failureOf(failure) };
}

function switched() {
  const server = { source: new FakeBody(), sink: new FakeSink() };
  const head = { status: 101, fields: ['upgrade', 'SPDY/3.1', 'connection', 'Upgrade'] };
  return { server, head, answer: { kind: 'switched', head, tunnel: server } as const };
}

describe('a switch of protocols', () => {
  test('is asked for anew at this hop, for the protocol the client wants', () => {
    const { at } = start({ fields: ['accept', '*/*'], upgrade: 'websocket' });
    const { method, target, fields } = at(0).head;
    assert.deepEqual([method, target], ['POST', EXEC]);
    assert.deepEqual(fieldValues(fields, 'connection'), ['Upgrade']);
    assert.deepEqual(fieldValues(fields, 'upgrade'), ['websocket']);
    assert.equal(fieldValue(fields, 'accept'), '*/*');
    assert.equal(fieldValue(fields, 'x-kubernetes-peer-proxied'), 'true');
  });

  test('carries the asserted user, over the connections for it', () => {
    const user = { name: 'alice', uid: '', groups: ['dev'], extra: [] };
    const { setting } = start({}, {}, { credential: { kind: 'asserted', user, source: 'client-certificate' } });
    const { fields } = setting.server(0).asserted?.upgrades[0]?.head ?? { fields: [] };
    assert.equal(fieldValue(fields, 'x-remote-user'), 'alice');
    assert.equal(fieldValue(fields, 'x-remote-group'), 'dev');
  });

  test('joins both sides, with half-closed ends', async () => {
    const { exchange, at, setting } = start();
    const { server, head, answer } = switched();
    at(0).answer(answer);
    await settled();
    assert.equal(exchange.switched, head);
    exchange.tunnel.source.send('ls\n');
    server.source.send('a b\n');
    await settled();
    assert.deepEqual([server.sink.text, exchange.tunnel.sink.text], ['ls\n', 'a b\n']);
    exchange.tunnel.source.end();
    assert.deepEqual([server.sink.ending, exchange.tunnel.sink.ending], ['end', undefined]);
    server.source.send('c\n');
    server.source.end();
    assert.deepEqual([exchange.tunnel.sink.text, exchange.tunnel.sink.ending], ['a b\nc\n', 'end']);
    assert.deepEqual(
      setting.observer.records.map(({ status, server: name, attempts }) => [status, name, attempts]),
      [[101, 'server-0', 1]],
    );
  });

  test('that a server refuses is refused unchanged, so that clients can fall back', async () => {
    const { exchange, at } = start();
    const body = new FakeBody();
    at(0).answer({ kind: 'refused', head: { status: 403, fields: ['x-a', '1'] }, body });
    await settled();
    body.send('no');
    body.end();
    await settled();
    assert.deepEqual(exchange.answer.head, { status: 403, fields: ['x-a', '1'] });
    assert.deepEqual([exchange.answer.body.text, exchange.answer.body.ending], ['no', 'end']);
    assert.equal(exchange.switched, undefined);
  });

  test('that a server refuses without a body ends with the head', async () => {
    const { exchange, at } = start();
    const body = new FakeBody();
    at(0).answer({ kind: 'refused', head: { status: 400, fields: ['content-length', '0'] }, body });
    await settled();
    assert.equal(exchange.answer.bodyless, true);
    assert.ok(body.isRead, 'its socket lives until it was');
  });

  test('that a server refuses ends when the client leaves during the refusal', async () => {
    const { exchange, at } = start();
    at(0).answer({ kind: 'refused', head: { status: 403, fields: [] }, body: new FakeBody() });
    await settled();
    exchange.abort();
    assert.equal(at(0).signal.aborted, true);
  });
});

describe('a server that fails', () => {
  for (const cause of ['connect', 'timeout', 'tls'] as const) {
    test(`before it was asked (${cause}) is followed by the next capable one`, async () => {
      const { setting, exchange, at } = start();
      at(0).answer(failed({ cause }));
      await settled();
      at(1).answer(switched().answer);
      await settled();
      assert.ok(exchange.switched);
      assert.deepEqual(setting.observer.retries, [cause]);
      assert.equal(setting.observer.records[0]?.attempts, 2);
    });
  }

  test('is not followed by one that is not capable', async () => {
    const servers = [
      { minor: 37, serves: { v1: { pods: ['get'], 'pods/exec': ['create'] } } },
      { minor: 36, serves: { v1: { pods: ['get'] } } },
    ];
    const { setting, at, refusal } = start({}, { servers });
    at(0).answer(failed());
    assert.equal((await refusal()).code, 'MVP_UPSTREAM_UNREACHABLE');
    assert.equal(setting.server(1).anonymous.upgrades.length, 0);
  });

  test('is not followed by another when a POST may have been executed', async () => {
    const { setting, at, refusal } = start();
    at(0).answer(failed({ processed: 'unknown', cause: 'connection' }));
    assert.deepEqual(await refusal(), { code: 'MVP_UPSTREAM_RESET', attempts: 1, retryAfter: undefined });
    assert.equal(setting.server(1).anonymous.upgrades.length, 0);
  });

  test('is not followed by another for a GET either: it may have run a command', async () => {
    for (const target of [EXEC, '/api/v1/pods?watch=1']) {
      const { setting, at, refusal } = start({ method: 'GET', target });
      at(0).answer(failed({ processed: 'unknown', cause: 'connection' }));
      assert.deepEqual(await refusal(), { code: 'MVP_UPSTREAM_RESET', attempts: 1, retryAfter: undefined });
      assert.equal(setting.server(1).anonymous.upgrades.length, 0);
    }
  });

  test('is not followed by another when the retry budget is spent', async () => {
    const { setting, refusal, at } = start({ method: 'GET' }, { retryPercent: 0 });
    at(0).answer(failed({ processed: 'no', cause: 'protocol' }));
    assert.equal((await refusal()).code, 'MVP_UPSTREAM_UNREACHABLE');
    assert.equal(setting.server(1).anonymous.upgrades.length, 0);
  });

  test('and was the last one: 503', async () => {
    const { setting, exchange, at, refusal } = start();
    at(0).answer(failed());
    await settled();
    at(1).answer(failed());
    assert.deepEqual(await refusal(), { code: 'MVP_UPSTREAM_UNREACHABLE', attempts: 2, retryAfter: '1' });
    assert.equal(exchange.answer.head.status, 503);
    assert.deepEqual(
      setting.observer.records.map(({ decision }) => decision?.reason),
      ['PreferredCapable'],
    );
  });
});

describe('a server that turns a switch away because it shuts down', () => {
  const refused = (status: number, text: string, retryAfter = '5'): UpgradeAnswer => {
    const source = new FakeBody();
    source.send(text);
    source.end();
    return { kind: 'refused', head: { status, fields: ['retry-after', retryAfter] }, body: source };
  };
  const WATCH = { method: 'GET', target: '/api/v1/pods?watch=1', upgrade: 'websocket' };
  const watching = SERVERS.map(({ minor }) => ({ minor, serves: { v1: { pods: ['get', 'watch'] } } }));

  for (const [what, request, servers, answer, cause] of [
    [
      '429, exec',
      {},
      SERVERS,
      refused(429, 'The apiserver is shutting down, please try again later.\n'),
      'shutting-down',
    ],
    ['503, exec', {}, SERVERS, refused(503, '{"message":"apiserver is shutting down"}'), 'shutting-down'],
    [
      '429, watch',
      WATCH,
      watching,
      refused(429, 'The apiserver is shutting down, please try again later.\n'),
      'shutting-down',
    ],
    ['503, watch', WATCH, watching, refused(503, 'not yet'), 'turned-away'],
  ] as const) {
    test(`(${what}) is followed by another one`, async () => {
      const { setting, exchange, at } = start(request, { servers, retryPercent: 0 });
      at(0).answer(answer);
      await settled();
      const { answer: next, head } = switched();
      at(1).answer(next);
      await settled();
      assert.deepEqual([exchange.switched, exchange.answers], [head, []]);
      assert.deepEqual(setting.observer.retries, [cause]);
      assert.deepEqual(
        setting.observer.records.map(({ server, status, attempts }) => [server, status, attempts]),
        [['server-1', 101, 2]],
      );
    });
  }

  test('is heard when the other one does so too', async () => {
    const { exchange, at } = start();
    for (const server of [0, 1]) {
      at(server).answer(refused(429, `apiserver is shutting down: ${server}`, String(server + 3)));
      await settled();
    }
    assert.deepEqual([exchange.answer.head.status, exchange.answer.body.text], [429, 'apiserver is shutting down: 1']);
    assert.equal(answerField(exchange.answer, 'retry-after'), '4');
  });

  test('is not believed for less: a kubelet may have answered 503 after it ran the command', async () => {
    const { setting, exchange, at } = start();
    at(0).answer(refused(503, 'container is gone'));
    await settled();
    assert.deepEqual([exchange.answer.head.status, exchange.answer.body.text], [503, 'container is gone']);
    assert.equal(setting.server(1).anonymous.upgrades.length, 0);
  });
});

describe('a refusal that says the type is unknown', () => {
  const refused = (body: string): UpgradeAnswer => {
    const source = new FakeBody();
    source.send(body);
    source.end();
    return { kind: 'refused', head: { status: 404, fields: ['content-type', 'text/plain'] }, body: source };
  };
  const WATCH = { method: 'GET', target: '/api/v1/pods?watch=1', upgrade: 'websocket' };
  const servers = SERVERS.map(({ minor }) => ({ minor, serves: { v1: { pods: ['get', 'watch'] } } }));

  test('is followed by another server that lists it', async () => {
    const { setting, exchange, at } = start(WATCH, { servers });
    at(0).answer(refused('404 page not found\n'));
    await settled();
    const { answer, head } = switched();
    at(1).answer(answer);
    await settled();
    assert.deepEqual([exchange.switched, exchange.answers], [head, []]);
    assert.deepEqual(
      setting.observer.records.map(({ server, status, unknownType }) => [server, status, unknownType?.denying]),
      [['server-1', 101, ['server-0']]],
    );
  });

  test('passes as it is when all say so who were read since', async () => {
    const { setting, exchange, at } = start(WATCH, { servers });
    setting.control.onRefresh = async () =>
      setting.swap({
        servers: setting.control.snapshot.servers.map((server) => ({ ...server, readAt: setting.now + 1 })),
      });
    for (const server of [0, 1]) {
      at(server).answer(refused('404 page not found\n'));
      await settled();
    }
    await settled();
    assert.deepEqual([exchange.answer.head.status, exchange.answer.body.text], [404, '404 page not found\n']);
    assert.equal(exchange.answer.body.ending, 'end');
    assert.equal(setting.observer.records[0]?.unknownType?.outcome, 'relayed');
  });

  test('is 503 when the tables disagree', async () => {
    const { at, refusal } = start(WATCH, { servers });
    for (const server of [0, 1]) {
      at(server).answer(refused('404 page not found\n'));
      await settled();
    }
    assert.deepEqual(await refusal(), { code: 'MVP_TABLES_DISAGREE', attempts: 2, retryAfter: '1' });
  });

  test('any other 404 passes at once', async () => {
    const { setting, exchange, at } = start(WATCH, { servers });
    at(0).answer(refused('pods "x" not found'));
    await settled();
    assert.equal(exchange.answer.body.text, 'pods "x" not found');
    assert.equal(setting.server(1).anonymous.upgrades.length, 0);
  });

  test('is followed by nothing when the client has left', async () => {
    const { setting, exchange, at } = start(WATCH, { servers });
    const refusal = refused('404 page');
    at(0).answer(refusal);
    await Promise.resolve();
    exchange.abort();
    await settled();
    assert.equal(setting.server(1).anonymous.upgrades.length, 0);
    assert.deepEqual(
      setting.observer.records.map(({ status }) => status),
      [0],
    );
  });
});

test('without a ready server it is 503', async () => {
  const { refusal } = start({}, { servers: SERVERS.map((server) => ({ ...server, ready: false })) });
  assert.deepEqual(await refusal(), { code: 'MVP_NO_CAPABLE_SERVER_READY', attempts: 0, retryAfter: '1' });
});

test('without a front-proxy certificate there is nothing to vouch with: 401', async () => {
  const user = { name: 'alice', uid: '', groups: [], extra: [] };
  const credential = { kind: 'asserted', user, source: 'client-certificate' } as const;
  const { refusal } = start({}, { canAssert: false }, { credential });
  assert.equal((await refusal()).code, 'MVP_UNAUTHORIZED');
});

describe('a client that leaves', () => {
  test('ends the attempt, and no other follows', async () => {
    const { setting, exchange, at } = start();
    exchange.abort();
    assert.equal(at(0).signal.aborted, true);
    at(0).answer(failed());
    await settled();
    assert.equal(setting.server(1).anonymous.upgrades.length, 0);
    assert.equal(exchange.answers.length, 0);
    assert.deepEqual(
      setting.observer.records.map(({ status, server }) => [status, server]),
      [[0, 'server-0']],
    );
  });

  test('at the moment of the switch leaves no tunnel open', async () => {
    const { exchange, at } = start();
    const { server, answer } = switched();
    at(0).answer(answer);
    exchange.abort();
    await settled();
    assert.equal(server.sink.resetReason, 'cancel');
    assert.equal(exchange.switched, undefined);
  });
});

describe('the span of a switch', () => {
  const recorded = async () => {
    const spans: FinishedSpan[] = [];
    const span = new ExchangeSpan({ ...SPAN, clock: () => 0, finished: (finished) => void spans.push(finished) });
    const { exchange, at } = start({}, {}, { trace: { traceId: SPAN.traceId, span } });
    const { server, answer } = switched();
    at(0).answer(answer);
    await settled();
    assert.equal(spans.length, 0, 'it lasts as long as what was switched to');
    const ending = async () => {
      await settled();
      return spans.map(({ ending: how }) => how);
    };
    return { exchange, server, ending };
  };

  test('is complete when both sides end', async () => {
    const { exchange, server, ending } = await recorded();
    exchange.tunnel.source.end();
    server.source.end();
    assert.deepEqual(await ending(), ['complete']);
  });

  test('is not an error when the client leaves, as it does after most commands', async () => {
    const { exchange, ending } = await recorded();
    exchange.tunnel.source.reset('connection-lost');
    assert.deepEqual(await ending(), ['client-left']);
  });

  test('is broken when the server breaks off', async () => {
    const { server, ending } = await recorded();
    server.source.reset('connection-lost');
    assert.deepEqual(await ending(), ['broken']);
  });
});

test('the refusal of a switch is relayed with its fields, among them the ones that name the version to use', async () => {
  const { exchange, at } = start({ upgrade: 'websocket' });
  const fields = ['sec-websocket-version', '13', 'content-length', '0'];
  at(0).answer({ kind: 'refused', head: { status: 426, fields }, body: new FakeBody() });
  await settled();
  assert.equal(answerField(exchange.answer, 'sec-websocket-version'), '13');
});
