import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import type { BodyReceiver, ResetReason } from '../exchange.ts';
import type { Fields } from '../fields.ts';
import { ErrorCode } from './error-code.ts';
import { FakeStreamHost, PlainStream } from './testing/fake-stream-host.ts';

/** Reads a body and writes down what comes. */
class Reader implements BodyReceiver {
  readonly pieces: Uint8Array[] = [];
  readonly over: (Fields | ResetReason)[] = [];
  /** Asked with each piece. */
  wantsMore: () => boolean = () => true;

  data(chunk: Uint8Array): boolean {
    assert.deepEqual(this.over, [], 'nothing comes behind the end');
    this.pieces.push(chunk);
    return this.wantsMore();
  }

  end(trailers: Fields): void {
    this.over.push(trailers);
  }

  reset(reason: ResetReason): void {
    this.over.push(reason);
  }

  get text(): string {
    return Buffer.concat(this.pieces).toString('latin1');
  }
}

const bytes = (text: string): Buffer => Buffer.from(text, 'latin1');
/** Whoever reads hears of what is there in a turn of its own. */
const turn = (): Promise<void> => new Promise((resolve) => queueMicrotask(resolve));

function reading(streamWindow = 1000) {
  const host = new FakeStreamHost(streamWindow);
  const stream = new PlainStream(host);
  const reader = new Reader();
  return { host, stream, reader };
}

describe('what arrives', () => {
  test('waits for its reader, and comes to him in a turn of its own', async () => {
    const { host, stream, reader } = reading();
    stream.arrived(bytes('one '));
    stream.arrived(bytes('two'));
    stream.arrivedEnd(['grpc-status', '0']);
    assert.equal(host.held, 7);
    stream.read(reader);
    assert.equal(reader.pieces.length, 0);
    await turn();
    assert.equal(reader.text, 'one two');
    assert.deepEqual(reader.over, [['grpc-status', '0']]);
    assert.deepEqual([host.held, host.credits], [0, []]);
  });

  test('goes straight to a reader who is there', () => {
    const { host, stream, reader } = reading();
    stream.read(reader);
    stream.arrived(bytes('one'));
    assert.equal(reader.text, 'one');
    stream.arrivedEnd([]);
    assert.deepEqual(reader.over, [[]]);
    assert.equal(host.held, 0);
  });

  for (const how of ['pause', 'false'] as const) {
    test(`is held while its reader has asked for a pause (${how}), and credited only when taken`, () => {
      const { host, stream, reader } = reading(20);
      stream.read(reader);
      if (how === 'pause') stream.pause();
      else reader.wantsMore = () => false;
      stream.arrived(bytes('0123456789'));
      stream.arrived(bytes('abcdefghij'));
      stream.arrivedEnd([]);
      assert.equal(host.held, how === 'pause' ? 20 : 10);
      assert.deepEqual(host.credits, []);
      assert.deepEqual(reader.over, []);
      reader.wantsMore = () => true;
      stream.resume();
      assert.equal(reader.text, '0123456789abcdefghij');
      assert.deepEqual(reader.over, [[]]);
      assert.equal(host.held, 0);
    });
  }

  test('is credited in steps of half a window, to the peer as to our own book', () => {
    const { host, stream, reader } = reading(100);
    stream.read(reader);
    for (let i = 0; i < 10; i += 1) {
      stream.receiveWindow -= 30;
      stream.arrived(Buffer.alloc(30));
    }
    assert.deepEqual(host.credits, [60, 60, 60, 60, 60]);
    assert.equal(stream.receiveWindow, 100);
  });

  test('is not credited while a pause lasts, though it was taken, but when it ends', () => {
    const { host, stream, reader } = reading(100);
    stream.read(reader);
    reader.wantsMore = () => false;
    stream.arrived(Buffer.alloc(80));
    assert.deepEqual(host.credits, []);
    stream.resume();
    assert.deepEqual(host.credits, [80]);
  });

  test('is not credited once the message is whole', () => {
    const { host, stream, reader } = reading(100);
    stream.arrived(Buffer.alloc(80));
    stream.arrivedEnd([]);
    stream.read(reader);
    stream.resume();
    assert.deepEqual(host.credits, []);
  });

  test('as padding goes back to the peer, but not during a pause', () => {
    const { host, stream } = reading(100);
    stream.arrivedPadding(60);
    assert.deepEqual(host.credits, [60]);
    stream.pause();
    stream.arrivedPadding(70);
    assert.deepEqual(host.credits, [60]);
    stream.resume();
    assert.deepEqual(host.credits, [60, 70]);
  });

  test('is copied when it is a small part of what it came in, and only then', async () => {
    const { stream, reader } = reading();
    const read = Buffer.alloc(64 * 1024, 'x');
    const small = read.subarray(100, 200);
    const large = read.subarray(0, 60 * 1024);
    stream.arrived(small);
    stream.arrived(large);
    stream.read(reader);
    await turn();
    assert.equal(reader.pieces[0]?.buffer.byteLength, 100);
    assert.notEqual(reader.pieces[0]?.buffer, read.buffer);
    assert.equal(reader.pieces[1], large);
    assert.equal(reader.pieces[0]?.length, 100);
  });
});

