import assert from 'node:assert/strict';
import { describe, type TestContext, test } from 'node:test';
import { answerField, type FakeRequest } from '../../test/support/fake-exchange.ts';
import type { ArrivedRequest } from '../../test/support/fake-upstream.ts';
import { forward } from '../../test/support/forward.ts';
import { type ProxySetting, type ProxySettingOptions, settled } from '../../test/support/proxy-setting.ts';
import { type ServerSketch, snapshotOf } from '../routing/testing/snapshot-of.ts';
import type { PreparedRequest } from './prepared-request.ts';
import { route } from './route.ts';

const WIDGET = '/apis/example.com/v1/namespaces/a/widgets/x';
const VERBS = ['get', 'list', 'watch', 'create', 'update', 'patch', 'delete'];
const LISTS: ServerSketch = { minor: 37, serves: { 'example.com/v1': { widgets: VERBS } } };
const LACKS: ServerSketch = { minor: 36, serves: { v1: { pods: VERBS } } };
const PLAIN = ['content-type', 'text/plain; charset=utf-8'];
const JSON_TYPE = ['content-type', 'application/json'];
const OBJECT_404 = JSON.stringify({ kind: 'Status', reason: 'NotFound', details: { name: 'x', kind: 'widgets' } });
const NO_BUDGET = { retryPercent: 0 };

const deny = (request: ArrivedRequest) => request.respond(404, PLAIN, '404 page not found\n');

function ask(servers: readonly ServerSketch[], options: ProxySettingOptions = {}, request: FakeRequest = {}) {
  const asked = forward({ target: WIDGET, ...request }, { servers, ...options });
  asked.setting.control.onRefresh = async () => reread(asked.setting, servers);
  return asked;
}

/** From now on the tables are those of `servers`, read a moment after now; those not in `read` could not be read. */
function reread(setting: ProxySetting, servers: readonly ServerSketch[], read = servers.map((_, i) => i)): void {
  const { servers: found, table, groups } = snapshotOf(servers);
  const readAt = (position: number) => (read.includes(position) ? setting.now + 1 : setting.now - 1);
  setting.swap({ servers: found.map((server, position) => ({ ...server, readAt: readAt(position) })), table, groups });
}

/** Every server, present and future, answers like this. */
function all({ backends }: ProxySetting, answer: (request: ArrivedRequest) => void): void {
  for (const { anonymous } of backends) anonymous.handler = answer;
}

const codeOf = ({ answer }: ReturnType<typeof ask>['exchange']) => JSON.parse(answer.body.text).message as string;

