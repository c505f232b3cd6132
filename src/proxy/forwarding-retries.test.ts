import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { answerField } from '../../test/support/fake-exchange.ts';
import type { ArrivedRequest } from '../../test/support/fake-upstream.ts';
import { forward } from '../../test/support/forward.ts';
import { settled } from '../../test/support/proxy-setting.ts';

const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'];

describe('after a failure another server is asked', () => {
  for (const method of METHODS) {
    for (const processed of ['no', 'unknown'] as const) {
      for (const body of ['no', 'kept', 'too large', 'over budget'] as const) {
        for (const budget of ['left', 'spent'] as const) {
          const isRead = method === 'GET' || method === 'HEAD';
          const safe = processed === 'no' || isRead;
          const again = safe && (body === 'no' || body === 'kept') && budget === 'left';
          test(`${again ? 'for' : 'not for'} ${method}, processed: ${processed}, body: ${body}, retry budget: ${budget}`, async () => {
            const { setting, exchange, at } = forward(
              { method, hasBody: body !== 'no' },
              {
                retryPercent: budget === 'left' ? 10 : 0,
                replay: { perRequest: body === 'too large' ? 3 : 100, total: body === 'over budget' ? 3 : 100 },
              },
            );
            exchange.body.send('body');
            exchange.body.end();
            await settled();
            at(0).fail({ processed, cause: 'protocol', reason: 'protocol' });
            assert.deepEqual(setting.asked, again ? ['server-0', 'server-1'] : ['server-0']);
            assert.deepEqual(setting.observer.retries, again ? ['protocol'] : []);
            if (again) {
              assert.equal(exchange.answers.length, 0);
              assert.equal(at(1).body?.text, body === 'no' ? undefined : 'body');
              at(1).respond(200, [], method === 'HEAD' ? undefined : 'ok');
              assert.equal(exchange.answer.head.status, 200);
            } else {
              assert.equal(exchange.answer.head.status, 503);
              const retryAfter = answerField(exchange.answer, 'retry-after');
              assert.equal(retryAfter, safe ? '1' : undefined, 'clients may repeat what nobody executed, and reads');
            }
            assert.equal(setting.budget.held, 0);
          });
        }
      }
    }
  }

  test('with the same bytes and trailers, while the client is still sending', async () => {
    const { exchange, at } = forward({ method: 'POST', target: '/api/v1/namespaces/a/pods', hasBody: true });
    exchange.body.send('a');
    await settled();
    at(0).fail();
    exchange.body.send('b');
    exchange.body.end(['x-sum', '1']);
    await settled();
    assert.deepEqual([at(1).body?.text, at(1).body?.trailers], ['ab', ['x-sum', '1']]);
    assert.equal(at(0).body?.text, 'a');
  });

  for (const [subresource, target] of [
    ['pods/exec', '/api/v1/namespaces/a/pods/x/exec?command=pay'],
    ['pods/proxy', '/api/v1/namespaces/a/pods/x/proxy/pay'],
  ] as const) {
    test(`not for GET ${target}, which may have done something`, () => {
      const servers = [37, 37].map((minor) => ({ minor, serves: { v1: { pods: ['get'], [subresource]: ['get'] } } }));
      const { setting, exchange, at } = forward({ target }, { servers });
      at(0).fail({ processed: 'unknown', cause: 'connection' });
      assert.deepEqual([setting.asked, exchange.answer.head.status], [['server-0'], 503]);
      assert.equal(answerField(exchange.answer, 'retry-after'), undefined);
    });
  }

  test('until a body is too large to be kept, from then on no more', async () => {
    const { setting, exchange, at } = forward(
      { method: 'PUT', hasBody: true },
      { replay: { perRequest: 3, total: 100 } },
    );
    exchange.body.send('abc');
    await settled();
    at(0).fail();
    exchange.body.send('d');
    at(1).fail();
    assert.deepEqual(setting.asked, ['server-0', 'server-1']);
    assert.equal(exchange.answer.head.status, 503);
  });

  test('for as long as there is one', () => {
    const { setting, exchange, at } = forward();
    at(0).fail();
    at(1).fail();
    assert.deepEqual(setting.asked, ['server-0', 'server-1']);
    assert.equal(exchange.answer.head.status, 503);
    assert.deepEqual(setting.observer.retries, ['connect']);
  });

  test('that is capable, not one that would say 404', () => {
    const servers = [
      { minor: 37, serves: { 'example.com/v1': { widgets: ['get'] } } },
      { minor: 36, serves: { v1: { pods: ['get'] } } },
    ];
    const { setting, exchange, at } = forward({ target: '/apis/example.com/v1/widgets/x' }, { servers });
    at(0).fail();
    assert.deepEqual(setting.asked, ['server-0']);
    assert.equal(exchange.answer.head.status, 503);
  });

  test('by the snapshot of that moment', () => {
    const { setting, exchange, at } = forward();
    setting.swap({ servers: setting.control.snapshot.servers.map((server, i) => ({ ...server, ready: i === 0 })) });
    at(0).fail();
    assert.deepEqual(setting.asked, ['server-0']);
    assert.equal(exchange.answer.head.status, 503);
  });

  for (const cause of ['connect', 'tls', 'goaway'] as const) {
    test(`at no cost when nobody took the request up (${cause})`, () => {
      const { setting, at } = forward({}, { retryPercent: 0 });
      at(0).fail({ cause });
      assert.equal(setting.observer.retries.length, 1);
    });
  }

  test('over the connections of the same trust class', () => {
    const user = { name: 'alice', uid: '', groups: [], extra: [] };
    const credential = { kind: 'asserted', user, source: 'client-certificate' } as const;
    const { setting } = forward({}, {}, { credential });
    setting.server(0).asserted?.arrived.fail();
    assert.equal(setting.server(1).asserted?.requests.length, 1);
    assert.deepEqual(setting.asked, []);
  });
});