describe('a stream that breaks', () => {
  test('drops what was held; its reader hears why, now or when he comes', async () => {
    for (const isRead of [true, false]) {
      const { host, stream, reader } = reading();
      if (isRead) stream.read(reader);
      stream.pause();
      stream.arrived(bytes('one'));
      stream.broke('refused');
      assert.equal(host.held, 0);
      if (!isRead) stream.read(reader);
      await turn();
      assert.deepEqual([reader.text, reader.over], ['', ['refused']]);
      assert.deepEqual(stream.breaks, ['refused']);
      assert.equal(host.closures, 1);
      assert.deepEqual(host.resets, []);
      stream.resume();
      stream.broke('cancel');
      assert.deepEqual([reader.over, host.closures], [['refused'], 1]);
    }
  });

  test('keeps a message that was whole (RFC 9113 section 8.1)', async () => {
    const { host, stream, reader } = reading();
    stream.arrived(bytes('whole'));
    stream.arrivedEnd(['a', 'b']);
    stream.broke('cancel');
    assert.deepEqual([host.held, host.closures], [5, 1]);
    stream.read(reader);
    await turn();
    assert.deepEqual([reader.text, reader.over], ['whole', [['a', 'b']]]);
  });

  test('sends nothing more, and drops what waited', () => {
    const { host, stream } = reading();
    let drained = 0;
    stream.onDrain = () => {
      drained += 1;
    };
    host.room = 3;
    stream.write(bytes('waiting'));
    stream.end([]);
    stream.broke('cancel');
    host.room = 100;
    stream.pump();
    assert.equal(stream.write(bytes('more')), true);
    stream.end([]);
    assert.deepEqual([host.text, host.ends, drained], ['wai', [], 0]);
  });

  test('by our own doing: RST_STREAM, and the reader hears of it in a turn of his own', async () => {
    const { host, stream, reader } = reading();
    stream.read(reader);
    stream.pause();
    stream.arrived(bytes('one'));
    stream.reset('cancel');
    assert.deepEqual([host.resets, host.held, host.closures], [[ErrorCode.CANCEL], 0, 1]);
    assert.deepEqual(reader.over, []);
    await turn();
    assert.deepEqual([reader.text, reader.over], ['', ['cancel']]);
    assert.deepEqual(stream.breaks, []);
    stream.reset('internal');
    stream.broke('cancel');
    await turn();
    assert.deepEqual([host.resets, host.closures, reader.over], [[ErrorCode.CANCEL], 1, ['cancel']]);
  });

  test('by our own doing when both messages are whole: nothing is sent, but what was not read is dropped', async () => {
    const { host, stream, reader } = reading();
    stream.arrived(bytes('whole'));
    stream.arrivedEnd([]);
    stream.end([]);
    assert.equal(host.closures, 1);
    stream.reset('cancel');
    assert.deepEqual([host.resets, host.held, host.closures], [[], 0, 1]);
    stream.read(reader);
    await turn();
    assert.deepEqual([reader.text, reader.over], ['', ['cancel']]);
  });

  test('may lose what nobody read, though it was whole; a reader who has it all loses nothing', async () => {
    const { host, stream, reader } = reading();
    stream.arrived(bytes('whole'));
    stream.arrivedEnd([]);
    stream.drop('enhance-your-calm');
    assert.deepEqual([host.held, host.resets], [0, []]);
    stream.read(reader);
    await turn();
    assert.deepEqual([reader.text, reader.over], ['', ['enhance-your-calm']]);
    const other = reading();
    other.stream.read(other.reader);
    other.stream.arrivedEnd([]);
    other.stream.drop('enhance-your-calm');
    assert.deepEqual(other.reader.over, [[]]);
  });

  for (const [who, breakOff] of [
    ['reader', (stream: PlainStream) => stream.reset('cancel')],
    ['peer', (stream: PlainStream) => stream.broke('cancel')],
  ] as const) {
    test(`tells its reader once, be it while he is given what was held (by the ${who})`, async () => {
      const { host, stream, reader } = reading();
      stream.arrived(bytes('one'));
      stream.arrived(bytes('two'));
      reader.wantsMore = () => {
        breakOff(stream);
        return true;
      };
      stream.read(reader);
      await turn();
      await turn();
      assert.deepEqual([reader.text, reader.over, host.held], ['one', ['cancel'], 0]);
    });
  }
});