describe('a server says "unknown" of what it lists', () => {
  for (const method of ['GET', 'POST', 'PUT', 'PATCH', 'DELETE']) {
    test(`${method}: the next one is asked at once, with the whole body and at no cost`, async () => {
      const hasBody = method !== 'GET';
      const { setting, exchange, at } = ask([LISTS, LISTS], NO_BUDGET, { method, hasBody });
      exchange.body.send('body');
      exchange.body.end();
      await settled();
      setting.control.onRefresh = () => new Promise(() => {});
      deny(at(0));
      await settled();
      assert.equal(at(1).body?.text, hasBody ? 'body' : undefined);
      at(1).respond(201, JSON_TYPE, '{}');
      await settled();
      assert.deepEqual([exchange.answer.head.status, exchange.answer.body.text], [201, '{}']);
      assert.deepEqual(setting.observer.retries, ['unknown-resource']);
      assert.equal(setting.control.refreshes, 1);
      const [record] = setting.observer.records;
      assert.deepEqual(record?.unknownType, { denying: ['server-0'], awaited: false, outcome: 'retried' });
      assert.deepEqual([record?.server, record?.attempts, setting.budget.held], ['server-1', 2, 0]);
    });
  }

  test('a body that is still being sent is not taken while the answer is judged, and arrives whole', async () => {
    const { exchange, at } = ask([LISTS, LISTS], {}, { method: 'POST', hasBody: true });
    exchange.body.send('a');
    await settled();
    const denial = at(0).begin(404, PLAIN);
    exchange.body.send('b');
    await settled();
    assert.ok(exchange.body.paused);
    denial.send('404 page not found');
    denial.end();
    await settled();
    exchange.body.send('c');
    exchange.body.end();
    await settled();
    assert.equal(at(1).body?.text, 'abc');
  });

  test('every other server that lists it was asked and read since: the path is wrong, and the 404 passes as it is', async () => {
    const { setting, exchange } = ask([LISTS, LISTS]);
    const fields = [...PLAIN, 'x-content-type-options', 'nosniff', 'audit-id', '1'];
    all(setting, (request) => request.respond(404, fields, '404 page not found\n'));
    await settled();
    await settled();
    assert.deepEqual(setting.asked, ['server-0', 'server-1']);
    assert.deepEqual([exchange.answer.head, exchange.answer.bodyless], [{ status: 404, fields }, false]);
    assert.deepEqual([exchange.answer.body.text, exchange.answer.body.ending], ['404 page not found\n', 'end']);
    assert.equal(setting.observer.records[0]?.unknownType?.outcome, 'relayed');
  });

  test('and where the type has no such paths it is an ordinary 404, which says nothing of the servers', async () => {
    const { setting, exchange } = ask([LISTS, LISTS], {}, { target: '/apis/example.com/v1/widgets/x' });
    all(setting, deny);
    await settled();
    await settled();
    assert.deepEqual([exchange.answer.head.status, setting.asked], [404, ['server-0', 'server-1']]);
    assert.equal(setting.observer.records[0]?.unknownType, undefined);
  });

  test('they could not be read since: nobody knows, so 503', async () => {
    const { setting, exchange } = ask([LISTS, LISTS]);
    setting.control.onRefresh = async () => reread(setting, [LISTS, LISTS], [0]);
    all(setting, deny);
    await settled();
    await settled();
    assert.deepEqual([exchange.answer.head.status, answerField(exchange.answer, 'retry-after')], [503, '1']);
    assert.match(codeOf(exchange), /server-0, server-1 answered that widgets\.v1\.example\.com is unknown/);
    const [record] = setting.observer.records;
    assert.deepEqual([record?.error, record?.unknownType?.outcome], ['MVP_TABLES_DISAGREE', 'unavailable']);
  });

  test('nobody lists it any more: it was deleted, and the 404 passes', async () => {
    const { setting, exchange } = ask([LISTS, LACKS]);
    setting.control.onRefresh = async () => reread(setting, [LACKS, LACKS]);
    all(setting, deny);
    await settled();
    await settled();
    assert.deepEqual([exchange.answer.head.status, setting.asked], [404, ['server-0']]);
    assert.equal(exchange.answers.length, 1);
  });

  test('by fresh tables another one lists it: that one is asked', async () => {
    const { setting, exchange, at } = ask([LISTS, LACKS]);
    setting.control.onRefresh = async () => reread(setting, [LACKS, LISTS]);
    deny(at(0));
    await settled();
    at(1).respond(200, JSON_TYPE, '{}');
    await settled();
    assert.equal(exchange.answer.head.status, 200);
    assert.equal(setting.observer.records[0]?.unknownType?.outcome, 'retried');
  });

  test('those that could answer are not ready: 503, as without all that', async () => {
    const { setting, exchange, at } = ask([LISTS, { ...LISTS, ready: false }]);
    deny(at(0));
    await settled();
    assert.equal(exchange.answer.head.status, 503);
    assert.equal(setting.observer.records[0]?.error, 'MVP_NO_CAPABLE_SERVER_READY');
    assert.equal(setting.observer.records[0]?.unknownType?.outcome, 'unavailable');
  });

  test('it may be on a server that has not been seen yet: 503, as without all that', async () => {
    const { setting, exchange, at } = ask([LISTS, {}]);
    setting.control.onRefresh = async () => {
      reread(setting, [LACKS, { ready: false }]);
      setting.swap({ incompleteUntil: setting.now + 1_000 });
    };
    deny(at(0));
    await settled();
    await settled();
    assert.deepEqual([exchange.answer.head.status, setting.observer.records[0]?.error], [503, 'MVP_SERVERS_NOT_SEEN']);
  });

  test('a body that is not held any more: 503 if somebody else has the type, else the 404', async () => {
    for (const [others, status] of [
      [LISTS, 503],
      [LACKS, 404],
    ] as const) {
      const replay = { perRequest: 3, total: 100 };
      const { setting, exchange, at } = ask([LISTS, others], { replay }, { method: 'POST', hasBody: true });
      exchange.body.send('body');
      await settled();
      deny(at(0));
      await settled();
      await settled();
      assert.deepEqual([exchange.answer.head.status, setting.asked], [status, ['server-0']]);
      assert.equal(answerField(exchange.answer, 'retry-after'), status === 503 ? '1' : undefined);
    }
  });

  test('few servers are asked, however many there are', async () => {
    const six = Array.from({ length: 6 }, () => LISTS);
    const { setting, exchange } = ask(six);
    all(setting, deny);
    for (let turn = 0; turn < 8; turn++) await settled();
    assert.deepEqual([setting.asked.length, exchange.answer.head.status], [4, 404]);
    const poor = ask(six, NO_BUDGET);
    all(poor.setting, deny);
    for (let turn = 0; turn < 8; turn++) await settled();
    assert.deepEqual([poor.setting.asked.length, poor.exchange.answer.head.status], [2, 404]);
  });

  test('those asked do not list it any more, but more do than are asked: 503', async () => {
    const many = Array.from({ length: 6 }, () => LISTS);
    const { setting, exchange } = ask(many, NO_BUDGET);
    setting.control.onRefresh = async () =>
      reread(
        setting,
        many.map((server, i) => (setting.server(i).anonymous.requests.length > 0 ? LACKS : server)),
      );
    all(setting, deny);
    for (let turn = 0; turn < 8; turn++) await settled();
    assert.deepEqual([exchange.answer.head.status, setting.observer.records[0]?.error], [503, 'MVP_TABLES_DISAGREE']);
  });

  test('the next one fails: that is what the client hears', async () => {
    const { setting, exchange, at } = ask([LISTS, LISTS]);
    deny(at(0));
    await settled();
    at(1).fail();
    assert.deepEqual(
      [exchange.answer.head.status, setting.observer.records[0]?.error],
      [503, 'MVP_UPSTREAM_UNREACHABLE'],
    );
    assert.equal(setting.observer.records[0]?.unknownType?.outcome, 'unavailable');
  });

  test('who asks next is sent there as before: odd paths change nothing for others', async () => {
    const { setting, at, exchange } = ask([LISTS, LISTS]);
    deny(at(0));
    await settled();
    at(1).respond(200, JSON_TYPE, '{}');
    await settled();
    assert.equal(exchange.answer.head.status, 200);
    const next = setting.prepare(exchange);
    const { decision } = route(setting.control, { ...next, tried: new Set() }, setting.now);
    assert.equal(decision.kind === 'forward' && decision.server, 0);
  });

  test('the client leaves meanwhile: nobody else is asked', async () => {
    const { setting, exchange, at } = ask([LISTS, LACKS]);
    const refreshed = Promise.withResolvers<void>();
    setting.control.onRefresh = () => refreshed.promise;
    deny(at(0));
    await settled();
    exchange.abort();
    reread(setting, [LACKS, LISTS]);
    refreshed.resolve();
    await settled();
    assert.deepEqual([setting.asked, exchange.answers], [['server-0'], []]);
    const [record, ...more] = setting.observer.records;
    assert.deepEqual([record?.status, record?.unknownType?.outcome, more], [0, 'abandoned', []]);
  });
});