describe('a server that turns a request away because it shuts down (503 with Retry-After)', () => {
  const turnAway = (request: ArrivedRequest) => {
    const body = request.begin(503, ['retry-after', '1']);
    body.send('shutting down');
    body.end();
  };

  for (const method of METHODS) {
    test(`leaves ${method} to the next capable one, at no cost`, async () => {
      const hasBody = method === 'PUT' || method === 'PATCH';
      const { setting, exchange, at } = forward({ method, hasBody }, { retryPercent: 0 });
      exchange.body.send('body');
      exchange.body.end();
      await settled();
      turnAway(at(0));
      assert.equal(at(0).resetReason, 'cancel');
      assert.equal(at(1).body?.text, hasBody ? 'body' : undefined);
      at(1).respond(200, [], method === 'HEAD' ? undefined : 'ok');
      assert.equal(exchange.answer.head.status, 200);
      assert.deepEqual(setting.observer.retries, ['turned-away']);
    });
  }

  test('is heard when there is no other', async () => {
    const { exchange, at } = forward();
    turnAway(at(0));
    turnAway(at(1));
    await settled();
    assert.deepEqual([exchange.answer.head.status, exchange.answer.body.text], [503, 'shutting down']);
  });

  test('is heard when two more say so, and the retry budget is spent: all may relay what one extension server says', async () => {
    const servers = Array.from({ length: 6 }, () => ({
      minor: 37,
      serves: { 'example.com/v1': { widgets: ['get'] } },
    }));
    const target = '/apis/example.com/v1/namespaces/a/widgets/x';
    const { setting, exchange, at } = forward({ target }, { servers, retryPercent: 0 });
    const answered = new Set<string>();
    for (;;) {
      const next = setting.asked.find((server) => !answered.has(server));
      if (next === undefined) break;
      answered.add(next);
      turnAway(at(Number(next.replace('server-', ''))));
      await settled();
    }
    assert.equal(exchange.answer.head.status, 503);
    assert.equal(setting.asked.length, 3);
  });

  test('is heard when the body can not be sent again', async () => {
    const replay = { perRequest: 1, total: 100 };
    const { setting, exchange, at } = forward({ method: 'PUT', hasBody: true }, { replay });
    exchange.body.send('body');
    await settled();
    turnAway(at(0));
    await settled();
    assert.deepEqual([exchange.answer.head.status, setting.asked], [503, ['server-0']]);
  });

  for (const target of ['/api/v1/namespaces/a/pods/x/proxy/pay', '/api/v1/proxy/namespaces/a/pods/x']) {
    test(`is heard when a workload may have said it: ${target}`, async () => {
      const servers = [37, 37].map((minor) => ({ minor, serves: { v1: { pods: ['get'], 'pods/proxy': ['create'] } } }));
      const { setting, exchange, at } = forward({ method: 'POST', target }, { servers });
      turnAway(at(0));
      await settled();
      assert.deepEqual([exchange.answer.head.status, setting.asked], [503, ['server-0']]);
    });
  }
});

