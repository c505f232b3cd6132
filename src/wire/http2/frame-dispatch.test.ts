import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { frame } from '../../../test/support/h2-frames.ts';
import type { ErrorCode } from './error-code.ts';
import { Flag, FrameType, LARGEST_STREAM_ID, LARGEST_WINDOW } from './frame.ts';
import { FrameDispatch, type FrameReceiver } from './frame-dispatch.ts';
import { FrameReader } from './frame-reader.ts';
import { breaks } from './testing/breaks.ts';

const MAX_BLOCK = 1000;

/** Writes down what it is told; octets as text. */
class Calls implements FrameReceiver {
  isGreeting = false;
  readonly calls: (readonly (string | number | boolean)[])[] = [];
  idle = 0;

  onHeaderBlock(id: number, endStream: boolean, bytes: Buffer, start: number, end: number): void {
    this.calls.push(['block', id, endStream, bytes.toString('latin1', start, end)]);
  }
  onDataFrame(id: number, length: number, padding: number): void {
    this.calls.push(['data of', id, length, padding]);
  }
  onData(chunk: Buffer, isLast: boolean): void {
    this.calls.push(['data', chunk.toString('latin1'), isLast]);
  }
  onReset(id: number, code: number): void {
    this.calls.push(['reset', id, code]);
  }
  onWindowUpdate(id: number, increment: number): void {
    this.calls.push(['window', id, increment]);
  }
  onSettings(bytes: Buffer, start: number, end: number): void {
    this.calls.push(['settings', bytes.toString('hex', start, end)]);
  }
  onSettingsAck(): void {
    this.calls.push(['settings ack']);
  }
  onPing(payload: Uint8Array): void {
    this.calls.push(['ping', Buffer.from(payload).toString('latin1')]);
  }
  onPong(): void {
    this.calls.push(['pong']);
  }
  onGoaway(lastStreamId: number, code: number): void {
    this.calls.push(['goaway', lastStreamId, code]);
  }
  onBadPriority(id: number): void {
    this.calls.push(['bad priority', id]);
  }
  onIdleFrame(): void {
    this.idle += 1;
  }
}

function dispatch(frames: readonly Buffer[], isGreeting = false): Calls {
  const receiver = new Calls();
  receiver.isGreeting = isGreeting;
  const reader = new FrameReader(new FrameDispatch(receiver, MAX_BLOCK), 16_384);
  for (const bytes of frames) reader.push(bytes);
  return receiver;
}

const u32 = (...values: number[]): Buffer => {
  const bytes = Buffer.alloc(4 * values.length);
  for (const [i, value] of values.entries()) bytes.writeUInt32BE(value, 4 * i);
  return bytes;
};
const { DATA, HEADERS, PRIORITY, RST_STREAM, SETTINGS, PUSH_PROMISE, PING, GOAWAY, WINDOW_UPDATE, CONTINUATION } =
  FrameType;
const { END_HEADERS, END_STREAM, PADDED, ACK } = Flag;
const PRIORITY_OF_1 = Buffer.concat([u32(1), Buffer.from([15])]);
const PRIORITY_OF_3 = Buffer.concat([u32(3), Buffer.from([15])]);

interface Told {
  readonly of: string;
  readonly frames: readonly Buffer[];
  readonly calls: readonly (readonly (string | number | boolean)[])[];
  /** Frames that carry nothing, of `frames`. */
  readonly idle?: number;
}