describe('a 404 passes at once, as it is', () => {
  const pass = async (
    request: FakeRequest,
    fields: readonly string[],
    body: string | undefined,
    options: ProxySettingOptions = {},
  ) => {
    const servers = [LISTS, LISTS].map((server) => ({
      ...server,
      serves: { ...server.serves, v1: { pods: VERBS, 'pods/proxy': VERBS } },
    }));
    const { setting, exchange, at } = forward({ target: WIDGET, ...request }, { servers, ...options });
    at(0).respond(404, fields, body);
    await settled();
    assert.deepEqual([setting.asked, setting.control.refreshes], [['server-0'], 0]);
    assert.deepEqual(exchange.answer.head, { status: 404, fields });
    assert.equal(exchange.answer.body.text, body ?? '');
    assert.equal(setting.observer.records[0]?.unknownType, undefined);
  };

  for (const [what, request, fields, body, options] of [
    ['of an object', {}, JSON_TYPE, OBJECT_404, {}],
    ['of a HEAD', { method: 'HEAD' }, PLAIN, undefined, {}],
    ['in a content coding', {}, [...PLAIN, 'content-encoding', 'gzip'], '404 page not found', {}],
    ['that is longer than such an answer', {}, PLAIN, '404 page not found'.padEnd(5_000), {}],
    [
      'of a workload',
      { target: '/api/v1/namespaces/a/pods/x/proxy/y', method: 'POST' },
      PLAIN,
      '404 page not found',
      {},
    ],
    [
      'of a workload behind the old prefix',
      { target: '/api/v1/proxy/namespaces/a/pods/x' },
      PLAIN,
      '404 page not found',
      {},
    ],
    ['to what is no resource', { target: '/no/such/path' }, PLAIN, '404 page not found', {}],
    ['in a server-local view', {}, PLAIN, '404 page not found', { snapshot: { view: 'server-local' } }],
  ] as const) {
    test(what, () => pass(request, fields, body, options));
  }

  test('that breaks off, as broken', async () => {
    const { setting, exchange, at } = ask([LISTS, LISTS]);
    const half = at(0).begin(404, PLAIN);
    half.send('404');
    half.reset('connection-lost');
    await settled();
    assert.deepEqual([exchange.answer.body.text, exchange.answer.body.ending], ['404', 'connection-lost']);
    assert.deepEqual(setting.asked, ['server-0']);
  });

  test('that does not come to an end, after a second', async (t) => {
    t.mock.timers.enable({ apis: ['setTimeout'] });
    const { exchange, at } = ask([LISTS, LISTS]);
    at(0).begin(404, PLAIN).send('404');
    await settled();
    assert.equal(exchange.answers.length, 0);
    t.mock.timers.tick(1_000);
    await settled();
    assert.equal(exchange.answer.body.text, '404');
  });
});