/** As kube-apiserver with --shutdown-send-retry-after answers everything once it no longer takes requests. */
const SHUTTING_DOWN = 'The apiserver is shutting down, please try again later.\n';
const SHUTTING_DOWN_FIELDS = ['content-type', 'text/plain; charset=utf-8', 'retry-after', '5', 'content-length', '56'];

describe('a server that says it shuts down (429 with Retry-After)', () => {
  for (const method of METHODS.filter((each) => each !== 'HEAD')) {
    test(`leaves ${method} to the next capable one, at no cost`, async () => {
      const hasBody = method === 'PUT' || method === 'PATCH';
      const { setting, exchange, at } = forward({ method, hasBody }, { retryPercent: 0 });
      exchange.body.send('body');
      exchange.body.end();
      await settled();
      const body = at(0).begin(429, SHUTTING_DOWN_FIELDS);
      body.send(SHUTTING_DOWN.slice(0, 10));
      await settled();
      assert.deepEqual(setting.asked, ['server-0'], 'it is not known yet');
      body.send(SHUTTING_DOWN.slice(10));
      body.end();
      await settled();
      assert.equal(at(0).resetReason, 'cancel');
      assert.equal(at(1).body?.text, hasBody ? 'body' : undefined);
      at(1).respond(200, [], 'ok');
      assert.equal(exchange.answer.head.status, 200);
      assert.deepEqual(setting.observer.retries, ['shutting-down']);
    });
  }

  test('leaves a write of a custom resource to the next one, too', async () => {
    const servers = [37, 37].map((minor) => ({ minor, serves: { 'example.com/v1': { widgets: ['create'] } } }));
    const { setting, at } = forward(
      { method: 'POST', target: '/apis/example.com/v1/namespaces/a/widgets' },
      { servers },
    );
    at(0).respond(429, SHUTTING_DOWN_FIELDS, SHUTTING_DOWN);
    await settled();
    assert.deepEqual(setting.asked, ['server-0', 'server-1']);
  });

  test('is heard, with its own Retry-After, when all say so', async () => {
    const { exchange, at } = forward();
    at(0).respond(503, ['retry-after', '1'], 'the first');
    at(1).respond(429, SHUTTING_DOWN_FIELDS, SHUTTING_DOWN);
    await settled();
    assert.deepEqual([exchange.answer.head.status, exchange.answer.body.text], [429, SHUTTING_DOWN]);
    assert.equal(answerField(exchange.answer, 'retry-after'), '5');
  });

  test('is not believed when a workload may have said it', async () => {
    const servers = [37, 37].map((minor) => ({ minor, serves: { v1: { pods: ['get'], 'pods/proxy': ['create'] } } }));
    const { setting, exchange, at } = forward(
      { method: 'POST', target: '/api/v1/namespaces/a/pods/x/proxy/pay' },
      { servers },
    );
    at(0).respond(429, SHUTTING_DOWN_FIELDS, SHUTTING_DOWN);
    await settled();
    assert.deepEqual([exchange.answer.head.status, setting.asked], [429, ['server-0']]);
  });

  for (const [who, text] of [
    ['an overloaded server', 'Too many requests, please try again later.\n'],
    [
      'an eviction that a budget forbids',
      '{"kind":"Status","reason":"TooManyRequests","details":{"retryAfterSeconds":10}}',
    ],
  ] as const) {
    test(`is told apart from ${who}, which is the client's with its Retry-After`, async () => {
      const { setting, exchange, at } = forward();
      at(0).respond(429, ['retry-after', '1'], text);
      await settled();
      assert.deepEqual([exchange.answer.head.status, exchange.answer.body.text], [429, text]);
      assert.equal(answerField(exchange.answer, 'retry-after'), '1');
      assert.deepEqual(setting.asked, ['server-0']);
    });
  }
});

