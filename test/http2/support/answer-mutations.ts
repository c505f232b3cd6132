import { FLAG, FRAME, frame } from '../../support/h2-frames.ts';
import { type AnswerMutation, type AnswerState, isHead } from './answer-conversation.ts';
import { step } from './conversation.ts';
import {
  data,
  goaway,
  headers,
  priority,
  requestFields,
  rstStream,
  SETTING,
  settings,
  u32,
  windowUpdate,
} from './frame-builders.ts';
import { integer, literalBlock } from './hpack.ts';

const octets = (size: number): Buffer => Buffer.alloc(size);
const MAX_WINDOW = 2 ** 31 - 1;

const always =
  (title: string, ...frames: Buffer[]): AnswerMutation =>
  () => [step(title, Buffer.concat(frames))];

type Streams = (state: AnswerState) => readonly number[];
const waiting: Streams = (state) => state.waiting.filter((id) => !isHead(id));
const head: Streams = (state) => state.waiting.filter(isHead);
const ended: Streams = (state) => state.ended;
const reset: Streams = (state) => state.reset;
const living: Streams = (state) => [...state.waiting, ...state.open];

/** One step for each of `build`, on a stream of one kind. */
const on =
  (streams: Streams, title: string, ...build: ((id: number) => Buffer)[]): AnswerMutation =>
  (state, pick) => {
    const id = pick(streams(state));
    return id === undefined
      ? undefined
      : build.map((frames, i) => step(`${title} on ${id}, part ${i + 1}`, frames(id)));
  };

const answer =
  (status: string, ...more: string[]) =>
  (id: number): Buffer =>
    headers(id, [':status', status, ...more]);
const bodyless =
  (status: string, ...more: string[]) =>
  (id: number): Buffer =>
    headers(id, [':status', status, ...more], { endStream: true });
const body =
  (size: number, endStream = true) =>
  (id: number): Buffer =>
    data(id, octets(size), { endStream });
const trailers =
  (...fields: string[]) =>
  (id: number): Buffer =>
    headers(id, fields, { endStream: true });

const adding = (...more: string[]): AnswerMutation =>
  on(waiting, `HEADERS ${JSON.stringify(more)}`, bodyless('200', ...more));
const head200 = (fields: string[]): AnswerMutation =>
  on(waiting, `HEADERS ${JSON.stringify(fields)}`, (id) => headers(id, fields, { endStream: true }));
const lengths = (length: readonly string[], ...sizes: number[]): AnswerMutation =>
  on(
    waiting,
    `HEADERS ${length.join(' ')}, DATA ${sizes.join(' ')}`,
    answer('200', ...length),
    ...sizes.map((size, i) => body(size, i === sizes.length - 1)),
  );
const trailing = (...fields: string[]): AnswerMutation =>
  on(waiting, `HEADERS, DATA, trailers ${JSON.stringify(fields)}`, answer('200'), body(3, false), trailers(...fields));
const block = (...tail: number[]): AnswerMutation =>
  on(waiting, 'HEADERS', (id) =>
    headers(id, Buffer.concat([literalBlock([':status', '200']), Buffer.from(tail)]), { endStream: true }),
  );

