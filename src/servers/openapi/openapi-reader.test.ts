import assert from 'node:assert/strict';
import { describe, type TestContext, test } from 'node:test';
import { FakeOpenAPI } from '../../../test/support/fake-openapi.ts';
import { type ArrivedRequest, FakeUpstream } from '../../../test/support/fake-upstream.ts';
import { settled } from '../../../test/support/proxy-setting.ts';
import { fieldValue } from '../../wire/fields.ts';
import { OpenAPIReader } from './openapi-reader.ts';

const PATH = 'apis/example.com/v1';

function setUp(t: TestContext) {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  t.mock.method(performance, 'now', () => now);
  t.mock.method(Math, 'random', () => 0);
  let now = 1_000;
  const fake = new FakeOpenAPI('new', { [PATH]: ['Widget'] });
  const log: string[] = [];
  const put = (level: string) => (message: string, fields?: object) =>
    log.push(`${level} ${message} ${JSON.stringify(fields)}`);
  const played = { hangs: false, refuses: false, asked: [] as ArrivedRequest[], changes: 0 };
  const upstream = new FakeUpstream((request) => {
    played.asked.push(request);
    if (played.hangs) return;
    if (played.refuses) request.fail({ message: 'nobody listens' });
    else {
      const { status, fields, body } = fake.answer(request.head.target, fieldValue(request.head.fields, 'x'));
      request.respond(status, fields, body);
    }
  });
  const reader = new OpenAPIReader({
    server: 's',
    upstream,
    fields: ['user-agent', 'us'],
    intervalMs: 2_000,
    timeoutMs: 5_000,
    maxBytes: 10_000,
    logger: { debug: put('debug'), info: put('info'), warn: put('warn'), error: put('error') },
    changed: () => played.changes++,
  });
  t.after(() => reader.stop());
  const pass = async (milliseconds: number) => {
    for (let step = 0; step < milliseconds; step += 100) {
      now += 100;
      t.mock.timers.tick(100);
      await settled();
    }
  };
  const started = async () => {
    reader.start();
    await pass(100);
  };
  return { reader, fake, played, log, pass, started };
}

const paths = (reader: OpenAPIReader) => reader.seen.index && [...reader.seen.index.keys()];

test('the index is read at the interval, as ourselves, and what is new is told', async (t) => {
  const { reader, fake, played, started, pass } = setUp(t);
  await started();
  assert.deepEqual(paths(reader), [PATH]);
  assert.deepEqual([played.changes, reader.failure, reader.isTried], [1, '', true]);
  assert.equal(fieldValue(played.asked[0]?.head.fields ?? [], 'user-agent'), 'us');
  const { index } = reader.seen;
  await pass(2_000);
  assert.deepEqual(fake.requests, ['/openapi/v3', '/openapi/v3']);
  assert.equal(reader.seen.index, index, 'equal bytes are the same index');
  assert.equal(played.changes, 1);
  fake.kinds = { [PATH]: ['Widget', 'Gadget'], 'apis/new.example/v1': ['New'] };
  await pass(2_000);
  assert.deepEqual(paths(reader), [PATH, 'apis/new.example/v1']);
  assert.equal(played.changes, 2);
});

test('it is read at once when somebody asks', async (t) => {
  const { reader, fake, started } = setUp(t);
  await started();
  fake.kinds = {};
  assert.equal(await reader.again(), true);
  assert.deepEqual(paths(reader), []);
});

