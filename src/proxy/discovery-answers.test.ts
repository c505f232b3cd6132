import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import { answerField, FakeExchange, type FakeRequest } from '../../test/support/fake-exchange.ts';
import { ProxySetting, type ProxySettingOptions, settled } from '../../test/support/proxy-setting.ts';
import { publishDiscovery } from '../discovery/published-discovery.ts';
import { discoveryOf } from '../discovery/testing/discovery-of.ts';
import { fieldValue, fieldValues } from '../wire/fields.ts';
import { DiscoveryAnswers } from './discovery-answers.ts';
import type { PreparedRequest } from './prepared-request.ts';

const published = await publishDiscovery(
  discoveryOf({ v1: { pods: ['get'] }, 'example.com/v1': { widgets: ['get'] } }),
);
const newer = await publishDiscovery(discoveryOf({ v1: { pods: ['get'] }, 'example.com/v2': { widgets: ['get'] } }));

const V2 = 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList';
const JSON_ONLY = 'application/json';
const V2_BETA_1 = 'application/json;g=apidiscovery.k8s.io;v=v2beta1;as=APIGroupDiscoveryList';
const CONDITIONS = {
  '/api': { accept: 'the accept of /api', etag: '"api"' },
  '/apis': { accept: 'the accept of /apis', etag: '"apis"' },
};

class Discovery extends ProxySetting {
  readonly answers: DiscoveryAnswers;

  constructor(options: ProxySettingOptions = {}) {
    super({ snapshot: { published }, conditions: CONDITIONS, ...options });
    this.answers = new DiscoveryAnswers(this.context);
  }

  /** Asks for the merged view; fails unless it is what answers. */
  ask(request: FakeRequest = {}, overrides: Partial<PreparedRequest> = {}): FakeExchange {
    const exchange = new FakeExchange({ target: '/apis', fields: ['accept', V2], ...request });
    const prepared = this.prepare(exchange, overrides);
    const form = this.answers.formOf(prepared);
    assert.ok(form);
    this.answers.answer(prepared, form);
    return exchange;
  }

  /** The request for permission that a server got last. */
  get asking() {
    const request = this.backends.flatMap(({ anonymous }) => anonymous.requests).at(-1);
    assert.ok(request);
    return request;
  }
}

