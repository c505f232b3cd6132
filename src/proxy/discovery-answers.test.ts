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

describe('the merged view answers', () => {
  const formOf = (
    request: FakeRequest,
    options: ProxySettingOptions = {},
    overrides: Partial<PreparedRequest> = {},
  ) => {
    const setting = new Discovery(options);
    return setting.answers.formOf(setting.prepare(new FakeExchange(request), overrides));
  };
  const V2_REQUEST = { target: '/apis', fields: ['accept', V2] };

  for (const [name, request, version] of [
    ['v2', V2_REQUEST, 'v2'],
    ['v2beta1', { target: '/apis', fields: ['accept', V2_BETA_1] }, 'v2beta1'],
    ['/api', { ...V2_REQUEST, target: '/api' }, 'v2'],
    ['with a query', { ...V2_REQUEST, target: '/apis?timeout=32s' }, 'v2'],
    ['kubectl', { target: '/apis', fields: ['accept', `${V2},${V2_BETA_1},application/json`] }, 'v2'],
    [
      'JSON where protobuf is preferred',
      { target: '/apis', fields: ['accept', `${V2.replace('json', 'vnd.kubernetes.protobuf')},${V2}`] },
      'v2',
    ],
  ] as const) {
    test(`${name}`, () => {
      const form = formOf(request);
      assert.deepEqual([form?.kind, form?.version], ['aggregated', version]);
    });
  }

  for (const [name, request, options, overrides] of [
    ['the server-local view (profile=nopeer)', { target: '/apis', fields: ['accept', `${V2};profile=nopeer`] }, {}, {}],
    ['unaggregated discovery', { target: '/apis', fields: ['accept', 'application/json'] }, {}, {}],
    ['no Accept', { target: '/apis' }, {}, {}],
    ['protobuf', { target: '/apis', fields: ['accept', V2.replace('json', 'vnd.kubernetes.protobuf')] }, {}, {}],
    ['HEAD', { ...V2_REQUEST, method: 'HEAD' }, {}, {}],
    ['POST', { ...V2_REQUEST, method: 'POST' }, {}, {}],
    ['another path', { ...V2_REQUEST, target: '/apis/apps' }, {}, {}],
    ['a path with a slash behind it', { ...V2_REQUEST, target: '/apis/' }, {}, {}],
    ['what a peer routed here', V2_REQUEST, {}, { alreadyProxied: true }],
    ['a view that is not merged yet', V2_REQUEST, { snapshot: { published: undefined } }, {}],
  ] as const) {
    test(`not ${name}`, () => {
      assert.equal(formOf(request, options, overrides), undefined);
    });
  }
});

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

  for (const status of [404, 406, 429, 500, 503]) {
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