const told: readonly Told[] = [
  {
    of: 'DATA in pieces, and empty',
    frames: [
      frame(DATA, 0, 1, Buffer.from('abc')),
      frame(DATA, END_STREAM, 1, Buffer.from('d')),
      frame(DATA, END_STREAM, 3),
    ],
    calls: [
      ['data of', 1, 3, 0],
      ['data', 'abc', false],
      ['data of', 1, 1, 0],
      ['data', 'd', true],
      ['data of', 3, 0, 0],
      ['data', '', true],
    ],
  },
  {
    of: 'padded DATA: the padding counts for the windows alone (6.1)',
    frames: [
      frame(DATA, PADDED | END_STREAM, 1, Buffer.from('\x02abc\0\0')),
      frame(DATA, PADDED, 1, Buffer.from('\0abc')),
    ],
    calls: [
      ['data of', 1, 6, 3],
      ['data', 'abc', true],
      ['data of', 1, 4, 1],
      ['data', 'abc', false],
    ],
  },
  {
    of: 'DATA that carries nothing, with and without padding, but not what ends a stream',
    frames: [
      frame(DATA, 0, 1),
      frame(DATA, PADDED, 1, Buffer.from('\x02\0\0')),
      frame(DATA, PADDED | END_STREAM, 1, Buffer.from('\0')),
    ],
    calls: [
      ['data of', 1, 0, 0],
      ['data', '', false],
      ['data of', 1, 3, 3],
      ['data', '', false],
      ['data of', 1, 1, 1],
      ['data', '', true],
    ],
    idle: 2,
  },
  {
    of: 'HEADERS, with padding and priority (6.2)',
    frames: [
      frame(HEADERS, END_HEADERS, 1, Buffer.from('block')),
      frame(HEADERS, END_HEADERS | END_STREAM | PADDED, 3, Buffer.from('\x03block\0\0\0')),
      frame(HEADERS, END_HEADERS | Flag.PRIORITY, 5, Buffer.concat([PRIORITY_OF_3, Buffer.from('block')])),
      frame(
        HEADERS,
        END_HEADERS | Flag.PRIORITY | PADDED,
        7,
        Buffer.concat([Buffer.from([1]), PRIORITY_OF_3, Buffer.from('block\0')]),
      ),
      frame(HEADERS, END_HEADERS | PADDED, 9, Buffer.from('\x03\0\0\0')),
    ],
    calls: [
      ['block', 1, false, 'block'],
      ['block', 3, true, 'block'],
      ['block', 5, false, 'block'],
      ['block', 7, false, 'block'],
      ['block', 9, false, ''],
    ],
  },
  {
    of: 'HEADERS with CONTINUATION: END_STREAM stands on the first (6.10)',
    frames: [
      frame(HEADERS, END_STREAM, 1, Buffer.from('one ')),
      frame(CONTINUATION, END_STREAM, 1, Buffer.from('two ')),
      frame(CONTINUATION, END_HEADERS, 1, Buffer.from('three')),
      frame(HEADERS, 0, 3, Buffer.from('four')),
      frame(CONTINUATION, END_HEADERS | END_STREAM, 3),
    ],
    calls: [
      ['block', 1, true, 'one two three'],
      ['block', 3, false, 'four'],
    ],
  },
  {
    of: 'PRIORITY is ignored (5.3.2)',
    frames: [frame(PRIORITY, 0, 1, PRIORITY_OF_3)],
    calls: [],
    idle: 1,
  },
  {
    of: 'PRIORITY of a wrong length breaks its stream alone (6.3)',
    frames: [frame(PRIORITY, 0, 1, Buffer.alloc(4)), frame(PRIORITY, 0, 3, Buffer.alloc(6))],
    calls: [
      ['bad priority', 1],
      ['bad priority', 3],
    ],
    idle: 2,
  },
  { of: 'RST_STREAM (6.4)', frames: [frame(RST_STREAM, 0, 1, u32(0xffff_ffff))], calls: [['reset', 1, 0xffff_ffff]] },
  {
    of: 'SETTINGS and its acknowledgement (6.5)',
    frames: [frame(SETTINGS, 0, 0, Buffer.from('000300000064', 'hex')), frame(SETTINGS, ACK, 0)],
    calls: [['settings', '000300000064'], ['settings ack']],
    idle: 2,
  },
  {
    of: 'PING and its answer (6.7)',
    frames: [frame(PING, 0, 0, Buffer.from('12345678')), frame(PING, ACK, 0, Buffer.from('12345678'))],
    calls: [['ping', '12345678'], ['pong']],
    idle: 2,
  },
  {
    of: 'GOAWAY, with a reserved bit and debug data (6.8)',
    frames: [
      frame(GOAWAY, 0, 0, u32(0x8000_0003, 11)),
      frame(GOAWAY, 0, 0, Buffer.concat([u32(LARGEST_STREAM_ID, 0), Buffer.from('bye')])),
    ],
    calls: [
      ['goaway', 3, 11],
      ['goaway', LARGEST_STREAM_ID, 0],
    ],
    idle: 2,
  },
  {
    of: 'WINDOW_UPDATE with a reserved bit (6.9); what zero means depends on whose window it is',
    frames: [frame(WINDOW_UPDATE, 0, 0, u32(0xffff_ffff)), frame(WINDOW_UPDATE, 0, 1, u32(0))],
    calls: [
      ['window', 0, LARGEST_WINDOW],
      ['window', 1, 0],
    ],
    idle: 2,
  },
  {
    of: 'what nobody knows is ignored (5.5)',
    frames: [frame(0xaa, 0xff, 0, Buffer.alloc(20)), frame(0xfe, 0, 77)],
    calls: [],
    idle: 2,
  },
];

