import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import fc from 'fast-check';
import { type Frame, FrameReader } from '../../../test/support/h2-frames.ts';
import { Flag, FrameType } from './frame.ts';
import { Output } from './output.ts';
import { FakeSocket } from './testing/fake-socket.ts';

function setUp(onSent: () => void = () => {}) {
  const socket = new FakeSocket();
  const output = new Output(socket.asSocket(), onSent);
  const frames = (): Frame[] => new FrameReader().push(socket.bytes);
  return { socket, output, frames };
}

const brief = (frames: readonly Frame[]) =>
  frames.map(({ type, flags, streamId, payload }) => [type, flags, streamId, payload.toString('latin1')]);
const bytes = (text: string): Buffer => Buffer.from(text, 'latin1');
const { DATA, HEADERS, CONTINUATION, PING, RST_STREAM, WINDOW_UPDATE } = FrameType;
const { END_HEADERS, END_STREAM } = Flag;

const callbackEnds = (): Promise<void> => new Promise((resolve) => process.nextTick(resolve));

test('what one callback has to say is one write, for each connection', async () => {
  const [a, b] = [setUp(), setUp()];
  for (const { output } of [a, b]) {
    output.headers(1, bytes('head'), 4, false, 16_384);
    output.data(1, bytes('body'), 0, 4);
    output.endStream(1);
    output.number(WINDOW_UPDATE, 0, 70_000);
    output.number(RST_STREAM, 3, 8);
    output.frame(PING, Flag.ACK, 0, bytes('12345678'));
  }
  assert.deepEqual([a.socket.writes.length, b.socket.writes.length], [0, 0]);
  await callbackEnds();
  for (const { socket, frames } of [a, b]) {
    assert.equal(socket.writes.length, 1);
    assert.deepEqual(brief(frames()), [
      [HEADERS, END_HEADERS, 1, 'head'],
      [DATA, END_STREAM, 1, 'body'],
      [WINDOW_UPDATE, 0, 0, '\x00\x01\x11\x70'],
      [RST_STREAM, 0, 3, '\0\0\0\x08'],
      [PING, Flag.ACK, 0, '12345678'],
    ]);
  }
  await setImmediate();
  assert.equal(a.socket.writes.length, 1, 'nothing to say, nothing written');
});

test('much waits for what the same turn of the event loop adds to it; a little elsewhere does not', async () => {
  const [much, little] = [setUp(), setUp()];
  const piece = Buffer.alloc(15_000);
  much.output.data(1, piece, 0, piece.length);
  little.output.data(1, piece, 0, 10);
  little.output.endStream(1);
  await callbackEnds();
  assert.deepEqual([much.socket.writes.length, little.socket.writes.length], [0, 1]);
  much.output.data(1, piece, 0, piece.length);
  await callbackEnds();
  assert.equal(much.socket.writes.length, 0);
  await setImmediate();
  assert.deepEqual(
    much.socket.writes.map(({ copy }) => copy.length),
    [2 * (9 + piece.length)],
  );
});

test('a message that breaks off waits for what the same turn adds to it, however little it is', async () => {
  const { output, socket } = setUp();
  output.headers(1, bytes('head'), 4, false, 16_384);
  await callbackEnds();
  assert.equal(socket.writes.length, 0);
  output.data(1, bytes('body'), 0, 4);
  output.endStream(1);
  await callbackEnds();
  assert.equal(socket.writes.length, 0);
  await setImmediate();
  assert.equal(socket.writes.length, 1);
});

test('what is to be sent is copied at once: whoever gave it may use it again', () => {
  const { output, frames } = setUp();
  const chunk = bytes('..data..');
  output.data(1, chunk, 2, 6);
  chunk.fill('x');
  output.flush();
  assert.deepEqual(brief(frames()), [[DATA, 0, 1, 'data']]);
});