describe('permission', () => {
  test("is asked of the caller's server with the caller's own credentials and a condition it answers with 304", () => {
    const fields = [
      'accept',
      V2,
      'authorization',
      'Bearer token',
      'accept-encoding',
      'gzip',
      'if-none-match',
      '"client"',
      'if-modified-since',
      'x',
      'range',
      'bytes=0-1',
      'user-agent',
      'kubectl',
      'impersonate-user',
      'bob',
    ];
    const setting = new Discovery();
    setting.ask({ fields });
    const { head, bodyless } = setting.asking;
    assert.deepEqual([head.method, head.target, bodyless], ['GET', '/apis', true]);
    assert.deepEqual(fieldValues(head.fields, 'accept'), ['the accept of /apis']);
    assert.deepEqual(fieldValues(head.fields, 'if-none-match'), ['"apis"']);
    for (const name of ['accept-encoding', 'if-modified-since', 'range']) {
      assert.deepEqual(fieldValues(head.fields, name), []);
    }
    assert.equal(fieldValue(head.fields, 'authorization'), 'Bearer token');
    assert.equal(fieldValue(head.fields, 'impersonate-user'), 'bob');
    assert.equal(fieldValue(head.fields, 'user-agent'), 'kubectl');
    assert.deepEqual(setting.asked, ['server-0']);
  });

  test('of /api is asked with its own condition', () => {
    const setting = new Discovery();
    setting.ask({ target: '/api' });
    assert.equal(fieldValue(setting.asking.head.fields, 'if-none-match'), '"api"');
  });

  test('travels in the trust class of the caller', () => {
    const user = { name: 'alice', uid: '', groups: [], extra: [] };
    const setting = new Discovery();
    setting.ask({}, { credential: { kind: 'asserted', user, source: 'client-certificate' } });
    const asked = setting.server(0).asserted?.arrived;
    assert.equal(fieldValue(asked?.head.fields ?? [], 'x-remote-user'), 'alice');
  });

  test('304 grants: the client gets the merged document', () => {
    const setting = new Discovery();
    const exchange = setting.ask();
    assert.equal(exchange.answers.length, 0);
    setting.asking.respond(304);
    assert.equal(exchange.answer.head.status, 200);
    assert.equal(exchange.answer.body.text, published['/apis'].v2.identity.toString('latin1'));
    assert.equal(setting.control.refreshes, 0);
  });

  test('200 grants too, but our tables are old: the client gets what was read since', async () => {
    const setting = new Discovery();
    setting.control.onRefresh = async () => {
      await settled();
      setting.swap({ published: newer });
    };
    const exchange = setting.ask();
    setting.asking.respond(200, [], 'the whole document');
    assert.equal(exchange.answers.length, 0);
    await settled();
    await settled();
    assert.equal(setting.control.refreshes, 1);
    assert.equal(answerField(exchange.answer, 'etag'), newer['/apis'].v2.etag);
  });

  test('by a whole document does not wait for it, and reads it away', async () => {
    const setting = new Discovery({ conditions: { '/api': undefined, '/apis': undefined } });
    const exchange = setting.ask();
    const body = setting.asking.begin(200);
    assert.equal(exchange.answer.head.status, 200);
    body.send('the whole document');
    await settled();
    assert.equal(body.held, 0);
  });

  test('200 of a server that we cannot ask conditionally says nothing about our tables', async () => {
    const setting = new Discovery({ conditions: { '/api': undefined, '/apis': undefined } });
    const exchange = setting.ask();
    assert.deepEqual(fieldValues(setting.asking.head.fields, 'accept'), ['application/json']);
    assert.deepEqual(fieldValues(setting.asking.head.fields, 'if-none-match'), []);
    setting.asking.respond(200, [], 'the whole document');
    await settled();
    assert.equal(exchange.answer.body.text, published['/apis'].v2.identity.toString('latin1'));
    assert.equal(setting.control.refreshes, 0);
  });

  for (const status of [401, 403]) {
    test(`${status} refuses: the client gets the answer to its own words, because the form depends on them`, async () => {
      const setting = new Discovery();
      const exchange = setting.ask({ fields: ['accept', V2, 'accept-encoding', 'gzip', 'if-none-match', '"client"'] });
      setting.asking.respond(status, [], 'in our form');
      await settled();
      assert.equal(exchange.answers.length, 0);
      const own = setting.server(0).anonymous.requests[1];
      assert.deepEqual(
        ['accept', 'accept-encoding', 'if-none-match'].map((name) => fieldValue(own?.head.fields ?? [], name)),
        [V2, 'gzip', '"client"'],
      );
      own?.respond(status, ['x-refusal', '1'], "in the client's form");
      await settled();
      assert.deepEqual([exchange.answer.head.status, exchange.answer.body.text], [status, "in the client's form"]);
      assert.equal(answerField(exchange.answer, 'x-refusal'), '1');
      setting.ask();
      assert.equal(setting.asked.length, 3);
    });
  }

  test('that is given between the refusal and the answer to the client brings the merged document', async () => {
    const setting = new Discovery();
    const exchange = setting.ask();
    setting.asking.respond(403, [], 'no');
    await settled();
    setting.server(0).anonymous.requests[1]?.respond(200, [], "the server's document");
    await settled();
    assert.equal(exchange.answer.body.text, published['/apis'].v2.identity.toString('latin1'));
  });

  for (const status of [404, 406, 429]) {
    test(`${status} refuses: the client gets the server's own answer, and is asked about again`, async () => {
      const setting = new Discovery();
      const exchange = setting.ask();
      setting.asking.respond(status, ['x-refusal', '1'], 'no');
      await settled();
      assert.deepEqual([exchange.answer.head.status, exchange.answer.body.text], [status, 'no']);
      assert.equal(answerField(exchange.answer, 'x-refusal'), '1');
      setting.ask();
      assert.equal(setting.asked.length, 2);
    });
  }

  for (const status of [500, 503]) {
    test(`is asked of the next server when the first answers ${status}, and the last one's answer is the client's`, async () => {
      const setting = new Discovery();
      const exchange = setting.ask();
      setting.asking.respond(status, [], 'no');
      await settled();
      assert.deepEqual([setting.asked, exchange.answers.length], [['server-0', 'server-1'], 0]);
      setting.asking.respond(status, [], 'no either');
      await settled();
      assert.deepEqual([exchange.answer.head.status, exchange.answer.body.text], [status, 'no either']);
      assert.equal(setting.asked.length, 2);
    });
  }

  test('is asked of the next server after a second of silence, once', (t) => {
    t.mock.timers.enable({ apis: ['setTimeout'] });
    const setting = new Discovery();
    const exchange = setting.ask();
    const silent = setting.asking;
    t.mock.timers.tick(999);
    assert.deepEqual(setting.asked, ['server-0']);
    t.mock.timers.tick(1);
    assert.deepEqual(setting.asked, ['server-0', 'server-1']);
    assert.equal(silent.resetReason, 'cancel');
    t.mock.timers.tick(10_000);
    assert.deepEqual([setting.asked.length, exchange.answers.length], [2, 0]);
    setting.asking.respond(304);
    assert.equal(exchange.answer.head.status, 200);
  });

  test('is waited for where nobody else can be asked', (t) => {
    t.mock.timers.enable({ apis: ['setTimeout'] });
    const setting = new Discovery();
    const [first] = setting.control.snapshot.servers;
    assert.ok(first);
    setting.swap({ servers: [first, { ...first, name: 'server-1', ready: false }] });
    const exchange = setting.ask();
    t.mock.timers.tick(60_000);
    assert.deepEqual([setting.asked, exchange.answers.length], [['server-0'], 0]);
    setting.asking.respond(304);
    assert.equal(exchange.answer.head.status, 200);
  });

  for (const local of [undefined, 0]) {
    test(`is not asked of a server whose discovery cannot be read (local server: ${local})`, () => {
      const setting = new Discovery();
      const servers = setting.control.snapshot.servers.map((server, i) => ({ ...server, readable: i !== 0 }));
      setting.swap({ servers, local });
      setting.ask();
      assert.deepEqual(setting.asked, ['server-1']);
      setting.swap({ servers: servers.map((server) => ({ ...server, readable: false })), local });
      setting.ask({ fields: ['accept', V2, 'authorization', 'Bearer another'] });
      assert.equal(setting.asked.length, 2, 'rather of such a one than of nobody');
    });
  }

  test('is asked of the next server when the first fails', () => {
    const setting = new Discovery();
    const exchange = setting.ask();
    setting.asking.fail();
    assert.deepEqual(setting.asked, ['server-0', 'server-1']);
    setting.asking.respond(304);
    assert.equal(exchange.answer.head.status, 200);
  });

  test('is refused with 503 when no server can be asked', () => {
    const setting = new Discovery();
    const exchange = setting.ask();
    setting.asking.fail();
    setting.asking.fail();
    assert.equal(exchange.answer.head.status, 503);
    assert.equal(answerField(exchange.answer, 'retry-after'), '1');
    const nobody = new Discovery({ servers: [{ minor: 37, serves: {}, ready: false }] });
    assert.equal(nobody.ask().answer.head.status, 503);
  });

  test('is not waited for once the client has left', async () => {
    const setting = new Discovery();
    const exchange = setting.ask();
    exchange.abort();
    assert.equal(setting.asking.resetReason, 'cancel');
    await settled();
    setting.ask();
    assert.equal(setting.asked.length, 2, 'nothing was remembered');
  });

  test('gives nothing to a client that leaves while tables are read again', async () => {
    const setting = new Discovery();
    setting.control.onRefresh = settled;
    const exchange = setting.ask();
    setting.asking.respond(200, [], 'the whole document');
    exchange.abort();
    await settled();
    await settled();
    assert.equal(exchange.answers.length, 0);
  });

  test('needs no body: one that came along is read away and not kept', async () => {
    const setting = new Discovery();
    const exchange = setting.ask({ hasBody: true });
    exchange.body.send('abc');
    await settled();
    assert.equal(setting.budget.held, 3);
    setting.asking.respond(304);
    exchange.body.send('d');
    exchange.body.end();
    await settled();
    assert.deepEqual([setting.budget.held, exchange.body.held], [0, 0]);
    assert.equal(exchange.answer.head.status, 200);
  });
});

