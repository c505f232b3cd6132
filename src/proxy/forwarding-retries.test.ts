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
