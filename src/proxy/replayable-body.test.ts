import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { FakeBody, FakeSink } from '../../test/support/fake-exchange.ts';
import { settled } from '../../test/support/proxy-setting.ts';
import { type Fields, withoutFields } from '../wire/fields.ts';
import { BufferBudget } from './buffer-budget.ts';
import { ReplayableBody } from './replayable-body.ts';

function setUp({ limit = 100, total = 1_000 } = {}) {
  const source = new FakeBody();
  const budget = new BufferBudget(total);
  const clean = (trailers: Fields) => withoutFields(trailers, (name) => name === 'x-remote-user');
  return { source, budget, body: new ReplayableBody(source, limit, budget, clean) };
}

test('nothing is read before there is somewhere to send it', async () => {
  const { source, body } = setUp();
  source.send('a');
  await settled();
  assert.equal(source.isRead, false);
  assert.equal(body.replayable, true);
});

test('the body streams through while it arrives', async () => {
  const { source, body } = setUp();
  const sink = new FakeSink();
  body.sendTo(sink);
  source.send('ab');
  await settled();
  assert.equal(sink.text, 'ab');
  source.send('c');
  assert.equal(sink.text, 'abc');
  source.end(['x-sum', '1']);
  assert.deepEqual(sink.trailers, ['x-sum', '1']);
});

test('a second server gets what came, what comes and the trailers; the first gets nothing more', async () => {
  const { source, body } = setUp();
  const [first, second] = [new FakeSink(), new FakeSink()];
  body.sendTo(first);
  source.send('ab');
  await settled();
  body.sendTo(second);
  assert.equal(second.text, 'ab');
  source.send('c');
  source.end(['x-sum', '1']);
  assert.deepEqual([first.text, first.ending], ['ab', undefined]);
  assert.deepEqual([second.text, second.trailers], ['abc', ['x-sum', '1']]);
});

test('a body that has ended is sent whole again, as often as needed', async () => {
  const { source, body } = setUp();
  body.sendTo(new FakeSink());
  for (const chunk of ['a', 'b', 'c']) source.send(chunk);
  source.end(['x-sum', '1']);
  await settled();
  for (let i = 0; i < 3; i++) {
    const sink = new FakeSink();
    body.sendTo(sink);
    assert.deepEqual([sink.text, sink.trailers], ['abc', ['x-sum', '1']]);
  }
});

test('a client that breaks off breaks the attempt off', async () => {
  const { source, body } = setUp();
  const sink = new FakeSink();
  body.sendTo(sink);
  source.send('a');
  source.reset('cancel');
  await settled();
  assert.deepEqual([sink.text, sink.ending], ['a', 'cancel']);
});

describe('backpressure', () => {
  test('a full server stops the client, and a server with room lets it go on', async () => {
    const { source, body } = setUp();
    const sink = new FakeSink();
    sink.full = true;
    body.sendTo(sink);
    for (const chunk of ['a', 'b', 'c']) source.send(chunk);
    await settled();
    assert.deepEqual([sink.text, source.held], ['a', 2]);
    sink.drain();
    await settled();
    assert.deepEqual([sink.text, source.held], ['abc', 0]);
  });

  test('the next server lets a client go on that the former stopped', async () => {
    const { source, body } = setUp();
    const [first, second] = [new FakeSink(), new FakeSink()];
    first.full = true;
    body.sendTo(first);
    source.send('a');
    source.send('b');
    await settled();
    body.sendTo(second);
    await settled();
    assert.equal(second.text, 'ab');
  });

  test('a server that the repetition fills stops the client', async () => {
    const { source, body } = setUp();
    const second = new FakeSink();
    body.sendTo(new FakeSink());
    source.send('a');
    await settled();
    second.full = true;
    body.sendTo(second);
    source.send('b');
    await settled();
    assert.deepEqual([second.text, source.held], ['a', 1]);
    second.drain();
    await settled();
    assert.equal(second.text, 'ab');
  });

  test('the former server has no say any more', async () => {
    const { source, body } = setUp();
    const [first, second] = [new FakeSink(), new FakeSink()];
    body.sendTo(first);
    source.send('a');
    await settled();
    second.full = true;
    body.sendTo(second);
    source.send('b');
    first.drain();
    await settled();
    assert.equal(source.held, 1);
  });
});