describe('permission is remembered', () => {
  function granted(): Discovery {
    const setting = new Discovery();
    setting.ask();
    setting.asking.respond(304);
    return setting;
  }

  test('for three seconds, in any form of the document', () => {
    const setting = granted();
    setting.now += 2_999;
    for (const accept of [V2, V2_BETA_1])
      assert.equal(setting.ask({ fields: ['accept', accept] }).answer.head.status, 200);
    assert.equal(setting.asked.length, 1);
    setting.now += 1;
    assert.equal(setting.ask().answers.length, 0);
    assert.equal(setting.asked.length, 2);
  });

  test('for that root alone', () => {
    const setting = granted();
    setting.ask({ target: '/api' });
    assert.equal(setting.asked.length, 2);
  });

  test('for that caller alone', () => {
    const setting = granted();
    assert.equal(setting.ask({ fields: ['accept', V2, 'authorization', 'Bearer x'] }).answers.length, 0);
    assert.equal(setting.asked.length, 2);
  });

  test('also from a 200', async () => {
    const setting = new Discovery();
    setting.ask();
    setting.asking.respond(200, [], 'the whole document');
    await settled();
    assert.equal(setting.ask().answer.head.status, 200);
    assert.equal(setting.asked.length, 1);
  });

  test('but a view that was withdrawn since is not answered', () => {
    const setting = granted();
    const exchange = new FakeExchange({ target: '/apis', fields: ['accept', V2] });
    const prepared = setting.prepare(exchange);
    const form = setting.answers.formOf(prepared);
    assert.ok(form);
    setting.swap({ published: undefined });
    setting.answers.answer(prepared, form);
    assert.equal(exchange.answer.head.status, 503);
  });
});

