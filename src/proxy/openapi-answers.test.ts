import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { gunzipSync, gzipSync } from 'node:zlib';
import { answerField, FakeExchange, type FakeRequest } from '../../test/support/fake-exchange.ts';
import { ProxySetting, settled } from '../../test/support/proxy-setting.ts';
import type { OpenAPIEncoding } from '../openapi/openapi-encoding.ts';
import { fieldValue, fieldValues } from '../wire/fields.ts';
import { OpenAPIAnswers } from './openapi-answers.ts';
import type { PreparedRequest } from './prepared-request.ts';
import type { OpenAPIDocument, PublishedOpenAPI } from './published-openapi.ts';

function documentOf(text: string, etag: string, contentType = 'application/json'): OpenAPIDocument {
  const identity = Buffer.from(text);
  return { contentType, etag: `"${etag}"`, identity, gzip: gzipSync(identity) };
}

const MERGED = '/openapi/v3/apis/example.com/v1';
const PROTOBUF = 'application/com.github.proto-openapi.spec.v3@v1.0+protobuf';
const SERVERS = [
  { minor: 37, serves: { v1: { pods: ['get'] } }, openapi: ['apis/example.com/v1', 'version'] },
  { minor: 34, serves: { v1: { pods: ['get'] } }, openapi: ['apis/example.com/v1', 'version'] },
];

class OpenAPI extends ProxySetting {
  readonly answers: OpenAPIAnswers;
  /** What is read of the merged document, and of v2. */
  document: OpenAPIDocument | undefined = documentOf('merged', 'HASH');
  v2: OpenAPIDocument | undefined = documentOf('v2', 'V2');
  readonly reads: string[] = [];
  forwarded = 0;

  constructor() {
    super({ servers: SERVERS });
    const read = (what: string) => (encoding: OpenAPIEncoding) => {
      this.reads.push(`${what} ${encoding}`);
      return Promise.resolve(what === 'v2' ? this.v2 : this.document);
    };
    const publishedOpenAPI: PublishedOpenAPI = {
      index: documentOf('{"paths":{}}', 'INDEX', 'text/plain; charset=utf-8'),
      merged: new Map([['apis/example.com/v1', { hash: 'HASH', read: read('document') }]]),
      readV2: read('v2'),
    };
    this.swap({ publishedOpenAPI });
    this.answers = new OpenAPIAnswers(this.context);
  }

  formOf(request: FakeRequest, overrides: Partial<PreparedRequest> = {}) {
    return this.answers.formOf(this.prepare(new FakeExchange(request), overrides));
  }

  /** Asks for the merged view; fails unless it is what answers. */
  ask(request: FakeRequest, overrides: Partial<PreparedRequest> = {}): FakeExchange {
    const exchange = new FakeExchange(request);
    const prepared = this.prepare(exchange, overrides);
    const form = this.answers.formOf(prepared);
    assert.ok(form !== undefined && form !== 'own');
    this.answers.answer(prepared, form, () => this.forwarded++);
    return exchange;
  }

  /** As `ask`, of somebody who is let in. */
  async answered(request: FakeRequest): Promise<FakeExchange> {
    const exchange = this.ask(request);
    this.asking.respond(206, [], '{');
    await settled();
    return exchange;
  }

  /** The request for permission that a server got last. */
  get asking() {
    const request = this.backends.flatMap(({ anonymous }) => anonymous.requests).at(-1);
    assert.ok(request);
    return request;
  }
}

describe('who answers', () => {
  for (const [what, request, expected] of [
    ['the index', { target: '/openapi/v3' }, { kind: 'index' }],
    ['the index, whatever Accept says', { target: '/openapi/v3', fields: ['accept', 'a/b'] }, { kind: 'index' }],
    ['v2', { target: '/openapi/v2' }, { kind: 'v2', encoding: 'json' }],
    [
      'a merged document',
      { target: `${MERGED}?hash=A` },
      { kind: 'document', path: 'apis/example.com/v1', encoding: 'json' },
    ],
    [
      'a merged document in protobuf',
      { target: MERGED, fields: ['accept', PROTOBUF] },
      { kind: 'document', path: 'apis/example.com/v1', encoding: 'protobuf' },
    ],
    ['a document that one server has whole', { target: '/openapi/v3/version' }, undefined],
    ['a document that nobody has', { target: '/openapi/v3/apis/none/v1' }, undefined],
    ['what kube-apiserver answers 406', { target: MERGED, fields: ['accept', 'application/yaml'] }, undefined],
    ['HEAD', { target: MERGED, method: 'HEAD' }, undefined],
    ['another version', { target: '/openapi/v4' }, undefined],
    ['another path', { target: '/apis' }, undefined],
    ['one server’s own index', { target: '/openapi/v3', fields: ['accept', 'application/json;profile=nopeer'] }, 'own'],
    ['one server’s own v2', { target: '/openapi/v2', fields: ['accept', 'application/json;profile=nopeer'] }, 'own'],
    ['one server’s own document', { target: MERGED, fields: ['accept', `${PROTOBUF};profile=nopeer`] }, 'own'],
  ] as const) {
    const who = expected === undefined ? 'a server' : expected === 'own' ? 'the preferred server' : 'the merged view';
    test(`${what}: ${who}`, () => {
      assert.deepEqual(new OpenAPI().formOf(request), expected);
    });
  }

  test('what a peer routed here a server answers', () => {
    assert.equal(new OpenAPI().formOf({ target: '/openapi/v3' }, { alreadyProxied: true }), undefined);
  });

  test('while nothing was read, a server does', () => {
    const setting = new OpenAPI();
    setting.swap({ publishedOpenAPI: undefined });
    assert.equal(setting.formOf({ target: '/openapi/v3' }), undefined);
  });
});