describe('the end of a stream', () => {
  test('stands on its last frame, if that is the last of all', () => {
    const { output, frames } = setUp();
    output.data(1, bytes('one'), 0, 3);
    output.endStream(1);
    output.headers(3, bytes('head'), 4, false, 16_384);
    output.endStream(3);
    output.flush();
    assert.deepEqual(brief(frames()), [
      [DATA, END_STREAM, 1, 'one'],
      [HEADERS, END_HEADERS | END_STREAM, 3, 'head'],
    ]);
  });

  const elsewhere: readonly (readonly [string, (output: Output) => void])[] = [
    ["behind another stream's DATA", (output) => output.data(3, bytes('x'), 0, 1)],
    ['behind a frame of the connection', (output) => output.number(WINDOW_UPDATE, 0, 1)],
    ['behind a WINDOW_UPDATE of its own', (output) => output.number(WINDOW_UPDATE, 1, 1)],
    ['behind a frame that has left', (output) => output.flush()],
    ['behind a block that was continued', (output) => output.headers(1, Buffer.alloc(20), 20, false, 10)],
    ['behind an end', (output) => output.endStream(1)],
  ];
  for (const [where, between] of elsewhere) {
    test(`is a frame of its own ${where}`, () => {
      const { output, frames } = setUp();
      output.data(1, bytes('one'), 0, 3);
      between(output);
      output.endStream(1);
      output.flush();
      assert.deepEqual(brief(frames()).at(-1), [DATA, END_STREAM, 1, '']);
      assert.equal(
        brief(frames()).filter(([, flags]) => flags === END_STREAM).length,
        where === 'behind an end' ? 2 : 1,
      );
    });
  }
});

describe('a header block', () => {
  test('is continued where it is larger than a frame; it ends on the last, its stream on the first (6.10)', () => {
    const { output, frames } = setUp();
    const block = bytes('0123456789abcdefghij#not of it');
    output.headers(1, block, 20, true, 9);
    output.headers(3, block, 10, false, 10);
    output.headers(5, block, 0, true, 10);
    output.flush();
    assert.deepEqual(brief(frames()), [
      [HEADERS, END_STREAM, 1, '012345678'],
      [CONTINUATION, 0, 1, '9abcdefgh'],
      [CONTINUATION, END_HEADERS, 1, 'ij'],
      [HEADERS, END_HEADERS, 3, '0123456789'],
      [HEADERS, END_HEADERS | END_STREAM, 5, ''],
    ]);
  });

  test('of any length and for any frame size comes out whole, and within the size', () => {
    const length = fc.oneof(fc.nat(300), fc.nat(300_000));
    const size = fc.oneof(fc.integer({ min: 16_384, max: 200_000 }), fc.constant(2 ** 24 - 1));
    fc.assert(
      fc.property(length, size, (length, size) => {
        const { output, frames } = setUp();
        const block = Buffer.alloc(length, 'abcdefg');
        output.headers(1, block, length, false, size);
        output.flush();
        const all = frames();
        assert.ok(Buffer.concat(all.map(({ payload }) => payload)).equals(block));
        assert.ok(all.every(({ payload }) => payload.length <= size));
        assert.deepEqual(
          all.map(({ type }) => type),
          all.map((_, i) => (i === 0 ? HEADERS : CONTINUATION)),
        );
        assert.deepEqual(
          all.map(({ flags }) => flags),
          all.map((_, i) => (i === all.length - 1 ? END_HEADERS : 0)),
        );
      }),
      { numRuns: 50 },
    );
  });
});

test('a frame that is larger than any slab is sent all the same', () => {
  const { output, frames } = setUp();
  const large = Buffer.alloc(200_000, 'large');
  output.data(1, bytes('before'), 0, 6);
  output.data(1, large, 0, large.length);
  output.data(1, bytes('behind'), 0, 6);
  output.flush();
  assert.deepEqual(
    frames().map(({ payload }) => payload.length),
    [6, 200_000, 6],
  );
  assert.ok(frames()[1]?.payload.equals(large));
});