describe('the document', () => {
  /** Permission granted before, so that the answer is there at once. */
  function answered(fields: readonly string[], target = '/apis') {
    const setting = new Discovery();
    const exchange = setting.ask({ target, fields });
    setting.asking.respond(304);
    return { setting, exchange, answer: exchange.answer };
  }
  const { v2, v2beta1 } = published['/apis'];

  test("carries kube-apiserver's headers", () => {
    const { answer } = answered(['accept', V2]);
    assert.deepEqual(answer.head.fields, [
      'etag',
      v2.etag,
      'vary',
      'Accept',
      'cache-control',
      'public',
      'content-type',
      V2,
      'content-length',
      String(v2.identity.length),
    ]);
    assert.equal(answer.body.ending, 'end');
  });

  test('comes in the version asked for', () => {
    const { answer } = answered(['accept', V2_BETA_1]);
    assert.equal(answer.body.text, v2beta1.identity.toString('latin1'));
    assert.equal(answerField(answer, 'content-type'), V2_BETA_1);
  });

  test('of /api is another one', () => {
    assert.equal(answered(['accept', V2], '/api').answer.body.text, published['/api'].v2.identity.toString('latin1'));
  });

  test('comes compressed to those who take it', () => {
    const { answer } = answered(['accept', V2, 'accept-encoding', 'gzip']);
    assert.equal(answerField(answer, 'content-encoding'), 'gzip');
    assert.deepEqual(fieldValues(answer.head.fields, 'vary'), ['Accept', 'Accept-Encoding']);
    assert.deepEqual(gunzipSync(Buffer.from(answer.body.text, 'latin1')), v2.identity);
    assert.equal(answerField(answer, 'content-length'), String(v2.gzip.length));
  });

  for (const [name, fields, target] of [
    ['a query', ['accept', V2], '/apis?pretty=true'],
    ['Accept', ['accept', `${V2};pretty=1`], '/apis'],
    ['a person behind curl', ['accept', V2, 'user-agent', 'curl/8'], '/apis'],
  ] as const) {
    test(`comes indented for ${name}, with the same content`, () => {
      const { answer } = answered([...fields, 'accept-encoding', 'gzip'], target);
      assert.ok(answer.body.text.startsWith('{\n  "kind": "APIGroupDiscoveryList"'), answer.body.text.slice(0, 60));
      assert.deepEqual(JSON.parse(answer.body.text), JSON.parse(v2.identity.toString()));
      assert.equal(answerField(answer, 'content-length'), String(answer.body.text.length));
      assert.equal(answerField(answer, 'content-encoding'), undefined);
    });
  }

  for (const [condition, status] of [
    [v2.etag, 304],
    [`W/${v2.etag}`, 304],
    [`"other", ${v2.etag}`, 304],
    ['*', 304],
    ['"other"', 200],
  ] as const) {
    test(`is ${status} for a client that has ${condition.slice(0, 16)}`, () => {
      const { answer } = answered(['accept', V2, 'if-none-match', condition]);
      assert.deepEqual([answer.head.status, answer.bodyless], [status, status === 304]);
      assert.equal(answerField(answer, 'etag'), v2.etag);
      assert.equal(answerField(answer, 'vary'), 'Accept');
      assert.equal(answerField(answer, 'cache-control'), 'public');
      assert.equal(answer.body.text === '', status === 304);
    });
  }

  test('is told an observer as our own answer, once', () => {
    const { setting } = answered(['accept', V2]);
    const [record, ...others] = setting.observer.records;
    assert.deepEqual(others, []);
    assert.deepEqual(
      [record?.decision, record?.server, record?.status, record?.error],
      [undefined, undefined, 200, undefined],
    );
  });
});

