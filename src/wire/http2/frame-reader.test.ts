import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type Frame, frame } from '../../../test/support/h2-frames.ts';
import { Flag, FRAME_HEADER_LENGTH, FrameType } from './frame.ts';
import { type FrameHandler, FrameReader } from './frame-reader.ts';
import { breaks } from './testing/breaks.ts';

const MAX = 300;

/** Puts the pieces of DATA together again. */
class Frames implements FrameHandler {
  readonly frames: Frame[] = [];
  /** Payload octets of DATA, and how they came. */
  readonly pieces: number[] = [];
  /** Called with each frame as it ends, and each piece of one. */
  onAny: () => void = () => {};
  #begun: { readonly flags: number; readonly streamId: number; readonly length: number } | undefined;
  #payload: Buffer[] = [];

  onFrame(type: number, flags: number, streamId: number, bytes: Buffer, start: number, end: number): void {
    assert.equal(this.#begun, undefined, 'another frame within DATA');
    this.frames.push({ type, flags, streamId, payload: Buffer.from(bytes.subarray(start, end)) });
    this.onAny();
  }

  onDataFrame(flags: number, streamId: number, length: number): void {
    assert.equal(this.#begun, undefined, 'DATA within DATA');
    this.#begun = { flags, streamId, length };
    this.#payload = [];
  }

  onData(chunk: Buffer, left: number): void {
    const begun = this.#begun;
    assert.ok(begun !== undefined, 'a piece of no frame');
    this.#payload.push(Buffer.from(chunk));
    this.pieces.push(chunk.length);
    const payload = Buffer.concat(this.#payload);
    assert.equal(payload.length + left, begun.length);
    if (left === 0) {
      this.#begun = undefined;
      this.frames.push({ type: FrameType.DATA, flags: begun.flags, streamId: begun.streamId, payload });
    }
    this.onAny();
  }
}

function read(chunks: readonly Buffer[], maxFrameSize = MAX): Frames {
  const frames = new Frames();
  const reader = new FrameReader(frames, maxFrameSize);
  for (const chunk of chunks) reader.push(chunk);
  return frames;
}

const bytesOf = ({ type, flags, streamId, payload }: Frame): Buffer => frame(type, flags, streamId, payload);

const anyFrame: fc.Arbitrary<Frame> = fc.record(
  {
    type: fc.oneof(fc.constant(FrameType.DATA), fc.nat(11)),
    flags: fc.nat(255),
    streamId: fc.oneof(fc.nat(9), fc.nat(2 ** 31 - 1)),
    payload: fc.uint8Array({ maxLength: MAX }).map((octets) => Buffer.from(octets)),
  },
  { noNullPrototype: true },
);

/** Cuts `bytes` behind each of the steps, again and again. */
function split(bytes: Buffer, steps: readonly number[]): Buffer[] {
  const chunks: Buffer[] = [];
  for (let at = 0, i = 0; at < bytes.length; i += 1) {
    const end = Math.min(bytes.length, at + (steps[i % steps.length] ?? 1));
    chunks.push(bytes.subarray(at, end));
    at = end;
  }
  return chunks;
}

test('however a stream of frames is cut, the same frames come out', () => {
  const step = fc.oneof(fc.integer({ min: 1, max: 12 }), fc.integer({ min: 1, max: 700 }));
  fc.assert(
    fc.property(
      fc.array(anyFrame, { maxLength: 12 }),
      fc.array(step, { minLength: 1, maxLength: 20 }),
      (sent, steps) => {
        const chunks = split(Buffer.concat(sent.map(bytesOf)), steps);
        assert.deepEqual(read(chunks).frames, sent);
      },
    ),
    { numRuns: 500 },
  );
});

test('octet by octet, and all at once', () => {
  const sent: Frame[] = [
    { type: FrameType.SETTINGS, flags: 0, streamId: 0, payload: Buffer.alloc(0) },
    { type: FrameType.HEADERS, flags: Flag.END_HEADERS, streamId: 1, payload: Buffer.from('block') },
    { type: FrameType.DATA, flags: 0, streamId: 1, payload: Buffer.from('some data') },
    { type: FrameType.DATA, flags: Flag.PADDED, streamId: 1, payload: Buffer.from('\x02data\0\0') },
    { type: FrameType.DATA, flags: Flag.END_STREAM, streamId: 1, payload: Buffer.alloc(0) },
  ];
  const bytes = Buffer.concat(sent.map(bytesOf));
  assert.deepEqual(read(split(bytes, [1])).frames, sent);
  assert.deepEqual(read([bytes]).frames, sent);
});

test('DATA is handed on as it arrives: nothing of it is kept', () => {
  const size = 2 ** 20;
  const frames = new Frames();
  const reader = new FrameReader(frames, size);
  const bytes = frame(FrameType.DATA, 0, 1, Buffer.alloc(size, 'd'));
  for (const chunk of split(bytes, [FRAME_HEADER_LENGTH, 1, 5000])) {
    const before = frames.pieces.reduce((sum, octets) => sum + octets, 0);
    reader.push(chunk);
    const after = frames.pieces.reduce((sum, octets) => sum + octets, 0);
    if (chunk.length !== FRAME_HEADER_LENGTH) assert.equal(after - before, chunk.length);
  }
  assert.equal(frames.frames[0]?.payload.length, size);
});

test('DATA that is a whole chunk is handed on without a copy', () => {
  const frames = new Frames();
  const reader = new FrameReader(frames, MAX);
  const payload = Buffer.from('the same octets');
  const [header, body] = [frame(FrameType.DATA, 0, 1, payload).subarray(0, FRAME_HEADER_LENGTH), Buffer.from(payload)];
  const seen: Buffer[] = [];
  const handOn = frames.onData.bind(frames);
  frames.onData = (chunk, left) => {
    seen.push(chunk);
    handOn(chunk, left);
  };
  reader.push(header);
  reader.push(body);
  assert.equal(seen[0], body);
});

test('padded DATA comes whole, because its end says where its data ends', () => {
  const payload = Buffer.from('\x03padded\0\0\0');
  const frames = read(split(frame(FrameType.DATA, Flag.PADDED, 1, payload), [7]));
  assert.deepEqual(frames.pieces, []);
  assert.deepEqual(frames.frames, [{ type: FrameType.DATA, flags: Flag.PADDED, streamId: 1, payload }]);
});

test('a frame of the largest size passes; one octet more is refused before it arrives (RFC 9113 section 4.2)', () => {
  for (const type of [FrameType.DATA, FrameType.HEADERS, FrameType.SETTINGS, 0xfa]) {
    const longest = frame(type, 0, 1, Buffer.alloc(MAX));
    assert.equal(read([longest]).frames.length, 1);
    const header = frame(type, 0, 1, Buffer.alloc(MAX + 1)).subarray(0, FRAME_HEADER_LENGTH);
    for (const step of [1, FRAME_HEADER_LENGTH]) {
      assert.throws(() => read(split(header, [step])), breaks('FRAME_SIZE_ERROR'));
    }
  }
});

test('the reserved bit of a stream identifier means nothing (RFC 9113 section 4.1)', () => {
  for (const type of [FrameType.DATA, FrameType.HEADERS]) {
    const bytes = frame(type, 0, 0x8000_0005, Buffer.from('x'));
    assert.deepEqual([read([bytes]).frames[0]?.streamId, read(split(bytes, [1])).frames[0]?.streamId], [5, 5]);
  }
});

test('after a stop nothing comes, not even the rest of the same chunk', () => {
  const frames: Frame[] = Array.from({ length: 3 }, (_, i) => ({
    type: i === 1 ? FrameType.DATA : FrameType.PING,
    flags: 0,
    streamId: i,
    payload: Buffer.alloc(8),
  }));
  const bytes = Buffer.concat(frames.map(bytesOf));
  for (const steps of [[bytes.length], [1], [20]]) {
    for (const stopAt of [1, 2]) {
      const seen = new Frames();
      const reader = new FrameReader(seen, MAX);
      let calls = 0;
      seen.onAny = () => {
        calls += 1;
        if (calls === stopAt) reader.stop();
      };
      for (const chunk of split(bytes, steps)) reader.push(chunk);
      assert.equal(calls, stopAt);
    }
  }
});

test('who stops at the beginning of an empty DATA frame does not hear of its end', () => {
  const seen = new Frames();
  const reader = new FrameReader(seen, MAX);
  seen.onDataFrame = () => reader.stop();
  reader.push(frame(FrameType.DATA, 0, 1));
  assert.deepEqual(seen.pieces, []);
});