describe('nobody lists the type', () => {
  function unlisted(t: TestContext, request: FakeRequest = {}, options: ProxySettingOptions = {}) {
    t.mock.timers.enable({ apis: ['setTimeout'] });
    const asked = ask([LACKS, LACKS], options, request);
    const pass = async (milliseconds: number) => {
      for (let step = 0; step < milliseconds; step += 10) {
        asked.setting.now += 10;
        t.mock.timers.tick(10);
        await settled();
      }
    };
    return { ...asked, pass, first: asked.setting.server(0).anonymous };
  }

  test('nor was it declared: the 404 is genuine and passes', async (t) => {
    const { setting, exchange, at } = unlisted(t);
    deny(at(0));
    await settled();
    assert.deepEqual([exchange.answer.head.status, setting.asked], [404, ['server-0']]);
    assert.deepEqual(setting.control.settlingAsked, [{ group: 'example.com', version: 'v1', resource: 'widgets' }]);
    assert.equal(setting.observer.records[0]?.unknownType, undefined);
  });

  test('the 404 of an object shows that the server has it: nobody looks further', async (t) => {
    const { setting, exchange, at } = unlisted(t);
    at(0).respond(404, JSON_TYPE, OBJECT_404);
    await settled();
    assert.deepEqual([exchange.answer.head.status, setting.control.settlingAsked], [404, []]);
  });

  test('it was declared a moment ago: the same server is asked until it serves it, with the whole body', async (t) => {
    const { setting, exchange, pass, first } = unlisted(t, { method: 'POST', hasBody: true }, NO_BUDGET);
    exchange.body.send('body');
    exchange.body.end();
    setting.control.onSettling = async () => true;
    await settled();
    first.handler = (request) => {
      if (first.requests.length < 4) deny(request);
      else request.respond(201, JSON_TYPE, request.body?.text);
    };
    const [arrived] = first.requests;
    assert.ok(arrived);
    deny(arrived);
    await pass(500);
    assert.deepEqual([exchange.answer.head.status, exchange.answer.body.text], [201, 'body']);
    assert.deepEqual([first.requests.length, setting.control.refreshes], [4, 3]);
    assert.deepEqual(setting.observer.records[0]?.unknownType, { denying: [], awaited: true, outcome: 'retried' });
  });

  test('... or until another one lists it', async (t) => {
    const { setting, exchange, at, pass } = unlisted(t);
    setting.control.onSettling = async () => true;
    setting.control.onRefresh = async () => reread(setting, [LACKS, LISTS]);
    deny(at(0));
    await pass(100);
    at(1).respond(200, JSON_TYPE, '{}');
    await settled();
    assert.equal(exchange.answer.head.status, 200);
    assert.equal(setting.observer.records[0]?.decision?.reason, 'PeerServesResource');
  });

  test('... and five seconds at most, then 503', async (t) => {
    const { setting, exchange, pass } = unlisted(t);
    setting.control.onSettling = async () => true;
    all(setting, deny);
    const [arrived] = setting.server(0).anonymous.requests;
    assert.ok(arrived);
    deny(arrived);
    await pass(4_900);
    assert.equal(exchange.answers.length, 0);
    await pass(700);
    assert.deepEqual([exchange.answer.head.status, answerField(exchange.answer, 'retry-after')], [503, '1']);
    const [record] = setting.observer.records;
    assert.deepEqual([record?.error, record?.unknownType?.outcome], ['MVP_TYPE_SETTLING', 'unavailable']);
    assert.ok(setting.asked.length < 20, `${setting.asked.length} requests`);
  });

  test('... unless it is withdrawn meanwhile: then the 404 passes', async (t) => {
    const { setting, exchange, pass, at } = unlisted(t);
    let looks = 0;
    setting.control.onSettling = async () => ++looks < 3;
    all(setting, deny);
    deny(at(0));
    await pass(300);
    assert.deepEqual([exchange.answer.head.status, looks], [404, 3]);
    assert.equal(setting.observer.records[0]?.unknownType?.outcome, 'relayed');
  });

  test('... for which looks begin after the request arrived, and later ones after the one before', async (t) => {
    const { setting, pass, at } = unlisted(t);
    const arrivedAt = setting.now;
    setting.now += 700;
    const since: number[] = [];
    setting.control.onSettling = async (_, from) => {
      since.push(from - arrivedAt);
      return since.length < 3;
    };
    all(setting, deny);
    deny(at(0));
    await pass(300);
    assert.equal(since[0], 0);
    assert.ok((since[1] ?? 0) > 0);
  });

  test('a body that is not held any more is left to the client, who is told to repeat it', async (t) => {
    const replay = { perRequest: 3, total: 100 };
    const { setting, exchange, at } = unlisted(t, { method: 'POST', hasBody: true }, { replay });
    setting.control.onSettling = async () => true;
    exchange.body.send('body');
    await settled();
    deny(at(0));
    await settled();
    assert.deepEqual([exchange.answer.head.status, setting.observer.records[0]?.error], [503, 'MVP_TYPE_SETTLING']);
  });

  test('a type that was deleted while asked, and declared again, is waited for, too', async (t) => {
    t.mock.timers.enable({ apis: ['setTimeout'] });
    const { setting, exchange, at } = ask([LISTS]);
    setting.control.onRefresh = async () => reread(setting, [LACKS]);
    setting.control.onSettling = async () => true;
    deny(at(0));
    await settled();
    await settled();
    t.mock.timers.tick(50);
    await settled();
    const [, second] = setting.server(0).anonymous.requests;
    second?.respond(200, JSON_TYPE, '{}');
    await settled();
    assert.equal(exchange.answer.head.status, 200);
    const { unknownType } = setting.observer.records[0] ?? {};
    assert.deepEqual(unknownType, { denying: ['server-0'], awaited: true, outcome: 'retried' });
  });

  test('the client leaves meanwhile: nobody is asked any more', async (t) => {
    const { setting, exchange, at, pass } = unlisted(t);
    setting.control.onSettling = async () => true;
    all(setting, deny);
    deny(at(0));
    await settled();
    exchange.abort();
    await pass(1_000);
    assert.deepEqual([setting.asked, setting.observer.records.length], [['server-0'], 1]);
  });
});