describe('memory', () => {
  const write = (output: Output, text: string): void => {
    output.data(1, bytes(text), 0, text.length);
    output.flush();
  };

  test('that a socket still sends from is written to by nobody, on any connection', () => {
    const pairs = [setUp(), setUp(), setUp()];
    let number = 0;
    for (let round = 0; round < 200; round += 1) {
      for (const [i, { output, socket }] of pairs.entries()) {
        write(output, `write ${number}`);
        number += 1;
        // Each drains at a pace of its own.
        if (round % (i + 2) === 0) while (socket.pending > i * 5) socket.take();
      }
      for (const { socket } of pairs) {
        const inFlight = socket.writes.slice(socket.writes.length - socket.pending);
        for (const { lent, copy } of inFlight) assert.ok(copy.equals(lent), 'written over while in flight');
      }
    }
    const slabs = pairs.flatMap(({ socket }) => socket.writes.slice(-socket.pending || socket.writes.length));
    assert.equal(new Set(slabs.map(({ lent }) => lent.buffer)).size, slabs.length, 'two in one slab');
    for (const { socket } of pairs) socket.takeAll();
  });

  test('that has left is used again', () => {
    const { output, socket } = setUp();
    for (let i = 0; i < 100; i += 1) {
      write(output, 'text');
      socket.take();
    }
    assert.equal(new Set(socket.writes.map(({ lent }) => lent.buffer)).size, 1);
  });
});

test('the backlog is what is not written plus what is not sent; who waits hears of each write that left', () => {
  let sent = 0;
  const { output, socket } = setUp(() => {
    sent += 1;
  });
  output.data(1, Buffer.alloc(100), 0, 100);
  assert.equal(output.backlog, 109);
  output.flush();
  assert.equal(output.backlog, 109);
  output.data(1, Buffer.alloc(10), 0, 10);
  assert.equal(output.backlog, 128);
  socket.take();
  assert.deepEqual([output.backlog, sent], [19, 1]);
});

test('nothing comes behind a close, but what was said before does', async () => {
  const { output, socket, frames } = setUp();
  output.frame(FrameType.GOAWAY, 0, 0, Buffer.alloc(8));
  output.flush();
  output.close();
  output.data(1, bytes('late'), 0, 4);
  output.headers(1, bytes('late'), 4, true, 2);
  output.endStream(1);
  output.number(RST_STREAM, 1, 8);
  output.frame(PING, 0, 0, Buffer.alloc(8));
  await setImmediate();
  assert.deepEqual([socket.writes.length, frames().length], [1, 1]);
});

test('a socket that is gone is not written to', async () => {
  for (const how of ['destroyed', 'ended'] as const) {
    const { output, socket } = setUp();
    output.number(WINDOW_UPDATE, 0, 1);
    if (how === 'destroyed') socket.destroyed = true;
    else socket.writable = false;
    await setImmediate();
    assert.equal(socket.writes.length, 0);
    assert.equal(output.backlog, 0);
  }
});

test('whatever is said and whenever it is flushed: the same frames in the same order', () => {
  const step = fc.record({
    kind: fc.constantFrom('data', 'data', 'headers', 'number', 'flush', 'take'),
    streamId: fc.constantFrom(1, 3, 5),
    size: fc.oneof(fc.nat(40), fc.nat(70_000)),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
      const { output, socket, frames } = setUp();
      const expected: (readonly [number, number, number])[] = [];
      for (const { kind, streamId, size } of steps) {
        if (kind === 'data') {
          output.data(streamId, Buffer.alloc(size + 2, streamId), 1, size + 1);
          expected.push([DATA, streamId, size]);
        } else if (kind === 'headers') {
          output.headers(streamId, Buffer.alloc(size, streamId), size, false, 60_000);
          expected.push([HEADERS, streamId, Math.min(size, 60_000)]);
          if (size > 60_000) expected.push([CONTINUATION, streamId, size - 60_000]);
        } else if (kind === 'number') {
          output.number(WINDOW_UPDATE, streamId, size);
          expected.push([WINDOW_UPDATE, streamId, 4]);
        } else if (kind === 'flush') output.flush();
        else if (socket.pending > 0) socket.take();
      }
      output.flush();
      const all = frames();
      assert.deepEqual(
        all.map(({ type, streamId, payload }) => [type, streamId, payload.length]),
        expected,
      );
      for (const { type, streamId, payload } of all) {
        if (type !== WINDOW_UPDATE) assert.ok(payload.every((octet) => octet === streamId));
      }
      socket.takeAll();
    }),
  );
});