describe('what is kept', () => {
  test('counts against the shared budget until no attempt can follow', async () => {
    const { source, budget, body } = setUp();
    body.sendTo(new FakeSink());
    source.send('abc');
    source.send('de');
    await settled();
    assert.equal(budget.held, 5);
    body.commit();
    body.commit();
    assert.deepEqual([budget.held, body.replayable], [0, false]);
  });

  test('beyond its own limit the body streams on, but only once', async () => {
    const { source, budget, body } = setUp({ limit: 4 });
    const sink = new FakeSink();
    body.sendTo(sink);
    source.send('abcd');
    await settled();
    assert.deepEqual([body.replayable, budget.held], [true, 4]);
    source.send('e');
    source.send('f');
    source.end();
    assert.deepEqual([body.replayable, budget.held], [false, 0]);
    assert.deepEqual([sink.text, sink.ending], ['abcdef', 'end']);
  });

  test('beyond the shared budget likewise, and the share of others is untouched', async () => {
    const { source, budget, body } = setUp({ total: 10 });
    assert.ok(budget.take(8));
    const sink = new FakeSink();
    body.sendTo(sink);
    source.send('ab');
    await settled();
    assert.deepEqual([body.replayable, budget.held], [true, 10]);
    source.send('c');
    assert.deepEqual([body.replayable, budget.held, sink.text], [false, 8, 'abc']);
  });

  test('with a limit of 0 nothing is kept', async () => {
    const { source, budget, body } = setUp({ limit: 0 });
    body.sendTo(new FakeSink());
    source.send('a');
    await settled();
    assert.deepEqual([body.replayable, budget.held], [false, 0]);
  });
});

describe('a body that nobody wants', () => {
  test('is read away and forgotten, though a full server had stopped it', async () => {
    const { source, budget, body } = setUp();
    const sink = new FakeSink();
    sink.full = true;
    body.sendTo(sink);
    for (const chunk of ['a', 'b', 'c']) source.send(chunk);
    await settled();
    body.drain();
    await settled();
    source.end();
    assert.deepEqual([source.held, budget.held, sink.text, sink.ending], [0, 0, 'a', undefined]);
  });

  test('is read away also when it was never asked for', async () => {
    const { source, body, budget } = setUp();
    source.send('a');
    source.end();
    body.drain();
    await settled();
    assert.deepEqual([source.held, budget.held], [0, 0]);
  });
});

test('whatever the chunks, the pauses and the attempts, the last server gets the same bytes and trailers', async () => {
  const step = fc.oneof(
    { weight: 4, arbitrary: fc.uint8Array({ maxLength: 5 }).map((chunk) => ({ kind: 'chunk', chunk }) as const) },
    fc.record({ kind: fc.constant('attempt' as const), full: fc.boolean() }),
    fc.constant({ kind: 'drain' } as const),
    fc.constant({ kind: 'turn' } as const),
  );
  const trailers = fc.constantFrom([], ['x-sum', '1'], ['a', '1', 'a', '2']);
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 20 }), trailers, async (steps, sent) => {
      const { source, body, budget } = setUp({ limit: 1_000, total: 1_000 });
      const sinks: FakeSink[] = [];
      const attempt = (full: boolean) => {
        const sink = new FakeSink();
        sink.full = full;
        sinks.push(sink);
        body.sendTo(sink);
      };
      attempt(false);
      for (const one of steps) {
        if (one.kind === 'chunk') source.send(one.chunk);
        else if (one.kind === 'attempt') attempt(one.full);
        else if (one.kind === 'drain') sinks.at(-1)?.drain();
        else await settled();
      }
      source.end(sent);
      await settled();
      sinks.at(-1)?.drain();
      await settled();
      const whole = Buffer.concat(steps.flatMap((one) => (one.kind === 'chunk' ? [one.chunk] : []))).toString('latin1');
      const last = sinks.at(-1);
      assert.deepEqual([last?.text, last?.trailers, last?.late], [whole, sent, []]);
      for (const sink of sinks) assert.ok(whole.startsWith(sink.text));
      assert.equal(budget.held, whole.length);
      body.commit();
      assert.equal(budget.held, 0);
    }),
    { numRuns: 300 },
  );
});

test('trailers are cleaned before they travel, on every attempt', async () => {
  const { source, body } = setUp();
  const [first, second] = [new FakeSink(), new FakeSink()];
  body.sendTo(first);
  source.end(['x-sum', '1', 'x-remote-user', 'admin']);
  await settled();
  body.sendTo(second);
  assert.deepEqual(
    [first.trailers, second.trailers],
    [
      ['x-sum', '1'],
      ['x-sum', '1'],
    ],
  );
});

test('a body that breaks off is held no longer, nor sent again', async () => {
  const { source, budget, body } = setUp();
  body.sendTo(new FakeSink());
  source.send('half');
  await settled();
  assert.equal(budget.held, 4);
  source.reset('timeout');
  await settled();
  assert.deepEqual([budget.held, body.replayable], [0, false]);
});

test('while it is not known whether another attempt follows, nothing more is taken', async () => {
  const { source, body } = setUp();
  const [first, second] = [new FakeSink(), new FakeSink()];
  body.sendTo(first);
  source.send('a');
  await settled();
  body.hold();
  source.send('b');
  first.drain();
  await settled();
  assert.deepEqual([first.text, source.held], ['a', 1]);
  body.sendTo(second);
  await settled();
  assert.deepEqual([second.text, body.replayable], ['ab', true]);
  body.hold();
  source.send('c');
  await settled();
  assert.equal(second.text, 'ab');
  body.commit();
  await settled();
  assert.equal(second.text, 'abc');
});
