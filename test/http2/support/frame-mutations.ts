import { FLAG, FRAME, frame } from '../../support/h2-frames.ts';
import { type Mutation, type MutationContext, step } from './conversation.ts';
import {
  data,
  goaway,
  headers,
  ping,
  priority,
  requestFields,
  rstStream,
  SETTING,
  settings,
  u32,
  windowUpdate,
} from './frame-builders.ts';
import { integer, literalBlock } from './hpack.ts';

const { data: DATA, headers: HEADERS, settings: SETTINGS, continuation: CONTINUATION } = FRAME;
const MAX_WINDOW = 2 ** 31 - 1;
const octets = (size: number): Buffer => Buffer.alloc(size);

type Streams = (context: MutationContext) => readonly number[];
const open: Streams = ({ state }) => state.open;
const ended: Streams = ({ state }) => state.ended;
const reset: Streams = ({ state }) => state.reset;
const living: Streams = ({ state }) => [...state.open, ...state.ended];
const idle: Streams = ({ state }) => [state.nextId + 10];

/** The same frames whatever went before. */
const always =
  (title: string, ...frames: Buffer[]): Mutation =>
  () => [step(title, Buffer.concat(frames))];

/** Frames on a stream of one kind. */
const on =
  (streams: Streams, title: string, build: (id: number) => Buffer): Mutation =>
  (context) => {
    const id = context.pick(streams(context));
    return id === undefined ? undefined : [step(`${title} on ${id}`, build(id))];
  };

/** Frames on a new stream. */
const fresh =
  (title: string, build: (id: number) => Buffer): Mutation =>
  (context) => {
    const id = context.claim();
    return [step(`${title} on ${id}`, build(id))];
  };

const get = (id: number, endStream = true): Buffer => headers(id, requestFields('GET', `/echo/${id}`), { endStream });
const post = (id: number): Buffer => headers(id, requestFields('POST', `/echo/${id}`));
const unfinished = (id: number): Buffer =>
  frame(HEADERS, FLAG.endStream, id, literalBlock(requestFields('GET', `/echo/${id}`)));