for (const { of, frames, calls, idle = 0 } of told) {
  test(of, () => {
    const received = dispatch(frames);
    assert.deepEqual(received.calls, calls);
    assert.equal(received.idle, idle);
  });
}

type Broken = readonly [what: string, code: keyof typeof ErrorCode, ...frames: Buffer[]];

const broken: readonly Broken[] = [
  ['DATA of no stream (6.1)', 'PROTOCOL_ERROR', frame(DATA, 0, 0, Buffer.from('x'))],
  ['padded DATA of no stream (6.1)', 'PROTOCOL_ERROR', frame(DATA, PADDED, 0, Buffer.from('\0x'))],
  ['padded DATA without an octet (6.1)', 'PROTOCOL_ERROR', frame(DATA, PADDED, 1)],
  ['DATA that is shorter than its padding (6.1)', 'PROTOCOL_ERROR', frame(DATA, PADDED, 1, Buffer.from('\x03\0\0'))],
  ['HEADERS of no stream (6.2)', 'PROTOCOL_ERROR', frame(HEADERS, END_HEADERS, 0)],
  ['padded HEADERS without an octet (6.2)', 'PROTOCOL_ERROR', frame(HEADERS, END_HEADERS | PADDED, 1)],
  [
    'HEADERS that is shorter than its padding (6.2)',
    'PROTOCOL_ERROR',
    frame(HEADERS, END_HEADERS | PADDED, 1, Buffer.from('\x03\0\0')),
  ],
  [
    'padding that reaches into the priority (6.2)',
    'PROTOCOL_ERROR',
    frame(HEADERS, END_HEADERS | PADDED | Flag.PRIORITY, 1, Buffer.concat([Buffer.from([1]), PRIORITY_OF_3])),
  ],
  [
    'HEADERS too short for its priority (6.2)',
    'FRAME_SIZE_ERROR',
    frame(HEADERS, END_HEADERS | Flag.PRIORITY, 1, Buffer.alloc(4)),
  ],
  [
    'HEADERS that depends on itself (RFC 7540 section 5.3.1)',
    'PROTOCOL_ERROR',
    frame(HEADERS, END_HEADERS | Flag.PRIORITY, 1, PRIORITY_OF_1),
  ],
  ['PRIORITY of no stream (6.3)', 'PROTOCOL_ERROR', frame(PRIORITY, 0, 0, PRIORITY_OF_1)],
  ['PRIORITY that depends on itself (RFC 7540 section 5.3.1)', 'PROTOCOL_ERROR', frame(PRIORITY, 0, 1, PRIORITY_OF_1)],
  ['RST_STREAM of no stream (6.4)', 'PROTOCOL_ERROR', frame(RST_STREAM, 0, 0, u32(8))],
  ['short RST_STREAM (6.4)', 'FRAME_SIZE_ERROR', frame(RST_STREAM, 0, 1, Buffer.alloc(3))],
  ['long RST_STREAM (6.4)', 'FRAME_SIZE_ERROR', frame(RST_STREAM, 0, 1, Buffer.alloc(5))],
  ['SETTINGS of a stream (6.5)', 'PROTOCOL_ERROR', frame(SETTINGS, 0, 1)],
  ['an acknowledgement that sets something (6.5)', 'FRAME_SIZE_ERROR', frame(SETTINGS, ACK, 0, Buffer.alloc(6))],
  ['PUSH_PROMISE (8.4)', 'PROTOCOL_ERROR', frame(PUSH_PROMISE, END_HEADERS, 1, u32(2))],
  ['PING of a stream (6.7)', 'PROTOCOL_ERROR', frame(PING, 0, 1, Buffer.alloc(8))],
  ['short PING (6.7)', 'FRAME_SIZE_ERROR', frame(PING, 0, 0, Buffer.alloc(7))],
  ['long answer to PING (6.7)', 'FRAME_SIZE_ERROR', frame(PING, ACK, 0, Buffer.alloc(9))],
  ['GOAWAY of a stream (6.8)', 'PROTOCOL_ERROR', frame(GOAWAY, 0, 1, u32(0, 0))],
  ['short GOAWAY (4.2)', 'FRAME_SIZE_ERROR', frame(GOAWAY, 0, 0, Buffer.alloc(7))],
  ['short WINDOW_UPDATE (6.9)', 'FRAME_SIZE_ERROR', frame(WINDOW_UPDATE, 0, 1, Buffer.alloc(3))],
  ['long WINDOW_UPDATE (6.9)', 'FRAME_SIZE_ERROR', frame(WINDOW_UPDATE, 0, 0, Buffer.alloc(5))],
  ['CONTINUATION of nothing (6.10)', 'PROTOCOL_ERROR', frame(CONTINUATION, END_HEADERS, 1)],
  [
    'CONTINUATION of a block that has ended (6.10)',
    'PROTOCOL_ERROR',
    frame(HEADERS, 0, 1),
    frame(CONTINUATION, END_HEADERS, 1),
    frame(CONTINUATION, END_HEADERS, 1),
  ],
  [
    'CONTINUATION of another stream (6.10)',
    'PROTOCOL_ERROR',
    frame(HEADERS, 0, 1),
    frame(CONTINUATION, END_HEADERS, 3),
  ],
  [
    'a block that does not end (CVE-2024-27316)',
    'ENHANCE_YOUR_CALM',
    frame(HEADERS, 0, 1, Buffer.alloc(MAX_BLOCK)),
    frame(CONTINUATION, 0, 1, Buffer.alloc(1)),
  ],
];