describe('permission', () => {
  test("is asked for the same path with the caller's own credentials, and for one byte", () => {
    const fields = [
      'authorization',
      'Bearer t',
      'if-none-match',
      '"x"',
      'accept-encoding',
      'gzip',
      'range',
      'bytes=9-',
    ];
    const setting = new OpenAPI();
    setting.ask({ target: `${MERGED}?hash=HASH`, fields });
    const { head } = setting.asking;
    assert.deepEqual([head.method, head.target], ['GET', `${MERGED}?hash=HASH`]);
    assert.deepEqual(fieldValues(head.fields, 'range'), ['bytes=0-0']);
    assert.deepEqual(fieldValues(head.fields, 'accept'), ['application/json']);
    assert.equal(fieldValue(head.fields, 'if-none-match'), undefined);
    assert.equal(fieldValue(head.fields, 'authorization'), 'Bearer t');
  });

  for (const status of [200, 206, 301, 404]) {
    test(`${status} grants, and is believed for a while`, async () => {
      const setting = new OpenAPI();
      const exchange = setting.ask({ target: '/openapi/v3' });
      setting.asking.respond(status, [], '');
      await settled();
      assert.equal(exchange.answer.head.status, 200);
      const again = setting.ask({ target: '/openapi/v3' });
      await settled();
      assert.equal(again.answer.head.status, 200);
      assert.equal(setting.asked.length, 1);
      setting.now += 3_000;
      setting.ask({ target: '/openapi/v3' });
      assert.equal(setting.asked.length, 2);
    });
  }

  test('to read one path is none to read another', () => {
    const setting = new OpenAPI();
    setting.ask({ target: '/openapi/v3' });
    setting.asking.respond(200, [], '');
    setting.ask({ target: '/openapi/v2' });
    assert.equal(setting.asked.length, 2);
  });

  test('403 is relayed: the client hears it as to its own words, and nothing is read', async () => {
    const setting = new OpenAPI();
    const exchange = setting.ask({ target: MERGED, fields: ['accept', PROTOBUF] });
    setting.asking.respond(403, [], 'no');
    assert.equal(fieldValue(setting.asking.head.fields, 'accept'), PROTOBUF);
    setting.asking.respond(403, [], 'no');
    await settled();
    assert.deepEqual([exchange.answer.head.status, exchange.answer.body.text], [403, 'no']);
    assert.deepEqual(setting.reads, []);
  });

  test('nobody is told anything while no server is ready', async () => {
    const setting = new OpenAPI();
    setting.swap({ servers: setting.control.snapshot.servers.map((server) => ({ ...server, ready: false })) });
    const exchange = setting.ask({ target: '/openapi/v3' });
    await settled();
    assert.equal(exchange.answer.head.status, 503);
  });
});

describe('the index', () => {
  test('has the fields of kube-apiserver’s, and an ETag', async () => {
    const { head, body } = (await new OpenAPI().answered({ target: '/openapi/v3' })).answer;
    assert.equal(head.status, 200);
    assert.deepEqual(head.fields, [
      ...['etag', '"INDEX"', 'cache-control', 'no-cache, private', 'vary', 'Accept-Encoding'],
      ...['content-type', 'text/plain; charset=utf-8', 'content-length', '12'],
    ]);
    assert.equal(body.text, '{"paths":{}}');
  });

  test('comes compressed to who can read that, and 304 to who has it', async () => {
    const setting = new OpenAPI();
    const zipped = await setting.answered({ target: '/openapi/v3', fields: ['accept-encoding', 'gzip'] });
    assert.equal(answerField(zipped.answer, 'content-encoding'), 'gzip');
    assert.equal(gunzipSync(Buffer.from(zipped.answer.body.text, 'latin1')).toString(), '{"paths":{}}');
    const known = setting.ask({ target: '/openapi/v3', fields: ['if-none-match', 'W/"INDEX"'] });
    await settled();
    assert.deepEqual([known.answer.head.status, known.answer.body.text], [304, '']);
  });
});

