import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { FakeBody, FakeSink } from '../../test/support/fake-exchange.ts';
import { settled } from '../../test/support/proxy-setting.ts';
import { type Peeked, PeekedBody } from './peeked-body.ts';
import { relay } from './relay.ts';

function peek(maxBytes = 8) {
  const source = new FakeBody();
  const seen: Peeked[] = [];
  const body = new PeekedBody(source, { maxBytes, patienceMs: 1_000 }, (peeked) => seen.push(peeked));
  return { source, seen, body };
}

const text = (bytes: Uint8Array) => Buffer.from(bytes).toString('latin1');

test('a short body is seen whole, and can be read afterwards', async () => {
  const { source, seen, body } = peek();
  source.send('ab');
  source.send('cd');
  source.end(['x-sum', '1']);
  await settled();
  const [peeked, ...others] = seen;
  assert.ok(peeked?.kind === 'whole');
  assert.deepEqual([text(peeked.bytes), others], ['abcd', []]);
  const sink = new FakeSink();
  relay(body, sink);
  await settled();
  assert.deepEqual([sink.text, sink.trailers], ['abcd', ['x-sum', '1']]);
});

test('an empty body is whole', async () => {
  const { source, seen } = peek();
  source.end();
  await settled();
  assert.ok(seen[0]?.kind === 'whole' && seen[0].bytes.length === 0);
});

test('one as long as the limit is whole, one that is longer is not, and nothing more of it is taken', async () => {
  const whole = peek(3);
  whole.source.send('abc');
  whole.source.end();
  const longer = peek(3);
  longer.source.send('abcd');
  longer.source.send('efgh');
  await settled();
  assert.deepEqual([whole.seen[0]?.kind, longer.seen], ['whole', [{ kind: 'longer' }]]);
  assert.ok(longer.source.paused && longer.source.held > 0);
  const sink = new FakeSink();
  relay(longer.body, sink);
  longer.source.end();
  await settled();
  assert.deepEqual([sink.text, sink.ending], ['abcdefgh', 'end']);
});

test('one that is too slow is longer for all we know', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const { source, seen, body } = peek();
  source.send('a');
  await settled();
  t.mock.timers.tick(999);
  assert.deepEqual(seen, []);
  t.mock.timers.tick(1);
  assert.deepEqual(seen, [{ kind: 'longer' }]);
  const sink = new FakeSink();
  relay(body, sink);
  source.send('b');
  source.end();
  await settled();
  assert.deepEqual([sink.text, sink.ending, seen.length], ['ab', 'end', 1]);
});

test('one that breaks off ends so for its reader, too', async () => {
  const { source, seen, body } = peek();
  source.send('a');
  source.reset('connection-lost');
  await settled();
  assert.deepEqual(seen, [{ kind: 'reset', reason: 'connection-lost' }]);
  const sink = new FakeSink();
  relay(body, sink);
  await settled();
  assert.equal(sink.ending, 'connection-lost');
});

test('a reader that is full gets nothing until it has room, and holds up the source', async () => {
  const { source, body } = peek(2);
  for (const part of ['a', 'b', 'c', 'd']) source.send(part);
  await settled();
  const sink = new FakeSink();
  sink.full = true;
  relay(body, sink);
  await settled();
  assert.equal(sink.text, 'a');
  assert.ok(source.paused);
  source.end();
  sink.drain();
  await settled();
  assert.deepEqual([sink.text, sink.ending], ['abcd', 'end']);
});

test('what a full reader leaves does not hold the whole read from the socket that it came in', async () => {
  const { source, body } = peek(4_000);
  const read = Buffer.alloc(65_536, 'x');
  for (let i = 0; i < 3; i++) source.send(read.subarray(i * 2_000, (i + 1) * 2_000));
  await settled();
  const received: Uint8Array[] = [];
  const data = (chunk: Uint8Array) => {
    received.push(chunk);
    return false;
  };
  body.read({ data, end: () => {}, reset: () => {} });
  await settled();
  assert.equal(received.length, 1);
  body.resume();
  assert.deepEqual(
    received.map(({ buffer }) => buffer.byteLength),
    [65_536, 2_000],
  );
});

test('however a body comes and whenever it is read, its reader gets the same bytes and ending', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.uint8Array({ maxLength: 4 }), { maxLength: 6 }),
      fc.nat({ max: 12 }),
      fc.boolean(),
      fc.array(fc.boolean(), { maxLength: 8 }),
      async (chunks, maxBytes, breaks, fullness) => {
        const source = new FakeBody();
        const sink = new FakeSink();
        const whole = Buffer.concat(chunks);
        let told = 0;
        const body: PeekedBody = new PeekedBody(source, { maxBytes, patienceMs: 1_000 }, (peeked) => {
          told++;
          if (peeked.kind === 'whole') assert.deepEqual(Buffer.from(peeked.bytes), whole);
          queueMicrotask(() => relay(body, sink));
        });
        for (const chunk of chunks) {
          source.send(chunk);
          sink.full = fullness.shift() ?? false;
          await settled();
          sink.drain();
        }
        if (breaks) source.reset('timeout');
        else source.end();
        await settled();
        sink.drain();
        await settled();
        assert.deepEqual([told, sink.ending, sink.late], [1, breaks ? 'timeout' : 'end', []]);
        if (breaks) assert.ok(whole.toString('latin1').startsWith(sink.text));
        else assert.equal(sink.text, whole.toString('latin1'));
      },
    ),
    { numRuns: 200 },
  );
});