describe('the connection ends with', () => {
  for (const [what, code, ...frames] of broken) {
    test(`${code}: ${what}`, () => assert.throws(() => dispatch(frames), breaks(code)));
  }

  test('PROTOCOL_ERROR: anything within a header block, be it known or not (6.10)', () => {
    const begun = frame(HEADERS, 0, 1);
    for (const type of [...Array(9).keys(), 0xaa]) {
      const within = [begun, frame(type, 0, type === SETTINGS || type === PING ? 0 : 1, Buffer.alloc(8))];
      assert.throws(() => dispatch(within), breaks('PROTOCOL_ERROR'), `type ${type}`);
    }
  });

  test('PROTOCOL_ERROR: anything but SETTINGS to begin with (3.4)', () => {
    for (const type of [...Array(10).keys(), 0xaa]) {
      if (type === SETTINGS) continue;
      const bytes = frame(type, 0, type === PING || type === GOAWAY ? 0 : 1, Buffer.alloc(8));
      assert.throws(() => dispatch([bytes], true), breaks('PROTOCOL_ERROR'), `type ${type}`);
    }
    assert.throws(() => dispatch([frame(SETTINGS, ACK, 0)], true), breaks('PROTOCOL_ERROR'));
    assert.deepEqual(dispatch([frame(SETTINGS, 0, 0)], true).calls, [['settings', '']]);
  });
});