describe('a merged document', () => {
  test('may be kept for ever under the address that has its hash', async () => {
    const exchange = await new OpenAPI().answered({ target: `${MERGED}?hash=HASH&timeout=32s` });
    assert.deepEqual([exchange.answer.head.status, exchange.answer.body.text], [200, 'merged']);
    assert.equal(answerField(exchange.answer, 'etag'), '"HASH"');
    assert.equal(answerField(exchange.answer, 'cache-control'), 'public, immutable');
    assert.match(answerField(exchange.answer, 'expires') ?? '', /^\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d UTC$/);
    assert.deepEqual(fieldValues(exchange.answer.head.fields, 'vary'), ['Accept-Encoding', 'Accept']);
  });

  test('without a hash it must be asked for again', async () => {
    const exchange = await new OpenAPI().answered({ target: MERGED });
    assert.equal(exchange.answer.head.status, 200);
    assert.equal(answerField(exchange.answer, 'cache-control'), 'no-cache, private');
  });

  test('under another hash leads to the right one, and is not even read', async () => {
    const setting = new OpenAPI();
    const exchange = await setting.answered({ target: `${MERGED}?hash=OTHER` });
    assert.equal(exchange.answer.head.status, 301);
    assert.equal(answerField(exchange.answer, 'location'), `${MERGED}?hash=HASH`);
    assert.equal(answerField(exchange.answer, 'etag'), '"HASH"');
    assert.deepEqual(setting.reads, []);
  });

  test('that is not the one in the index is not kept, and leads nowhere', async () => {
    const setting = new OpenAPI();
    setting.document = documentOf('part', 'PART');
    const exchange = await setting.answered({ target: `${MERGED}?hash=HASH` });
    assert.deepEqual([exchange.answer.head.status, exchange.answer.body.text], [200, 'part']);
    assert.equal(answerField(exchange.answer, 'etag'), '"PART"');
    assert.equal(answerField(exchange.answer, 'cache-control'), 'no-cache, private');
  });

  test('that cannot be made is 503 that clients repeat', async () => {
    const setting = new OpenAPI();
    setting.document = undefined;
    const exchange = await setting.answered({ target: MERGED });
    assert.equal(exchange.answer.head.status, 503);
    assert.equal(answerField(exchange.answer, 'retry-after'), '1');
    assert.equal(setting.forwarded, 0);
  });

  test('that cannot be made in protobuf is a server’s to refuse', async () => {
    const setting = new OpenAPI();
    setting.document = undefined;
    const exchange = await setting.answered({ target: MERGED, fields: ['accept', PROTOBUF] });
    assert.deepEqual([exchange.answers.length, setting.forwarded], [0, 1]);
    assert.deepEqual(setting.reads, ['document protobuf']);
  });

  test('that cannot be made is 503 for a request with a body, which is consumed', async () => {
    const setting = new OpenAPI();
    setting.document = undefined;
    const exchange = await setting.answered({ target: MERGED, fields: ['accept', PROTOBUF], hasBody: true });
    assert.deepEqual([exchange.answer.head.status, setting.forwarded], [503, 0]);
  });

  test('that has left the merged view meanwhile is a server’s to answer', async () => {
    const setting = new OpenAPI();
    const exchange = setting.ask({ target: MERGED });
    setting.swap({ publishedOpenAPI: undefined });
    setting.asking.respond(200, [], '');
    await settled();
    assert.deepEqual([exchange.answers.length, setting.forwarded], [0, 1]);
  });
});

describe('/openapi/v2', () => {
  for (const [accept, encoding] of [
    ['application/json', 'json'],
    [PROTOBUF.replace('v3', 'v2'), 'protobuf'],
  ] as const) {
    test(`is of all servers (${encoding})`, async () => {
      const setting = new OpenAPI();
      const exchange = await setting.answered({ target: '/openapi/v2', fields: ['accept', accept] });
      assert.deepEqual([exchange.answer.head.status, exchange.answer.body.text], [200, 'v2']);
      assert.equal(answerField(exchange.answer, 'etag'), '"V2"');
      assert.equal(answerField(exchange.answer, 'cache-control'), 'no-cache, private');
      assert.deepEqual(fieldValues(exchange.answer.head.fields, 'vary'), ['Accept-Encoding', 'Accept']);
      assert.deepEqual(setting.reads, [`v2 ${encoding}`]);
    });
  }

  test('that cannot be made comes from a server', async () => {
    const setting = new OpenAPI();
    setting.v2 = undefined;
    const exchange = await setting.answered({ target: '/openapi/v2' });
    assert.deepEqual([exchange.answers.length, setting.forwarded], [0, 1]);
  });
});

test('what is answered from the merged view is observed with its status', async () => {
  const setting = new OpenAPI();
  await setting.answered({ target: '/openapi/v3' });
  assert.deepEqual(
    setting.observer.records.map(({ method, status, info }) => [method, status, info?.path]),
    [['GET', 200, '/openapi/v3']],
  );
});
