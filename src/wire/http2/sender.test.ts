import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type Frame, FrameReader } from '../../../test/support/h2-frames.ts';
import type { Fields } from '../fields.ts';
import { HIGH_WATER, LOW_WATER } from './limits.ts';
import { Output } from './output.ts';
import { Sender } from './sender.ts';
import { initialPeerSettings, type PeerSettings } from './settings.ts';
import type { Stream } from './stream.ts';
import { breaks } from './testing/breaks.ts';
import { FakeSocket } from './testing/fake-socket.ts';
import { FakeStreamHost, PlainStream } from './testing/fake-stream-host.ts';

/** A connection of nothing but a sender and streams. */
class Sending extends FakeStreamHost {
  readonly socket = new FakeSocket();
  readonly peer: PeerSettings = initialPeerSettings();
  readonly output: Output = new Output(this.socket.asSocket(), () => this.sender.drained());
  readonly sender: Sender = new Sender(this.output, this.peer);
  readonly streams: PlainStream[] = [];

  stream(window = 1e9): PlainStream {
    const stream = new PlainStream(this, 'ended', 'body', 2 * this.streams.length + 1);
    stream.sendWindow = window;
    this.streams.push(stream);
    return stream;
  }

  override sendData(stream: Stream, chunk: Uint8Array, start: number): number {
    return this.sender.send(stream, chunk, start);
  }

  override sendEnd(stream: Stream, _trailers: Fields): void {
    this.output.endStream(stream.id);
  }

  frames(): Frame[] {
    this.output.flush();
    return new FrameReader().push(this.socket.bytes);
  }

  /** Stream and length of each frame. */
  lengths(): (readonly [number, number])[] {
    return this.frames().map(({ streamId, payload }) => [streamId, payload.length]);
  }

  octetsOf(stream: Stream): number {
    return this.lengths().reduce((sum, [id, length]) => sum + (id === stream.id ? length : 0), 0);
  }
}

const WINDOW = 65_535;

test('a stream sends no more than its window, the window of the connection and a frame allow (RFC 9113 section 5.2)', () => {
  const sending = new Sending();
  const stream = sending.stream(20_000);
  assert.equal(stream.write(Buffer.alloc(30_000)), false);
  assert.deepEqual(sending.lengths(), [
    [1, 16_384],
    [1, 3616],
  ]);
  stream.sendWindow += 100_000;
  stream.pump();
  assert.equal(sending.octetsOf(stream), 30_000);
  stream.write(Buffer.alloc(100_000));
  assert.equal(sending.octetsOf(stream), WINDOW);
  sending.sender.widen(1);
  assert.equal(sending.octetsOf(stream), WINDOW + 1);
  sending.peer.maxFrameSize = 50_000;
  sending.sender.widen(1_000_000);
  assert.deepEqual(sending.lengths().at(-2), [1, 50_000]);
  assert.equal(sending.octetsOf(stream), 120_000);
});

test('streams that wait for the connection take turns', () => {
  const sending = new Sending();
  const streams = [sending.stream(), sending.stream(), sending.stream()];
  sending.stream().write(Buffer.alloc(WINDOW));
  for (const stream of streams) stream.write(Buffer.alloc(1000));
  const order: number[] = [];
  let before = sending.lengths().length;
  for (let turn = 0; turn < 7; turn += 1) {
    sending.sender.widen(100);
    const lengths = sending.lengths();
    order.push(...lengths.slice(before).map(([id]) => id));
    before = lengths.length;
  }
  assert.deepEqual(order, [1, 3, 5, 1, 3, 5, 1]);
});

test('a stream whose own window is closed does not stand in the way of others', () => {
  const sending = new Sending();
  const [closed, open] = [sending.stream(0), sending.stream()];
  assert.equal(closed.write(Buffer.alloc(100)), false);
  assert.equal(open.write(Buffer.alloc(100)), true);
  assert.deepEqual(sending.lengths(), [[3, 100]]);
});

test('what is forgotten is not pumped', () => {
  const sending = new Sending();
  const [gone, stays] = [sending.stream(), sending.stream()];
  sending.stream().write(Buffer.alloc(WINDOW));
  gone.write(Buffer.alloc(10));
  stays.write(Buffer.alloc(10));
  sending.sender.forget(gone);
  sending.sender.widen(100);
  assert.deepEqual([sending.octetsOf(gone), sending.octetsOf(stays)], [0, 10]);
});