describe('an unaggregated document', () => {
  const widgets = published['/apis'].unaggregated.get('/apis/example.com/v1') ?? assert.fail();
  const groups = published['/apis'].unaggregated.get('/apis') ?? assert.fail();
  const text = ({ identity }: { readonly identity: Uint8Array }) => Buffer.from(identity).toString('latin1');

  test("is granted by a GET of the same path, in the caller's name, for plain JSON", () => {
    const setting = new Discovery();
    const fields = [
      'accept',
      '*/*',
      'accept-encoding',
      'gzip',
      'if-none-match',
      '"x"',
      'authorization',
      'Bearer token',
    ];
    const exchange = setting.ask({ target: '/apis/example.com/v1?timeout=32s', fields });
    const { head } = setting.asking;
    assert.deepEqual([head.method, head.target], ['GET', '/apis/example.com/v1?timeout=32s']);
    assert.deepEqual(fieldValues(head.fields, 'accept'), [JSON_ONLY]);
    for (const name of ['accept-encoding', 'if-none-match']) assert.deepEqual(fieldValues(head.fields, name), []);
    assert.equal(fieldValue(head.fields, 'authorization'), 'Bearer token');
    setting.asking.respond(200, [], "the server's own list");
    assert.equal(exchange.answer.body.text, Buffer.from(widgets.gzip).toString('latin1'));
  });

  for (const target of [
    '/apis/example.com',
    '/apis/example.com/',
    '/apis/example.com/v1',
    '/apis/example.com/v1/',
    '/api/v1',
  ]) {
    for (const status of [200, 304, 404]) {
      test(`${target} is granted by ${status}, as a server may lack it that lets the caller read`, () => {
        const setting = new Discovery();
        const exchange = setting.ask({ target, fields: ['accept', JSON_ONLY] });
        setting.asking.respond(status, [], 'its own');
        const path = target.replace(/\/$/, '');
        const document =
          published[target.startsWith('/apis') ? '/apis' : '/api'].unaggregated.get(path) ?? assert.fail();
        assert.deepEqual([exchange.answer.head.status, exchange.answer.body.text], [200, text(document)]);
        assert.equal(setting.control.refreshes, 0);
      });
    }
  }

  for (const status of [401, 403]) {
    test(`is refused by ${status}: the client gets the answer to its own words`, async () => {
      const setting = new Discovery();
      const exchange = setting.ask({ target: '/apis/example.com/v1', fields: ['accept', '*/*;pretty=1'] });
      setting.asking.respond(status, [], 'in our form');
      await settled();
      assert.equal(exchange.answers.length, 0);
      assert.equal(fieldValue(setting.asking.head.fields, 'accept'), '*/*;pretty=1');
      setting.asking.respond(status, [], 'in its form');
      await settled();
      assert.deepEqual([exchange.answer.head.status, exchange.answer.body.text], [status, 'in its form']);
    });
  }

  for (const status of [406, 429]) {
    test(`is refused by ${status}: the client gets it`, async () => {
      const setting = new Discovery();
      const exchange = setting.ask({ target: '/apis/example.com/v1', fields: ['accept', JSON_ONLY] });
      setting.asking.respond(status, [], 'no');
      await settled();
      assert.deepEqual([exchange.answer.head.status, exchange.answer.body.text], [status, 'no']);
    });
  }

  test('of /apis is granted by an empty 304, like the aggregated one and together with it', () => {
    const setting = new Discovery();
    const exchange = setting.ask({ fields: ['accept', JSON_ONLY] });
    assert.equal(fieldValue(setting.asking.head.fields, 'if-none-match'), '"apis"');
    setting.asking.respond(304);
    assert.equal(exchange.answer.body.text, text(groups));
    assert.equal(setting.ask().answer.body.text, text(published['/apis'].v2));
    assert.equal(setting.asked.length, 1);
  });

  test('of /apis is read again when the server has another one by now', async () => {
    const setting = new Discovery();
    setting.control.onRefresh = async () => setting.swap({ published: newer });
    const exchange = setting.ask({ fields: ['accept', JSON_ONLY] });
    setting.asking.respond(200, [], 'the whole document');
    await settled();
    assert.equal(exchange.answer.body.text, text(newer['/apis'].unaggregated.get('/apis') ?? assert.fail()));
    assert.notEqual(exchange.answer.body.text, text(groups));
  });

  test('of /apis is refused by 404, which no server answers there that can be asked', async () => {
    const setting = new Discovery();
    const exchange = setting.ask({ fields: ['accept', JSON_ONLY] });
    setting.asking.respond(404, [], 'no');
    await settled();
    assert.deepEqual([exchange.answer.head.status, exchange.answer.body.text], [404, 'no']);
  });

  test('is granted for seconds, for each path by itself', () => {
    const setting = new Discovery();
    const ask = (target: string) => setting.ask({ target, fields: ['accept', JSON_ONLY] });
    ask('/apis/example.com/v1');
    setting.asking.respond(200);
    assert.equal(ask('/apis/example.com/v1').answer.head.status, 200);
    assert.equal(setting.asked.length, 1);
    for (const other of ['/apis/example.com', '/apis', '/api/v1', '/apis/example.com/v1/']) {
      assert.equal(ask(other).answers.length, 0, other);
    }
    setting.now += 3_000;
    assert.equal(ask('/apis/example.com/v1').answers.length, 0);
  });

  test('that has left the view since it was asked for is 503, because nobody knows yet', () => {
    const setting = new Discovery();
    const exchange = setting.ask({ target: '/apis/example.com/v1', fields: ['accept', JSON_ONLY] });
    setting.swap({ published: newer });
    setting.asking.respond(200);
    assert.equal(exchange.answer.head.status, 503);
    assert.equal(answerField(exchange.answer, 'retry-after'), '1');
  });

  function answered(fields: readonly string[], target = '/apis/example.com/v1') {
    const setting = new Discovery();
    const exchange = setting.ask({ target, fields });
    setting.asking.respond(200);
    return { setting, answer: exchange.answer };
  }

  test("carries kube-apiserver's headers, and no ETag that any condition could meet", () => {
    for (const fields of [[], ['accept', JSON_ONLY], ['accept', '*/*', 'if-none-match', '*']]) {
      const { answer } = answered(fields);
      assert.equal(answer.head.status, 200);
      assert.deepEqual(answer.head.fields, [
        'cache-control',
        'no-cache, private',
        'content-type',
        'application/json',
        'content-length',
        String(widgets.identity.length),
      ]);
      assert.equal(answer.body.ending, 'end');
    }
  });

  test('comes compressed to those who take it', () => {
    const { answer } = answered(['accept', JSON_ONLY, 'accept-encoding', 'gzip']);
    assert.equal(answerField(answer, 'content-encoding'), 'gzip');
    assert.deepEqual(fieldValues(answer.head.fields, 'vary'), ['Accept-Encoding']);
    assert.equal(gunzipSync(Buffer.from(answer.body.text, 'latin1')).toString('latin1'), text(widgets));
  });

  for (const [name, fields, query] of [
    ['a query', ['accept', JSON_ONLY], '?pretty=true'],
    ['Accept', ['accept', `${JSON_ONLY};pretty=1`], ''],
    ['a person behind curl', ['user-agent', 'curl/8'], ''],
  ] as const) {
    test(`comes indented for ${name}`, () => {
      const { answer } = answered([...fields, 'accept-encoding', 'gzip'], `/apis/example.com/v1${query}`);
      assert.equal(answer.body.text, JSON.stringify(JSON.parse(text(widgets)), undefined, 2));
      assert.equal(answerField(answer, 'content-encoding'), undefined);
    });
  }

  test('is told an observer as our own answer, once', () => {
    const { setting } = answered(['accept', JSON_ONLY]);
    const told = setting.observer.records.map(({ decision, server, status }) => [decision, server, status]);
    assert.deepEqual(told, [[undefined, undefined, 200]]);
  });
});