describe('a server that has not seen the resource version (504)', () => {
  const TOO_LARGE =
    '{"kind":"Status","message":"Timeout: Too large resource version: 9, current: 5","details":{"causes":[{"reason":"ResourceVersionTooLarge"}]},"code":504}';
  const FIELDS = ['content-type', 'application/json', 'retry-after', '1'];
  const LIST = { target: '/api/v1/namespaces/a/pods?resourceVersion=9' };
  const servers = [37, 37, 37].map((minor) => ({ minor, serves: { v1: { pods: ['get', 'list', 'update'] } } }));
  /** What reached servers after the first one; which of them is left to chance. */
  const others = ({ backends }: ReturnType<typeof forward>['setting']) =>
    backends.slice(1).flatMap(({ anonymous }) => anonymous.requests);

  test('is asked no more, and another one is', async () => {
    const { setting, exchange, at } = forward(LIST, { servers });
    at(0).respond(504, FIELDS, TOO_LARGE);
    await settled();
    const [second] = others(setting);
    second?.respond(200, [], 'items');
    await settled();
    assert.equal(exchange.answer.body.text, 'items');
    assert.deepEqual(setting.observer.retries, ['behind']);
  });

  test('is believed when a second one says the same, however many there are', async () => {
    const { setting, exchange, at } = forward(LIST, { servers });
    at(0).respond(504, FIELDS, TOO_LARGE);
    await settled();
    const [second] = others(setting);
    second?.respond(504, FIELDS, TOO_LARGE.replace('current: 5', 'current: 6'));
    await settled();
    assert.equal(setting.asked.length, 2);
    assert.deepEqual([exchange.answer.head.status, exchange.answer.body.text.includes('current: 6')], [504, true]);
    assert.equal(answerField(exchange.answer, 'retry-after'), '1');
  });

  test('is believed when there is no other', async () => {
    const { exchange, at } = forward(LIST, { servers: servers.slice(0, 1) });
    at(0).respond(504, FIELDS, TOO_LARGE);
    await settled();
    assert.deepEqual([exchange.answer.head.status, exchange.answer.body.text], [504, TOO_LARGE]);
  });

  test('does not lead to more retries than the budget has', async () => {
    const { setting, exchange, at } = forward(LIST, { servers, retryPercent: 0 });
    at(0).respond(504, FIELDS, TOO_LARGE);
    await settled();
    assert.deepEqual([exchange.answer.head.status, setting.asked], [504, ['server-0']]);
  });

  for (const [what, request, text] of [
    ['any other 504', LIST, '{"kind":"Status","reason":"Timeout","code":504}'],
    ['a long 504', LIST, TOO_LARGE.padEnd(5_000)],
    ['the 504 of a write', { method: 'PUT' }, TOO_LARGE],
  ] as const) {
    test(`${what} is the client's`, async () => {
      const { setting, exchange, at } = forward(request, { servers });
      at(0).respond(504, FIELDS, text);
      await settled();
      assert.deepEqual([exchange.answer.head.status, exchange.answer.body.text], [504, text]);
      assert.deepEqual(setting.asked, ['server-0']);
    });
  }
});