test('a changed initial window changes all windows, to less than nothing too (section 6.9.2)', () => {
  const sending = new Sending();
  const stream = sending.stream(1000);
  stream.write(Buffer.alloc(1500));
  sending.sender.resize(sending.streams, -600);
  assert.equal(stream.sendWindow, -600);
  sending.sender.resize(sending.streams, 600);
  assert.equal(sending.octetsOf(stream), 1000, 'a window of nothing lets nothing through');
  sending.sender.resize(sending.streams, 300);
  assert.equal(sending.octetsOf(stream), 1300);
  stream.sendWindow = 2 ** 31 - 10;
  assert.throws(() => sending.sender.resize(sending.streams, 10), breaks('FLOW_CONTROL_ERROR'));
});

test('increments that are none, or too much (sections 6.9 and 6.9.1)', () => {
  const { sender } = new Sending();
  assert.throws(() => sender.widen(0), breaks('PROTOCOL_ERROR'));
  sender.widen(2 ** 31 - 1 - WINDOW);
  assert.throws(() => sender.widen(1), breaks('FLOW_CONTROL_ERROR'));
});

test('a peer that does not read is sent no more than the high-water mark, and more only below the low one', () => {
  const sending = new Sending();
  sending.sender.widen(1e9);
  const [first, second] = [sending.stream(), sending.stream()];
  const piece = Buffer.alloc(10_000);
  let written = 0;
  while (first.write(piece)) written += 1;
  assert.ok(sending.output.backlog >= HIGH_WATER && sending.output.backlog < HIGH_WATER + 2 * 16_384);
  assert.ok(written > 0);
  assert.equal(second.write(piece), false);
  assert.equal(sending.octetsOf(second), 0);
  let drained = 0;
  second.onDrain = () => {
    drained += 1;
  };
  sending.output.flush();
  while (sending.output.backlog > LOW_WATER) {
    assert.equal(drained, 0, `at ${sending.output.backlog}`);
    sending.socket.take();
  }
  assert.equal(drained, 1);
  assert.equal(sending.octetsOf(second), 10_000);
});

test('a window that opens while the socket is full is used once the socket is not', () => {
  const sending = new Sending();
  const stream = sending.stream(2 * HIGH_WATER);
  sending.sender.widen(1e9);
  stream.write(Buffer.alloc(3 * HIGH_WATER));
  sending.output.flush();
  const before = sending.octetsOf(stream);
  stream.sendWindow += 2 * HIGH_WATER;
  stream.pump();
  assert.equal(sending.octetsOf(stream), before);
  while (sending.socket.pending > 0) {
    sending.socket.take();
    sending.output.flush();
  }
  assert.equal(sending.octetsOf(stream), 3 * HIGH_WATER);
});

test('whatever is written, opened, shrunk and drained: within all windows, nobody is forgotten, every octet once', () => {
  const step = fc.record({
    kind: fc.constantFrom('write', 'write', 'stream', 'connection', 'resize', 'drain'),
    which: fc.nat(3),
    size: fc.oneof(fc.nat(200), fc.nat(60_000)),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const sending = new Sending();
      const streams = Array.from({ length: 4 }, () => sending.stream(1000));
      const written = [0, 0, 0, 0];
      const allowed = [1000, 1000, 1000, 1000];
      let allowedAll = WINDOW;
      let initial = 0;
      for (const { kind, which, size } of steps) {
        const stream = streams[which] as PlainStream;
        if (kind === 'write') {
          stream.write(Buffer.alloc(size, 97 + ((written[which] as number) % 26)));
          written[which] = (written[which] as number) + size;
        } else if (kind === 'stream') {
          stream.sendWindow += size;
          allowed[which] = (allowed[which] as number) + size;
          stream.pump();
        } else if (kind === 'connection' && size > 0) {
          allowedAll += size;
          sending.sender.widen(size);
        } else if (kind === 'resize') {
          const difference = size - initial;
          initial = size;
          for (const i of allowed.keys()) allowed[i] = (allowed[i] as number) + difference;
          sending.sender.resize(streams, difference);
        } else if (kind === 'drain') sending.socket.takeAll();
        let all = 0;
        for (const [i, stream] of streams.entries()) {
          const sent = sending.octetsOf(stream);
          all += sent;
          assert.ok(sent <= (written[i] as number));
          assert.equal(stream.sendWindow, (allowed[i] as number) - sent);
        }
        assert.ok(all <= allowedAll);
      }
      sending.sender.widen(1e9);
      sending.sender.resize(streams, 1e9);
      for (let i = 0; i < 100; i += 1) {
        sending.output.flush();
        sending.socket.takeAll();
      }
      for (const [i, stream] of streams.entries()) assert.equal(sending.octetsOf(stream), written[i]);
    }),
  );
});