/** Answers that break, or only stretch, the rules of RFC 9113, sent by a server. */
export const ANSWER_MUTATIONS: Readonly<Record<string, AnswerMutation>> = {
  'DATA on stream 0': always('DATA 0', data(0, octets(4))),
  'HEADERS on stream 0': always('HEADERS 0', headers(0, [':status', '200'], { endStream: true })),
  'RST_STREAM on stream 0': always('RST_STREAM 0', rstStream(0, 'CANCEL')),
  'SETTINGS on a stream': on(living, 'SETTINGS', (id) => frame(FRAME.settings, 0, id)),
  'PING on a stream': on(living, 'PING', (id) => frame(FRAME.ping, 0, id, octets(8))),
  'GOAWAY on a stream': on(living, 'GOAWAY', (id) => frame(FRAME.goaway, 0, id, octets(8))),
  'HEADERS on a stream nobody opened': always('HEADERS 99', headers(99, [':status', '200'], { endStream: true })),
  'HEADERS on an even stream nobody promised': always('HEADERS 2', headers(2, [':status', '200'], { endStream: true })),
  'DATA on a stream nobody opened': always('DATA 99', data(99, octets(3))),
  'RST_STREAM on a stream nobody opened': always('RST_STREAM 99', rstStream(99, 'CANCEL')),
  'WINDOW_UPDATE on a stream nobody opened': always('WINDOW_UPDATE 99', windowUpdate(99, 1)),
  'PRIORITY on a stream nobody opened': always('PRIORITY 99', priority(99, 0)),
  'an unknown frame on a stream nobody opened': always('frame 0x77', frame(0x77, 0, 99, octets(3))),
  PUSH_PROMISE: on(living, 'PUSH_PROMISE', (id) =>
    frame(FRAME.pushPromise, FLAG.endHeaders, id, Buffer.concat([u32(2), literalBlock(requestFields('GET', '/'))])),
  ),
  'SETTINGS_ENABLE_PUSH of 1 from a server': always('SETTINGS', settings([SETTING.enablePush, 1])),
  'SETTINGS_ENABLE_PUSH of 0 from a server': always('SETTINGS', settings([SETTING.enablePush, 0])),
  'SETTINGS_INITIAL_WINDOW_SIZE above its maximum': always('SETTINGS', settings([SETTING.initialWindowSize, 2 ** 31])),
  'SETTINGS_MAX_FRAME_SIZE of 16383': always('SETTINGS', settings([SETTING.maxFrameSize, 16_383])),
  'SETTINGS ACK with a payload': always('SETTINGS ACK', frame(FRAME.settings, FLAG.ack, 0, octets(6))),
  'SETTINGS of 5 octets': always('SETTINGS', frame(FRAME.settings, 0, 0, octets(5))),
  'PING of 7 octets': always('PING', frame(FRAME.ping, 0, 0, octets(7))),
  'PING ACK nobody waits for': always('PING ACK', frame(FRAME.ping, FLAG.ack, 0, Buffer.from('nobodys!'))),
  'GOAWAY of 7 octets': always('GOAWAY', frame(FRAME.goaway, 0, 0, octets(7))),
  'GOAWAY with an error': always('GOAWAY 7 INTERNAL_ERROR', goaway(7, 'INTERNAL_ERROR')),
  'GOAWAY that refuses everything': always('GOAWAY 0 ENHANCE_YOUR_CALM', goaway(0, 'ENHANCE_YOUR_CALM')),
  'GOAWAY twice with a higher number': always('GOAWAY 3, GOAWAY 5', goaway(3, 'NO_ERROR'), goaway(5, 'NO_ERROR')),
  'RST_STREAM of 3 octets': on(living, 'RST_STREAM', (id) => frame(FRAME.rstStream, 0, id, octets(3))),
  'WINDOW_UPDATE of 3 octets': always('WINDOW_UPDATE', frame(FRAME.windowUpdate, 0, 0, octets(3))),
  'WINDOW_UPDATE by 0 for the connection': always('WINDOW_UPDATE 0 +0', windowUpdate(0, 0)),
  'WINDOW_UPDATE by 0 for a stream': on(living, 'WINDOW_UPDATE +0', (id) => windowUpdate(id, 0)),
  'a connection window above its maximum': always('WINDOW_UPDATE 0', windowUpdate(0, MAX_WINDOW)),
  'a stream window above its maximum': on(living, 'WINDOW_UPDATE', (id) => windowUpdate(id, MAX_WINDOW)),
  'DATA above the frame size': on(waiting, 'DATA of 1 MiB', answer('200'), body(2 ** 20)),
  'HEADERS above the frame size': on(waiting, 'HEADERS of 1 MiB', (id) =>
    frame(FRAME.headers, FLAG.endHeaders | FLAG.endStream, id, octets(2 ** 20)),
  ),
  'DATA padded beyond its length': on(waiting, 'HEADERS, DATA', answer('200'), (id) =>
    frame(FRAME.data, FLAG.padded, id, Buffer.from([4, 0, 0, 0])),
  ),
  'HEADERS padded beyond its length': on(waiting, 'HEADERS', (id) =>
    frame(FRAME.headers, FLAG.padded | FLAG.endHeaders | FLAG.endStream, id, Buffer.from([9, 0x88])),
  ),
  'CONTINUATION without HEADERS': on(living, 'CONTINUATION', (id) => frame(FRAME.continuation, FLAG.endHeaders, id)),
  'CONTINUATION interrupted by DATA': on(waiting, 'HEADERS, DATA', (id) =>
    Buffer.concat([frame(FRAME.headers, 0, id, literalBlock([':status', '200'])), data(id, octets(1))]),
  ),
  'CONTINUATION of another stream': on(waiting, 'HEADERS, CONTINUATION', (id) =>
    Buffer.concat([
      frame(FRAME.headers, 0, id, literalBlock([':status', '200'])),
      frame(FRAME.continuation, FLAG.endHeaders, id + 2),
    ]),
  ),
  'DATA before HEADERS': on(waiting, 'DATA', body(3)),
  'DATA of 0 octets before HEADERS': on(waiting, 'DATA', body(0, false)),
  'DATA after END_STREAM': on(ended, 'DATA', body(3)),
  'HEADERS after END_STREAM': on(ended, 'HEADERS', bodyless('200')),
  'WINDOW_UPDATE after END_STREAM': on(ended, 'WINDOW_UPDATE', (id) => windowUpdate(id, 10)),
  'DATA after RST_STREAM': on(reset, 'DATA', body(3)),
  'HEADERS after RST_STREAM': on(reset, 'HEADERS', bodyless('200')),
  'WINDOW_UPDATE after RST_STREAM': on(reset, 'WINDOW_UPDATE', (id) => windowUpdate(id, 10)),
  'END_STREAM and RST_STREAM NO_ERROR': on(waiting, 'HEADERS, RST_STREAM', (id) =>
    Buffer.concat([bodyless('200')(id), rstStream(id, 'NO_ERROR')]),
  ),
  'RST_STREAM NO_ERROR amid an answer': on(waiting, 'HEADERS, DATA, RST_STREAM', answer('200'), body(3, false), (id) =>
    rstStream(id, 'NO_ERROR'),
  ),

  'HPACK index 0': block(0x80),
  'HPACK index beyond the tables': block(0xff, 0x80, 0x01),
  'HPACK table size above the limit': on(waiting, 'HEADERS', (id) =>
    headers(id, Buffer.concat([integer(4097, 5, 0x20), literalBlock([':status', '200'])]), { endStream: true }),
  ),
  'HPACK string that ends before its length': block(0x00, 0x01, 0x61, 0x05, 0x62),
  'HPACK Huffman padding of zeros': block(0x00, 0x01, 0x61, 0x81, 0x18),

  ':status missing': head200(['x-a', 'b']),
  ':status repeated': head200([':status', '200', ':status', '200']),
  ':status empty': head200([':status', '']),
  ':status of two digits': head200([':status', '20']),
  ':status of four digits': head200([':status', '2000']),
  ':status with a sign': head200([':status', '+20']),
  ':status that is no number': head200([':status', 'abc']),
  ':status of 000': head200([':status', '000']),
  ':status of 099': head200([':status', '099']),
  ':status of 600': head200([':status', '600']),
  ':status of 999': head200([':status', '999']),
  ':status after a regular field': head200(['x-a', 'b', ':status', '200']),
  ':path in a response': head200([':status', '200', ':path', '/']),
  'an unknown pseudo-header field': head200([':status', '200', ':foo', 'bar']),
  'status 101': on(waiting, 'HEADERS 101', answer('101'), bodyless('200')),
  'a 1xx head with END_STREAM': on(waiting, 'HEADERS 103 END_STREAM', bodyless('103')),
  'a 1xx head without DATA between': on(
    waiting,
    'HEADERS 103 twice, HEADERS 200',
    answer('103'),
    answer('103'),
    bodyless('200'),
  ),
  'a 1xx head with content-length': on(
    waiting,
    'HEADERS 103, HEADERS 200',
    answer('103', 'content-length', '5'),
    bodyless('200'),
  ),
  'a 1xx head after the final one': on(waiting, 'HEADERS 200, HEADERS 103', answer('200'), answer('103'), body(3)),
  'DATA after a 1xx head': on(waiting, 'HEADERS 103, DATA', answer('103'), body(3)),
  'two final heads': on(waiting, 'HEADERS 200 twice', answer('200'), answer('200'), body(3)),

  'a name in upper case': adding('X-Upper', '1'),
  'an empty name': adding('', 'value'),
  'a name with a space': adding('x y', '1'),
  'a name with a colon': adding('x:y', '1'),
  'a name with CR LF': adding('x\r\ny', '1'),
  'a name with NUL': adding('x\0y', '1'),
  'a value with CR LF': adding('x-value', 'a\r\nset-cookie: b'),
  'a value with LF': adding('x-value', 'a\nb'),
  'a value with NUL': adding('x-value', 'a\0b'),
  'a value with a control character': adding('x-value', 'a\x01b'),
  'a value with a tab': adding('x-value', 'a\tb'),
  'a value with a space in front': adding('x-value', ' a'),
  'a value with a space behind': adding('x-value', 'a '),
  'a value with octets above 0x7f': adding('x-value', '\u0080\u00ff'),
  'connection: close': adding('connection', 'close'),
  'keep-alive': adding('keep-alive', 'timeout=5'),
  'proxy-connection': adding('proxy-connection', 'close'),
  'transfer-encoding: chunked': adding('transfer-encoding', 'chunked'),
  upgrade: adding('upgrade', 'h2c'),
  'te: trailers in a response': adding('te', 'trailers'),

  'content-length that fits': lengths(['content-length', '5'], 2, 3),
  'content-length above the body': lengths(['content-length', '6'], 2, 3),
  'content-length below the body': lengths(['content-length', '4'], 2, 3),
  'content-length of 0 with a body': lengths(['content-length', '0'], 1),
  'content-length without a body': adding('content-length', '5'),
  'content-length repeated': lengths(['content-length', '5', 'content-length', '5'], 5),
  'content-length repeated otherwise': lengths(['content-length', '5', 'content-length', '6'], 5),
  'content-length as a list': lengths(['content-length', '5, 5'], 5),
  'content-length with a sign': lengths(['content-length', '+5'], 5),
  'content-length below zero': lengths(['content-length', '-5'], 5),
  'content-length that is no number': lengths(['content-length', 'five'], 5),
  'content-length of 20 digits': lengths(['content-length', '1'.repeat(20)], 5),
  'content-length of a 304': on(waiting, 'HEADERS 304', bodyless('304', 'content-length', '5')),
  'content-length of a 204': on(waiting, 'HEADERS 204', bodyless('204', 'content-length', '5')),
  'content-length of 0 of a 204': on(waiting, 'HEADERS 204', bodyless('204', 'content-length', '0')),
  'content-length of an answer to HEAD': on(head, 'HEADERS 200', bodyless('200', 'content-length', '5')),
  'an answer to HEAD that ends with DATA': on(head, 'HEADERS 200, DATA', answer('200', 'content-length', '5'), body(0)),
  'a body in an answer to HEAD': on(head, 'HEADERS 200, DATA', answer('200', 'content-length', '5'), body(5)),
  'a body of a 204': on(waiting, 'HEADERS 204, DATA', answer('204'), body(5)),
  'a body of a 304': on(waiting, 'HEADERS 304, DATA', answer('304'), body(5)),
  'a 204 that ends with DATA': on(waiting, 'HEADERS 204, DATA', answer('204'), body(0)),

  'trailers that fit': trailing('x-sum', '1', 'x-more', '2'),
  'trailers without fields': trailing(),
  'trailers without a body': on(waiting, 'HEADERS, trailers', answer('200'), trailers('x-sum', '1')),
  'trailers with :status': trailing(':status', '200'),
  'trailers with connection': trailing('connection', 'close'),
  'trailers with a name in upper case': trailing('X-Sum', '1'),
  'trailers with LF': trailing('x-sum', 'a\nb'),
  'trailers with content-length': trailing('content-length', '3'),
  'trailers without END_STREAM': on(waiting, 'HEADERS, DATA, HEADERS', answer('200'), body(3, false), (id) =>
    headers(id, ['x-sum', '1']),
  ),
  'DATA after trailers': on(waiting, 'HEADERS, trailers, DATA', answer('200'), trailers('x-sum', '1'), body(3)),
};