describe('what leaves', () => {
  test('is sent as far as it goes; the rest waits, in order, and its writer hears when it is gone', () => {
    const { host, stream } = reading();
    let drained = 0;
    stream.onDrain = () => {
      drained += 1;
    };
    host.room = 5;
    assert.equal(stream.write(bytes('abc')), true);
    assert.equal(stream.write(bytes('defgh')), false);
    assert.equal(stream.write(bytes('ij')), false);
    assert.equal(host.text, 'abcde');
    host.room = 4;
    stream.pump();
    assert.deepEqual([host.text, drained], ['abcdefghi', 0]);
    host.room = 100;
    stream.pump();
    assert.deepEqual([host.text, drained], ['abcdefghij', 1]);
    stream.pump();
    assert.equal(drained, 1);
    assert.equal(stream.write(bytes('k')), true);
  });

  test('ends behind what waits, and nobody is asked for more then', () => {
    const { host, stream } = reading();
    let drained = 0;
    stream.onDrain = () => {
      drained += 1;
    };
    host.room = 1;
    stream.write(bytes('abc'));
    stream.end(['x', 'y']);
    assert.equal(stream.write(bytes('late')), true);
    stream.end([]);
    assert.deepEqual(host.ends, []);
    host.room = 10;
    stream.pump();
    assert.deepEqual([host.text, host.ends, drained], ['abc', [['x', 'y']], 0]);
    assert.equal(stream.sending, 'ended');
  });

  test('ends at once when nothing waits, and closes the stream when the other message is whole too', () => {
    for (const first of ['peer', 'us']) {
      const { host, stream } = reading();
      if (first === 'peer') stream.arrivedEnd([]);
      stream.end([]);
      assert.equal(host.closures, first === 'peer' ? 1 : 0);
      if (first === 'us') stream.arrivedEnd([]);
      assert.deepEqual([host.ends.length, host.closures], [1, 1]);
      stream.end([]);
      assert.equal(stream.write(bytes('late')), true);
      assert.deepEqual([host.ends.length, host.text], [1, '']);
    }
  });

  test('nothing is not worth a frame', () => {
    const { host, stream } = reading();
    assert.equal(stream.write(Buffer.alloc(0)), true);
    assert.equal(host.sent.length, 0);
  });

  test('whatever is written and let through: the same octets, in order, then the end', () => {
    const step = fc.oneof(
      fc.record({ kind: fc.constant('write' as const), size: fc.nat(50) }),
      fc.record({ kind: fc.constant('room' as const), size: fc.nat(60) }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const host = new FakeStreamHost(1000, 0);
        const stream = new PlainStream(host);
        let isFull = false;
        stream.onDrain = () => {
          assert.ok(isFull, 'nobody was asked to stop');
          isFull = false;
        };
        let written = '';
        for (const { kind, size } of steps) {
          if (kind === 'room') {
            host.room += size;
            stream.pump();
          } else {
            const text = String.fromCharCode(97 + (written.length % 26)).repeat(size);
            written += text;
            const more = stream.write(bytes(text));
            if (size > 0) isFull = !more;
          }
          assert.equal(host.text, written.slice(0, host.text.length));
          assert.equal(isFull, host.text.length < written.length);
        }
        stream.end(['a', 'b']);
        host.room = Number.POSITIVE_INFINITY;
        stream.pump();
        assert.deepEqual([host.text, host.ends], [written, [['a', 'b']]]);
      }),
    );
  });
});