describe('a connection that is lost', () => {
  const LOST = { processed: 'unknown', cause: 'connection', reason: 'connection-lost' } as const;
  const FIVE = Array.from({ length: 5 }, () => ({ minor: 37, serves: { v1: { pods: ['get', 'create', 'update'] } } }));

  test('under one read after the other reaches three servers, not all', async () => {
    const { setting, exchange } = forward({}, { servers: FIVE });
    for (const { anonymous } of setting.backends) anonymous.handler = (request) => request.fail(LOST);
    setting.server(0).anonymous.arrived.fail(LOST);
    await settled();
    assert.equal(setting.asked.length, 3);
    assert.equal(JSON.parse(exchange.answer.body.text).reason, 'ServiceUnavailable');
    assert.match(JSON.parse(exchange.answer.body.text).message, /^3 servers broke off/);
    assert.equal(setting.observer.records[0]?.error, 'MVP_SERVERS_BROKE_OFF');
    assert.equal(answerField(exchange.answer, 'retry-after'), '5');
  });

  test('under one upload after the other reaches three servers as well', async () => {
    const { setting, exchange } = forward({ method: 'PUT', hasBody: true }, { servers: FIVE });
    for (const { anonymous } of setting.backends)
      anonymous.handler = (request) => request.fail({ ...LOST, cause: 'protocol' });
    setting.server(0).anonymous.arrived.fail({ ...LOST, cause: 'protocol' });
    await settled();
    assert.equal(setting.asked.length, 3);
    assert.equal(setting.observer.records[0]?.error, 'MVP_SERVERS_BROKE_OFF');
    assert.equal(answerField(exchange.answer, 'retry-after'), '5', 'nothing was executed');
  });

  test('is not counted where the server can not have been at work on the request', async () => {
    const { setting, exchange } = forward({}, { servers: FIVE });
    for (const { anonymous } of setting.backends.slice(0, 4)) anonymous.handler = (request) => request.fail();
    setting.server(0).anonymous.arrived.fail();
    await settled();
    const served = setting.backends.flatMap(({ anonymous }) => anonymous.requests).find(({ isOver }) => !isOver);
    served?.respond(200, [], 'ok');
    assert.equal(exchange.answer.head.status, 200);
  });

  test('under a write whose end was not sent leads to another attempt: kube-apiserver acts on no part of a body', async () => {
    const { setting, exchange, at } = forward({ method: 'PUT', hasBody: true });
    exchange.body.send('first half');
    await settled();
    at(0).fail({ ...LOST, cause: 'protocol' });
    exchange.body.send(', second half');
    exchange.body.end();
    await settled();
    assert.equal(at(1).body?.text, 'first half, second half');
    at(1).respond(200, [], 'ok');
    assert.equal(exchange.answer.head.status, 200);
    assert.deepEqual(setting.asked, ['server-0', 'server-1']);
  });

  test('under a write whose end was sent is told: it may have been executed', async () => {
    const { setting, exchange, at } = forward({ method: 'PUT', hasBody: true });
    exchange.body.send('all');
    exchange.body.end();
    await settled();
    at(0).fail(LOST);
    assert.deepEqual([exchange.answer.head.status, setting.asked], [503, ['server-0']]);
    assert.match(JSON.parse(exchange.answer.body.text).message, /may have been executed; look before you repeat it/);
    assert.equal(answerField(exchange.answer, 'retry-after'), undefined);
  });

  for (const [who, serves, target] of [
    [
      'an extension server',
      { 'example.com/v1': { widgets: ['update'] } },
      '/apis/example.com/v1/namespaces/a/widgets/x',
    ],
    ['a workload', { v1: { 'pods/proxy': ['update'] } }, '/api/v1/namespaces/a/pods/x/proxy/upload'],
  ] as const) {
    test(`under a write that ${who} may have begun to act on is told, though its end was not sent`, async () => {
      const servers = [37, 37].map((minor) => ({ minor, serves }));
      const { setting, exchange, at } = forward({ method: 'PUT', hasBody: true, target }, { servers });
      exchange.body.send('half');
      await settled();
      at(0).fail(LOST);
      assert.deepEqual([exchange.answer.head.status, setting.asked], [503, ['server-0']]);
      assert.equal(answerField(exchange.answer, 'retry-after'), undefined);
    });
  }
});

describe('the same server is asked again', () => {
  test('when it ended the connection before the request (GOAWAY), as anonymous neighbours make it do all the time', () => {
    const { setting, exchange } = forward();
    const first = setting.server(0).anonymous;
    for (let i = 0; i < 10; i++) first.requests[i]?.fail({ processed: 'no', cause: 'goaway' });
    first.requests[10]?.respond(200, [], 'yes');
    assert.equal(exchange.answer.head.status, 200);
    assert.equal(setting.server(1).anonymous.requests.length, 0);
  });

  test('not for ever when it ends every connection (GOAWAY), and each server as often', () => {
    const { setting, exchange } = forward();
    const [first, second] = [setting.server(0).anonymous, setting.server(1).anonymous];
    for (const { requests } of [first, second]) {
      for (let i = 0; i < 100; i++) requests[i]?.fail({ processed: 'no', cause: 'goaway' });
    }
    assert.deepEqual([first.requests.length, second.requests.length], [16, 16]);
    assert.equal(exchange.answer.head.status, 503);
  });

  for (const cause of ['reset', 'connection'] as const) {
    test(`when it refused a stream (${cause}) and not the request, at most twice`, () => {
      const { setting, at } = forward();
      const first = setting.server(0).anonymous;
      at(0).fail({ processed: 'no', cause });
      assert.equal(first.requests.length, 2);
      first.requests[1]?.fail({ processed: 'no', cause });
      assert.equal(first.requests.length, 3);
      first.requests[2]?.fail({ processed: 'no', cause });
      assert.equal(first.requests.length, 3);
      assert.equal(setting.server(1).anonymous.requests.length, 1);
    });
  }

  for (const failure of [
    { processed: 'no', cause: 'connect' },
    { processed: 'no', cause: 'tls' },
    { processed: 'no', cause: 'protocol' },
    { processed: 'no', cause: 'overloaded' },
    { processed: 'unknown', cause: 'reset' },
    { processed: 'unknown', cause: 'connection' },
  ] as const) {
    test(`not after ${failure.cause}, processed: ${failure.processed}`, () => {
      const { setting, at } = forward();
      at(0).fail(failure);
      assert.deepEqual(setting.asked, ['server-0', 'server-1']);
    });
  }
});