describe('the last good index stays', () => {
  for (const [what, instead] of [
    ['an error', { status: 500, fields: [], body: 'no' }],
    ['403', { status: 403, fields: [], body: 'no' }],
    ['garbage', { status: 200, fields: [], body: '<html>' }],
    ['half of it', { status: 200, fields: [], body: '{"paths":{"' }],
    ['another document', { status: 200, fields: [], body: '{"kind":"Status"}' }],
    ['too much', { status: 200, fields: [], body: 'x'.repeat(10_001) }],
  ] as const) {
    test(`when the server answers with ${what}; the reason is said once`, async (t) => {
      const { reader, fake, log, started, pass } = setUp(t);
      await started();
      fake.instead = instead;
      await pass(10_000);
      assert.deepEqual(paths(reader), [PATH]);
      assert.notEqual(reader.failure, '');
      assert.equal(log.length, 1);
      assert.ok(log[0]?.startsWith('warn ') && log[0].includes('"server":"s"'), log[0]);
      fake.instead = undefined;
      await pass(5_000);
      assert.equal(reader.failure, '');
      assert.match(log.at(-1) ?? '', /^info the OpenAPI index can be read again/);
    });
  }

  test('when the server does not answer at all', async (t) => {
    const { reader, played, log, started, pass } = setUp(t);
    await started();
    played.hangs = true;
    await pass(8_000);
    assert.deepEqual(paths(reader), [PATH]);
    assert.match(reader.failure, /not answered completely within 5000 ms/);
    assert.equal(log.length, 1);
    assert.equal(played.asked[1]?.resetReason, 'timeout');
  });

  test('when nobody listens, which others say', async (t) => {
    const { reader, played, log, started, pass } = setUp(t);
    await started();
    played.refuses = true;
    await pass(4_000);
    assert.deepEqual(paths(reader), [PATH]);
    assert.equal(reader.failure, 'nobody listens');
    assert.deepEqual(log, []);
  });
});

test('a server without /openapi/v3 has no documents', async (t) => {
  const { reader, fake, played, started, pass } = setUp(t);
  fake.instead = { status: 404, fields: [], body: '404 page not found\n' };
  await started();
  assert.deepEqual([paths(reader), reader.failure, played.changes], [[], '', 1]);
  fake.instead = undefined;
  await pass(2_000);
  assert.deepEqual([paths(reader), played.changes], [[PATH], 2]);
  fake.instead = { status: 404, fields: [], body: '404 page not found\n' };
  await pass(2_000);
  assert.deepEqual([paths(reader), played.changes], [[], 3]);
});

describe('a server that does not answer', () => {
  test('is waited for a second at the start', async (t) => {
    const { reader, played, started, pass } = setUp(t);
    played.hangs = true;
    await started();
    assert.equal(reader.isTried, false);
    await pass(1_000);
    assert.deepEqual([reader.isTried, played.changes, paths(reader)], [true, 1, undefined]);
  });

  test('is failing after a second, until it answers', async (t) => {
    const { reader, played, started, pass } = setUp(t);
    await started();
    assert.equal(reader.seen.isFailing, false);
    played.hangs = true;
    await pass(2_900);
    assert.equal(reader.seen.isFailing, true);
    assert.match(reader.failure, /has not been answered for 1000 ms/);
    assert.equal(played.changes, 2);
    await pass(5_000);
    assert.equal(reader.seen.isFailing, true);
    assert.match(reader.failure, /not answered completely within 5000 ms/);
    assert.equal(played.changes, 2);
    played.hangs = false;
    await pass(10_000);
    assert.deepEqual([reader.seen.isFailing, reader.failure, played.changes], [false, '', 3]);
  });

  test('makes refreshes wait only until it has shown that', async (t) => {
    const { reader, played, started, pass } = setUp(t);
    await started();
    played.hangs = true;
    await pass(2_000);
    let waits = true;
    void reader.againIfPrompt().then(() => {
      waits = false;
    });
    await settled();
    assert.equal(waits, true);
    await pass(1_000);
    await reader.againIfPrompt();
    await pass(5_000);
    assert.notEqual(reader.failure, '');
    await reader.againIfPrompt();
  });
});

test('a reload forgets nothing', async (t) => {
  const { reader, started } = setUp(t);
  await started();
  const next = new OpenAPIReader({
    server: 's',
    upstream: new FakeUpstream(),
    fields: [],
    intervalMs: 1,
    timeoutMs: 1,
    maxBytes: 1,
    logger: { debug() {}, info() {}, warn() {}, error() {} },
    changed() {},
  });
  next.inherit(reader);
  assert.deepEqual([paths(next), next.isTried], [[PATH], true]);
});

test('a reading that our own stop cuts off is no failure of the server', async (t) => {
  const { reader, played, log, pass, started } = setUp(t);
  await started();
  played.hangs = true;
  await pass(2_000);
  reader.stop();
  played.asked.at(-1)?.fail({ processed: 'unknown', cause: 'reset' });
  await settled();
  assert.deepEqual([log, reader.failure], [[], '']);
});