/** What a reader may do with a piece, within the call that brings it. */
const REACTIONS = ['take', 'false', 'pause', 'pause and resume', 'reset'] as const;
const EVENTS = ['data', 'padding', 'read', 'pause', 'resume', 'turn'] as const;

test('whatever peer and reader do: octets in order, one end, no octet credited that was not taken', async () => {
  const event = fc.record(
    {
      event: fc.oneof(
        { weight: 10, arbitrary: fc.constantFrom(...EVENTS) },
        { weight: 1, arbitrary: fc.constantFrom('end' as const, 'break' as const, 'drop' as const) },
      ),
      size: fc.integer({ min: 1, max: 80 }),
    },
    { noNullPrototype: true },
  );
  const reaction = fc.constantFrom('take' as const, 'take' as const, ...REACTIONS);
  const input = [fc.array(event, { maxLength: 40 }), fc.array(reaction, { minLength: 1, maxLength: 8 })] as const;
  await fc.assert(
    fc.asyncProperty(...input, async (events, reactions) => {
      const { host, stream, reader } = reading(200);
      let sent = '';
      let padding = 0;
      let isRead = false;
      let isReset = false;
      let calls = 0;
      reader.wantsMore = () => {
        const how = reactions[calls % reactions.length] ?? 'take';
        calls += 1;
        if (how.startsWith('pause')) stream.pause();
        if (how.endsWith('resume')) stream.resume();
        if (how === 'reset') {
          stream.reset('cancel');
          isReset = true;
        }
        return how !== 'false';
      };
      for (const { event, size } of events) {
        const isOpen = stream.receiving === 'body';
        if (event === 'data' && isOpen) {
          const text = String.fromCharCode(97 + (sent.length % 26)).repeat(size);
          sent += text;
          stream.arrived(bytes(text));
        } else if (event === 'padding' && isOpen) {
          padding += size;
          stream.arrivedPadding(size);
        } else if (event === 'end' && isOpen) stream.arrivedEnd([]);
        else if (event === 'break') stream.broke('refused');
        else if (event === 'drop') stream.drop('enhance-your-calm');
        else if (event === 'read' && !isRead) {
          isRead = true;
          stream.read(reader);
        } else if (event === 'pause') stream.pause();
        else if (event === 'resume') stream.resume();
        else if (event === 'turn') await turn();
        assert.equal(reader.text, sent.slice(0, reader.text.length));
        assert.ok(reader.over.length <= 1, 'one end');
        assert.ok(host.credited <= reader.text.length + padding, 'credit for what was not taken');
        if (stream.receiving !== 'broken') assert.equal(host.held, sent.length - reader.text.length);
        else assert.equal(host.held, 0);
      }
      if (stream.receiving === 'body') stream.arrivedEnd([]);
      reader.wantsMore = () => true;
      if (!isRead) stream.read(reader);
      await turn();
      stream.resume();
      await turn();
      assert.equal(reader.over.length, 1, `the reader heard of ${reader.over.length} ends`);
      assert.equal(host.held, 0);
      if (reader.over[0] === 'cancel') assert.ok(isReset);
      if (Array.isArray(reader.over[0])) assert.equal(reader.text, sent);
    }),
    { numRuns: 1000 },
  );
});