test('what a server answers although the merged view has it is counted, by why', () => {
  const relayed = (target: string, accept: string, overrides: Partial<FakeRequest> = {}) => {
    const setting = new Discovery();
    const exchange = new FakeExchange({ target, fields: ['accept', accept], ...overrides });
    assert.equal(
      setting.answers.formOf(setting.prepare(exchange)) === undefined,
      accept !== V2 && accept !== JSON_ONLY,
    );
    return setting.observer.relayed;
  };
  const PROTOBUF = 'application/vnd.kubernetes.protobuf';
  assert.deepEqual(relayed('/apis', `${V2};profile=nopeer,${V2}`), ['root server-local']);
  assert.deepEqual(relayed('/apis/example.com/v1', `${JSON_ONLY};profile=nopeer`), ['server-local']);
  assert.deepEqual(relayed('/api', V2.replace(JSON_ONLY, PROTOBUF)), ['root protobuf']);
  assert.deepEqual(relayed('/apis/example.com/v1', PROTOBUF), ['protobuf']);
  assert.deepEqual(relayed('/apis', 'application/cbor'), ['root cbor']);
  assert.deepEqual(relayed('/api/v1', 'application/yaml'), ['yaml']);
  assert.deepEqual(relayed('/api/v1', 'text/html'), ['not-acceptable']);
  assert.deepEqual(relayed('/apis', V2), []);
  assert.deepEqual(relayed('/api/v1', JSON_ONLY), []);
  assert.deepEqual(relayed('/apis/other.example/v1', PROTOBUF), [], 'the merged view lacks it');
  assert.deepEqual(relayed('/api/v1/pods', PROTOBUF), [], 'no discovery');
});