/** Frames that break, or only stretch, the rules of RFC 9113 sections 4 to 6, sent by a client. */
export const FRAME_MUTATIONS: Readonly<Record<string, Mutation>> = {
  'DATA on stream 0': always('DATA 0', data(0, octets(4))),
  'HEADERS on stream 0': always('HEADERS 0', headers(0, requestFields('GET', '/echo'), { endStream: true })),
  'RST_STREAM on stream 0': always('RST_STREAM 0', rstStream(0, 'CANCEL')),
  'PRIORITY on stream 0': always('PRIORITY 0', priority(0, 1)),
  'CONTINUATION on stream 0': always(
    'CONTINUATION 0',
    frame(CONTINUATION, FLAG.endHeaders, 0, literalBlock(['a', 'b'])),
  ),
  'SETTINGS on a stream': on(living, 'SETTINGS', (id) => frame(SETTINGS, 0, id)),
  'PING on a stream': on(living, 'PING', (id) => frame(FRAME.ping, 0, id, octets(8))),
  'GOAWAY on a stream': on(living, 'GOAWAY', (id) => frame(FRAME.goaway, 0, id, octets(8))),

  'HEADERS on an even stream': always('HEADERS 2', get(2)),
  'HEADERS on a number skipped before': (context) => {
    const [lower, upper] = [context.claim(), context.claim()];
    return [step(`HEADERS ${upper} GET`, get(upper)), step(`HEADERS ${lower} GET`, get(lower))];
  },
  'numbers left out': (context) => {
    context.claim();
    const id = context.claim();
    return [step(`HEADERS ${id} GET`, get(id))];
  },
  'the reserved bit of a stream number': fresh('HEADERS with the reserved bit', (id) => {
    const octetsOfFrame = get(id);
    octetsOfFrame.writeUInt8(octetsOfFrame.readUInt8(5) | 0x80, 5);
    return octetsOfFrame;
  }),
  'flags that a frame does not define': fresh('HEADERS and DATA with flags 0xd2', (id) =>
    Buffer.concat([
      frame(HEADERS, FLAG.endHeaders | 0xd2, id, literalBlock(requestFields('POST', `/echo/${id}`))),
      frame(DATA, 0xd6 | FLAG.endStream, id, octets(3)),
    ]),
  ),

  'DATA on an idle stream': on(idle, 'DATA', (id) => data(id, octets(3))),
  'RST_STREAM on an idle stream': on(idle, 'RST_STREAM', (id) => rstStream(id, 'CANCEL')),
  'WINDOW_UPDATE on an idle stream': on(idle, 'WINDOW_UPDATE', (id) => windowUpdate(id, 1)),
  'PRIORITY on an idle stream': on(idle, 'PRIORITY', (id) => priority(id, 0)),
  'an unknown frame on an idle stream': on(idle, 'frame 0x77', (id) => frame(0x77, 0, id, octets(3))),
  'DATA before HEADERS': (context) => {
    const id = context.claim();
    return [step(`DATA ${id}`, data(id, octets(3))), step(`HEADERS ${id} GET`, get(id))];
  },
  'DATA after END_STREAM': on(ended, 'DATA', (id) => data(id, octets(3), { endStream: true })),
  'HEADERS after END_STREAM': on(ended, 'HEADERS', (id) => get(id)),
  'CONTINUATION after END_STREAM': on(ended, 'CONTINUATION', (id) => frame(CONTINUATION, FLAG.endHeaders, id)),
  'WINDOW_UPDATE after END_STREAM': on(ended, 'WINDOW_UPDATE', (id) => windowUpdate(id, 10)),
  'PRIORITY after END_STREAM': on(ended, 'PRIORITY', (id) => priority(id, 0)),
  'DATA on a stream that was reset': on(reset, 'DATA', (id) => data(id, octets(3))),
  'HEADERS on a stream that was reset': on(reset, 'HEADERS', (id) => get(id)),
  'RST_STREAM on a stream that was reset': on(reset, 'RST_STREAM', (id) => rstStream(id, 'CANCEL')),
  'WINDOW_UPDATE on a stream that was reset': on(reset, 'WINDOW_UPDATE', (id) => windowUpdate(id, 10)),
  'PRIORITY on a stream that was reset': on(reset, 'PRIORITY', (id) => priority(id, 0)),

  'RST_STREAM of 3 octets': on(living, 'RST_STREAM', (id) => frame(FRAME.rstStream, 0, id, octets(3))),
  'RST_STREAM of 5 octets': on(living, 'RST_STREAM', (id) => frame(FRAME.rstStream, 0, id, octets(5))),
  'RST_STREAM with an unknown code': on(living, 'RST_STREAM', (id) => frame(FRAME.rstStream, 0, id, u32(0x1234))),
  'PRIORITY of 4 octets': on(living, 'PRIORITY', (id) => frame(FRAME.priority, 0, id, octets(4))),
  'PRIORITY of 6 octets on an idle stream': on(idle, 'PRIORITY', (id) => frame(FRAME.priority, 0, id, octets(6))),
  'PING of 7 octets': always('PING', frame(FRAME.ping, 0, 0, octets(7))),
  'PING of 9 octets': always('PING', frame(FRAME.ping, 0, 0, octets(9))),
  'SETTINGS of 5 octets': always('SETTINGS', frame(SETTINGS, 0, 0, octets(5))),
  'SETTINGS ACK with a payload': always('SETTINGS ACK', frame(SETTINGS, FLAG.ack, 0, octets(6))),
  'SETTINGS ACK nobody waits for': always('SETTINGS ACK', frame(SETTINGS, FLAG.ack, 0)),
  'PING ACK nobody waits for': always('PING ACK', frame(FRAME.ping, FLAG.ack, 0, Buffer.from('nobodys!'))),
  'WINDOW_UPDATE of 3 octets': always('WINDOW_UPDATE 0', frame(FRAME.windowUpdate, 0, 0, octets(3))),
  'WINDOW_UPDATE of 5 octets': on(living, 'WINDOW_UPDATE', (id) => frame(FRAME.windowUpdate, 0, id, octets(5))),
  'GOAWAY of 7 octets': always('GOAWAY', frame(FRAME.goaway, 0, 0, octets(7))),
  'DATA above the frame size': on(open, 'DATA of 16385 octets', (id) => data(id, octets(16_385))),
  'DATA of just the frame size': on(open, 'DATA of 16384 octets', (id) =>
    data(id, octets(16_384), { endStream: true }),
  ),
  'HEADERS above the frame size': fresh('HEADERS of 16385 octets', (id) =>
    frame(HEADERS, FLAG.endHeaders | FLAG.endStream, id, octets(16_385)),
  ),
  'an unknown frame above the frame size': always('frame 0x77 of 16385 octets', frame(0x77, 0, 0, octets(16_385))),

  'DATA padded beyond its length': on(open, 'DATA', (id) => frame(DATA, FLAG.padded, id, Buffer.from([4, 0, 0, 0]))),
  'DATA that is all padding': on(open, 'DATA', (id) =>
    frame(DATA, FLAG.padded | FLAG.endStream, id, Buffer.from([3, 0, 0, 0])),
  ),
  'DATA padded without room for the length of the padding': on(open, 'DATA', (id) => frame(DATA, FLAG.padded, id)),
  'HEADERS padded beyond its length': fresh('HEADERS', (id) =>
    frame(HEADERS, FLAG.padded | FLAG.endHeaders | FLAG.endStream, id, Buffer.from([9, 0x82, 0x87, 0x84])),
  ),
  'HEADERS padded without room for the length of the padding': fresh('HEADERS', (id) =>
    frame(HEADERS, FLAG.padded | FLAG.endHeaders, id),
  ),
  'HEADERS without room for the priority': fresh('HEADERS', (id) =>
    frame(HEADERS, FLAG.priority | FLAG.endHeaders | FLAG.endStream, id, octets(4)),
  ),
  'DATA without octets': on(open, 'DATA', (id) => data(id, octets(0))),
  'HEADERS that depends on itself': fresh('HEADERS', (id) =>
    frame(
      HEADERS,
      FLAG.priority | FLAG.endHeaders | FLAG.endStream,
      id,
      Buffer.concat([u32(id), Buffer.from([1]), literalBlock(requestFields('GET', `/echo/${id}`))]),
    ),
  ),
  'PRIORITY that depends on itself': on(living, 'PRIORITY', (id) => priority(id, id)),

  'WINDOW_UPDATE by 0 for the connection': always('WINDOW_UPDATE 0 +0', windowUpdate(0, 0)),
  'WINDOW_UPDATE by 0 for a stream': on(living, 'WINDOW_UPDATE +0', (id) => windowUpdate(id, 0)),
  'WINDOW_UPDATE with the reserved bit': always('WINDOW_UPDATE 0', frame(FRAME.windowUpdate, 0, 0, u32(0x8000_0010))),
  'a connection window above its maximum': always('WINDOW_UPDATE 0', windowUpdate(0, MAX_WINDOW)),
  'a stream window above its maximum': on(open, 'WINDOW_UPDATE twice', (id) =>
    Buffer.concat([windowUpdate(id, MAX_WINDOW - 200_000), windowUpdate(id, MAX_WINDOW)]),
  ),
  'a stream window above its maximum by SETTINGS': fresh('HEADERS, WINDOW_UPDATE, SETTINGS', (id) =>
    Buffer.concat([
      settings([SETTING.initialWindowSize, 0]),
      post(id),
      windowUpdate(id, MAX_WINDOW),
      settings([SETTING.initialWindowSize, 1]),
    ]),
  ),
  'a stream window below zero by SETTINGS': (context) => {
    const id = context.claim();
    return [
      step('SETTINGS 4=20000', settings([SETTING.initialWindowSize, 20_000])),
      step(`HEADERS ${id} GET /big`, headers(id, requestFields('GET', '/big/x'), { endStream: true })),
      step('SETTINGS 4=0', settings([SETTING.initialWindowSize, 0])),
      step(`WINDOW_UPDATE ${id} +20100`, windowUpdate(id, 20_100)),
      step('SETTINGS 4=65535', settings([SETTING.initialWindowSize, 65_535])),
    ];
  },
  'a stream window of one octet': (context) => {
    const id = context.claim();
    return [
      step('SETTINGS 4=0', settings([SETTING.initialWindowSize, 0])),
      step(`HEADERS ${id} GET /big`, headers(id, requestFields('GET', '/big/x'), { endStream: true })),
      step(`WINDOW_UPDATE ${id} +1`, windowUpdate(id, 1)),
      step(`WINDOW_UPDATE ${id} +1`, windowUpdate(id, 1)),
    ];
  },

  'SETTINGS_INITIAL_WINDOW_SIZE above its maximum': always('SETTINGS', settings([SETTING.initialWindowSize, 2 ** 31])),
  'SETTINGS_ENABLE_PUSH of 2': always('SETTINGS', settings([SETTING.enablePush, 2])),
  'SETTINGS_ENABLE_PUSH of 1': always('SETTINGS', settings([SETTING.enablePush, 1])),
  'SETTINGS_MAX_FRAME_SIZE of 16383': always('SETTINGS', settings([SETTING.maxFrameSize, 16_383])),
  'SETTINGS_MAX_FRAME_SIZE of 2^24': always('SETTINGS', settings([SETTING.maxFrameSize, 2 ** 24])),
  'SETTINGS_HEADER_TABLE_SIZE of 2^32-1': always('SETTINGS', settings([SETTING.headerTableSize, 2 ** 32 - 1])),
  'SETTINGS_MAX_CONCURRENT_STREAMS of 0': always('SETTINGS', settings([SETTING.maxConcurrentStreams, 0])),
  'SETTINGS_HEADER_TABLE_SIZE down and up in one frame': fresh('SETTINGS, HEADERS', (id) =>
    Buffer.concat([settings([SETTING.headerTableSize, 0], [SETTING.headerTableSize, 4096]), get(id)]),
  ),

  'PUSH_PROMISE of a client': on(living, 'PUSH_PROMISE', (id) =>
    frame(FRAME.pushPromise, FLAG.endHeaders, id, Buffer.concat([u32(2), literalBlock(requestFields('GET', '/'))])),
  ),
  'GOAWAY, then a new stream': (context) => {
    const id = context.claim();
    return [step('GOAWAY NO_ERROR', goaway(0, 'NO_ERROR')), step(`HEADERS ${id} GET`, get(id))];
  },
  'GOAWAY twice with a higher number': always('GOAWAY 0, GOAWAY 100', goaway(0, 'NO_ERROR'), goaway(100, 'NO_ERROR')),

  'CONTINUATION without HEADERS': on(living, 'CONTINUATION', (id) => frame(CONTINUATION, FLAG.endHeaders, id)),
  'CONTINUATION after END_HEADERS': fresh('HEADERS, CONTINUATION', (id) =>
    Buffer.concat([post(id), frame(CONTINUATION, FLAG.endHeaders, id)]),
  ),
  'CONTINUATION without octets': fresh('HEADERS, CONTINUATION', (id) =>
    Buffer.concat([unfinished(id), frame(CONTINUATION, FLAG.endHeaders, id)]),
  ),
  'HEADERS without octets before CONTINUATION': fresh('HEADERS, CONTINUATION', (id) =>
    Buffer.concat([
      frame(HEADERS, FLAG.endStream, id),
      frame(CONTINUATION, FLAG.endHeaders, id, literalBlock(requestFields('GET', `/echo/${id}`))),
    ]),
  ),
  'CONTINUATION interrupted by DATA': fresh('HEADERS, DATA', (id) =>
    Buffer.concat([unfinished(id), data(id, octets(1))]),
  ),
  'CONTINUATION interrupted by PING': fresh('HEADERS, PING', (id) => Buffer.concat([unfinished(id), ping('between')])),
  'CONTINUATION interrupted by PRIORITY': fresh('HEADERS, PRIORITY', (id) =>
    Buffer.concat([unfinished(id), priority(id, 0)]),
  ),
  'CONTINUATION interrupted by an unknown frame': fresh('HEADERS, frame 0x77', (id) =>
    Buffer.concat([unfinished(id), frame(0x77, 0, id)]),
  ),
  'CONTINUATION interrupted by RST_STREAM': fresh('HEADERS, RST_STREAM', (id) =>
    Buffer.concat([unfinished(id), rstStream(id, 'CANCEL')]),
  ),
  'CONTINUATION interrupted by HEADERS': fresh('HEADERS twice', (id) => Buffer.concat([unfinished(id), get(id)])),
  'CONTINUATION of another stream': fresh('HEADERS, CONTINUATION', (id) =>
    Buffer.concat([unfinished(id), frame(CONTINUATION, FLAG.endHeaders, id + 2)]),
  ),

  'HPACK index 0': hpack([0x80]),
  'HPACK index beyond the tables': hpack([0xff, 0x80, 0x01]),
  'HPACK name index beyond the tables': hpack([0x7f, 0x80, 0x01, 0x01, 0x61]),
  'HPACK table size above the limit': hpackFirst(integer(4097, 5, 0x20)),
  'HPACK table size at the limit': hpackFirst(integer(4096, 5, 0x20)),
  'HPACK table size twice in front': hpackFirst(Buffer.concat([integer(0, 5, 0x20), integer(4096, 5, 0x20)])),
  'HPACK table size amid a block': hpack([0x20]),
  'HPACK string that ends before its length': hpack([0x00, 0x01, 0x61, 0x05, 0x62]),
  'HPACK integer that ends early': hpack([0xff, 0x80]),
  'HPACK integer without end': hpack([0xff, ...Array.from({ length: 12 }, () => 0x80), 0x01]),
  'HPACK Huffman padding of 8 bits': hpack([0x00, 0x01, 0x61, 0x82, 0x1f, 0xff]),
  'HPACK Huffman padding of zeros': hpack([0x00, 0x01, 0x61, 0x81, 0x18]),
  'HPACK Huffman with the end symbol': hpack([0x00, 0x01, 0x61, 0x84, 0xff, 0xff, 0xff, 0xff]),
  'HPACK value of Huffman without octets': hpack([0x00, 0x01, 0x61, 0x80]),
  'HPACK error on a stream that was reset': on(reset, 'HEADERS', (id) => headers(id, Buffer.from([0x80]))),
  'HPACK error in trailers': on(open, 'HEADERS', (id) => headers(id, Buffer.from([0x80]), { endStream: true })),
};

/** A request whose block ends with `tail`. */
function hpack(tail: readonly number[]): Mutation {
  return fresh('HEADERS', (id) =>
    headers(id, Buffer.concat([literalBlock(requestFields('GET', `/echo/${id}`)), Buffer.from(tail)]), {
      endStream: true,
    }),
  );
}

/** A request whose block begins with `first`. */
function hpackFirst(first: Buffer): Mutation {
  return fresh('HEADERS', (id) =>
    headers(id, Buffer.concat([first, literalBlock(requestFields('GET', `/echo/${id}`))]), { endStream: true }),
  );
}