describe('somebody trusted has sent a request here, and the local server says "unknown"', () => {
  const sent = (servers: readonly ServerSketch[], overrides: Partial<PreparedRequest> = {}) =>
    forward({ target: WIDGET }, { servers, snapshot: { local: 0 } }, { alreadyProxied: true, ...overrides });

  test("others list it: 503 that names them, because the 404 would become the client's", async () => {
    const { setting, exchange, at } = sent([LACKS, LISTS]);
    deny(at(0));
    await settled();
    assert.deepEqual([exchange.answer.head.status, answerField(exchange.answer, 'retry-after')], [503, '1']);
    assert.match(codeOf(exchange), /widgets\.v1\.example\.com is served by server-1, not by server-0/);
    assert.deepEqual([setting.asked, setting.control.refreshes], [['server-0'], 1]);
    const [record] = setting.observer.records;
    assert.deepEqual(
      [record?.error, record?.unknownType],
      ['MVP_NOT_SERVED_HERE', { denying: ['server-0'], awaited: false, outcome: 'unavailable' }],
    );
  });

  test('what others list is read again first', async () => {
    const { setting, exchange, at } = sent([LACKS, LISTS]);
    setting.control.onRefresh = async () => reread(setting, [LACKS, LACKS]);
    deny(at(0));
    await settled();
    assert.deepEqual([exchange.answer.head.status, exchange.answer.body.text], [404, '404 page not found\n']);
    assert.equal(setting.observer.records[0]?.unknownType, undefined, "it is nobody's wrong 404");
  });

  test('an object that is not there passes', async () => {
    const { setting, exchange, at } = sent([LISTS, LISTS]);
    at(0).respond(404, JSON_TYPE, OBJECT_404);
    await settled();
    assert.deepEqual([exchange.answer.head.status, setting.control.refreshes], [404, 0]);
  });

  test('whatever it says of the proxies that it has passed', async () => {
    const { exchange, at } = sent([LACKS, LISTS], { forwarded: true });
    deny(at(0));
    await settled();
    assert.equal(exchange.answer.head.status, 503);
  });
});
