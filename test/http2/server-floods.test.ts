import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { EngineName } from '../../src/wire/engine-name.ts';
import type { ListenerLimits } from '../../src/wire/limits.ts';
import { FLAG, FRAME, frame } from '../support/h2-frames.ts';
import { type AttackedServer, flood, many, startAttackedServer } from './support/attacked-server.ts';
import {
  data,
  headers,
  ping,
  priority,
  requestFields,
  rstStream,
  SETTING,
  settings,
  windowUpdate,
} from './support/frame-builders.ts';
import { literalBlock } from './support/hpack.ts';
import type { RawPeer } from './support/raw-peer.ts';

const CALM = ['ENHANCE_YOUR_CALM'];
const EMPTY = Buffer.alloc(0);

interface FloodCase {
  readonly name: string;
  /** `node`: nghttp2 as Node sets it up does not cut this one off, or only by other means. */
  readonly engines: readonly EngineName[];
  readonly limits?: Partial<ListenerLimits>;
  /** Frames in front of the flood. */
  readonly before?: Buffer;
  readonly round: (i: number) => Buffer;
  readonly mostOctets: number;
  /** Codes with which the offender may be cut off. `undefined`: closed without GOAWAY. */
  readonly codes: readonly (string | undefined)[];
  /** Requests that may reach the handler. */
  readonly mostRequests: number;
  readonly deaf?: boolean;
  readonly check?: (server: AttackedServer, attacker: RawPeer) => void;
}

const BOTH: readonly EngineName[] = ['own', 'node'];
const OWN: readonly EngineName[] = ['own'];
const KIB = 1024;
const MIB = 1024 * KIB;
const FEW_RESETS: Partial<ListenerLimits> = { resetBurst: 100, resetsPerSecond: 1 };

const get = (id: number, path = '/hold'): Buffer => headers(id, requestFields('GET', path), { endStream: true });
const post = (id: number, path = '/hold'): Buffer => headers(id, requestFields('POST', path));
/** Number of the stream that is the `i`th of a round of fifty. */
const streamOf = (round: number, i: number): number => 1 + 2 * (50 * round + i);
/** Rounds of fifty streams, each opened and broken. */
const breaking = (build: (id: number) => Buffer) => (round: number) => many(50, (i) => build(streamOf(round, i)));
const UNFINISHED = Buffer.concat([post(1), frame(FRAME.headers, 0, 3, literalBlock(requestFields('GET', '/hold')))]);

const FLOODS: readonly FloodCase[] = [
  {
    name: 'rapid reset (CVE-2023-44487)',
    engines: BOTH,
    limits: FEW_RESETS,
    round: breaking((id) => Buffer.concat([get(id), rstStream(id, 'CANCEL')])),
    mostOctets: 100 * KIB,
    // nghttp2 calls it INTERNAL_ERROR.
    codes: [...CALM, 'INTERNAL_ERROR', undefined],
    mostRequests: 200,
  },
  ...(
    [
      ['WINDOW_UPDATE by 0', (id) => Buffer.concat([post(id), windowUpdate(id, 0)])],
      ['a window above its maximum', (id) => Buffer.concat([post(id), windowUpdate(id, 2 ** 31 - 1)])],
      ['DATA behind END_STREAM', (id) => Buffer.concat([get(id), data(id, Buffer.alloc(1))])],
      ['HEADERS behind END_STREAM', (id) => Buffer.concat([get(id), get(id)])],
      [
        'a body that is longer than said',
        (id) =>
          Buffer.concat([
            headers(id, requestFields('POST', '/hold', 'content-length', '1')),
            data(id, Buffer.alloc(2)),
          ]),
      ],
      [
        'trailers with a pseudo-header field',
        (id) => Buffer.concat([post(id), headers(id, [':path', '/'], { endStream: true })]),
      ],
      ['PRIORITY of 4 octets', (id) => Buffer.concat([post(id), frame(FRAME.priority, 0, id, Buffer.alloc(4))])],
    ] as const satisfies readonly (readonly [string, (id: number) => Buffer])[]
  ).map(
    ([how, build]): FloodCase => ({
      name: `MadeYouReset (CVE-2025-8671) by ${how}`,
      engines: how.startsWith('trailers') ? OWN : BOTH,
      limits: FEW_RESETS,
      round: breaking(build),
      mostOctets: 100 * KIB,
      // Whoever takes the first one for an error of the connection is done with it, too (RFC 9113 section 5.4.1).
      codes: [
        ...CALM,
        'PROTOCOL_ERROR',
        'FLOW_CONTROL_ERROR',
        'STREAM_CLOSED',
        'FRAME_SIZE_ERROR',
        'INTERNAL_ERROR',
        undefined,
      ],
      mostRequests: 200,
    }),
  ),
  {
    name: 'reset flood (CVE-2019-9514): heads that are refused',
    engines: OWN,
    limits: FEW_RESETS,
    round: breaking((id) => headers(id, [':method', 'GET'], { endStream: true })),
    mostOctets: 100 * KIB,
    codes: CALM,
    mostRequests: 0,
  },
  {
    name: 'streams beyond the limit, refused again and again',
    engines: BOTH,
    limits: { ...FEW_RESETS, streamsPerConnection: 10 },
    round: breaking((id) => get(id)),
    mostOctets: 100 * KIB,
    // Section 5.1.2: PROTOCOL_ERROR or REFUSED_STREAM.
    codes: [...CALM, 'PROTOCOL_ERROR', undefined],
    mostRequests: 10,
  },
  {
    name: 'CONTINUATION flood (CVE-2024-27316, CVE-2024-27983)',
    engines: BOTH,
    before: UNFINISHED,
    round: (i) => many(20, (k) => frame(FRAME.continuation, 0, 3, literalBlock([`x-${i}-${k}`, 'v'.repeat(1000)]))),
    mostOctets: MIB,
    codes: [...CALM, 'INTERNAL_ERROR', 'PROTOCOL_ERROR', 'COMPRESSION_ERROR', undefined],
    mostRequests: 1,
  },
  {
    name: 'CONTINUATION flood of frames without octets',
    engines: BOTH,
    before: UNFINISHED,
    round: () => many(500, () => frame(FRAME.continuation, 0, 3)),
    mostOctets: 100 * KIB,
    codes: [...CALM, 'INTERNAL_ERROR', 'PROTOCOL_ERROR', undefined],
    mostRequests: 1,
  },
  {
    name: 'CONTINUATION flood of frames with one octet',
    engines: OWN,
    before: UNFINISHED,
    round: () => many(500, () => frame(FRAME.continuation, 0, 3, Buffer.from([0x82]))),
    mostOctets: 100 * KIB,
    codes: [...CALM, 'PROTOCOL_ERROR'],
    mostRequests: 1,
  },
  {
    name: 'never-ending trailers',
    engines: BOTH,
    before: Buffer.concat([post(1), frame(FRAME.headers, FLAG.endStream, 1, literalBlock(['x-sum', '1']))]),
    round: (i) => many(20, (k) => frame(FRAME.continuation, 0, 1, literalBlock([`x-${i}-${k}`, 'v'.repeat(1000)]))),
    mostOctets: MIB,
    codes: [...CALM, 'INTERNAL_ERROR', 'PROTOCOL_ERROR', 'COMPRESSION_ERROR', undefined],
    mostRequests: 1,
  },
  {
    name: 'PING flood (CVE-2019-9512)',
    engines: OWN,
    round: () => many(1000, () => ping('flood')),
    mostOctets: MIB,
    codes: CALM,
    mostRequests: 0,
  },
  {
    name: 'PING flood (CVE-2019-9512) by somebody who does not read the answers',
    engines: OWN,
    round: () => many(1000, () => ping('flood')),
    mostOctets: 8 * MIB,
    codes: [...CALM, 'INTERNAL_ERROR', undefined],
    mostRequests: 0,
    deaf: true,
  },
  {
    name: 'PING ACK flood',
    engines: BOTH,
    round: () => many(1000, () => frame(FRAME.ping, FLAG.ack, 0, Buffer.alloc(8))),
    mostOctets: MIB,
    codes: [...CALM, 'INTERNAL_ERROR', 'PROTOCOL_ERROR', undefined],
    mostRequests: 0,
  },
  {
    name: 'SETTINGS flood (CVE-2019-9515)',
    engines: OWN,
    round: (i) => many(1000, (k) => settings([SETTING.initialWindowSize, (i + k) % 1000])),
    mostOctets: MIB,
    codes: CALM,
    mostRequests: 0,
  },
  {
    name: 'SETTINGS flood (CVE-2019-9515) by somebody who does not read the acknowledgements',
    engines: OWN,
    round: () => many(1000, () => settings()),
    mostOctets: 8 * MIB,
    codes: [...CALM, 'INTERNAL_ERROR', undefined],
    mostRequests: 0,
    deaf: true,
  },
  {
    name: 'SETTINGS ACK flood',
    engines: BOTH,
    round: () => many(1000, () => frame(FRAME.settings, FLAG.ack, 0)),
    mostOctets: MIB,
    codes: [...CALM, 'PROTOCOL_ERROR', undefined],
    mostRequests: 0,
  },
  {
    name: 'empty-DATA flood (CVE-2019-9518)',
    engines: OWN,
    before: post(1),
    round: () => many(1000, () => data(1, EMPTY)),
    mostOctets: MIB,
    codes: CALM,
    mostRequests: 1,
  },
  {
    name: 'DATA flood of padding alone',
    engines: OWN,
    before: post(1),
    round: () => many(200, () => data(1, EMPTY, { padding: 0 })),
    mostOctets: MIB,
    codes: CALM,
    mostRequests: 1,
  },
  {
    name: 'WINDOW_UPDATE flood for the connection',
    engines: OWN,
    round: () => many(1000, () => windowUpdate(0, 1)),
    mostOctets: MIB,
    codes: CALM,
    mostRequests: 0,
  },
  {
    name: 'WINDOW_UPDATE flood for a stream',
    engines: OWN,
    before: get(1),
    round: () => many(1000, () => windowUpdate(1, 1)),
    mostOctets: MIB,
    codes: CALM,
    mostRequests: 1,
  },
  {
    name: 'WINDOW_UPDATE flood for a stream that is over',
    engines: OWN,
    before: Buffer.concat([get(1), rstStream(1, 'CANCEL')]),
    round: () => many(1000, () => windowUpdate(1, 1)),
    mostOctets: MIB,
    codes: CALM,
    mostRequests: 1,
  },
  {
    name: 'data dribble (CVE-2019-9511): a large answer in windows of one octet',
    engines: OWN,
    before: Buffer.concat([settings([SETTING.initialWindowSize, 0]), get(1, '/large'), windowUpdate(0, 2 ** 30)]),
    round: () => many(1000, () => windowUpdate(1, 1)),
    mostOctets: MIB,
    codes: CALM,
    mostRequests: 1,
  },
  {
    name: 'PRIORITY flood (CVE-2019-9513)',
    engines: OWN,
    round: (i) => many(1000, (k) => priority(1 + 2 * ((i * 1000 + k) % 5000), 0)),
    mostOctets: MIB,
    codes: CALM,
    mostRequests: 0,
  },
  {
    name: 'flood of frames of an unknown type',
    engines: OWN,
    round: () => many(1000, () => frame(0x77, 0xff, 0)),
    mostOctets: MIB,
    codes: CALM,
    mostRequests: 0,
  },
  {
    name: 'flood of larger frames of an unknown type',
    engines: OWN,
    round: () => many(500, () => frame(0x77, 0xff, 0, Buffer.alloc(1000))),
    mostOctets: 8 * MIB,
    codes: CALM,
    mostRequests: 0,
  },
  {
    name: 'RST_STREAM flood for a stream that is over',
    engines: OWN,
    before: Buffer.concat([get(1), rstStream(1, 'CANCEL')]),
    round: () => many(1000, () => rstStream(1, 'CANCEL')),
    mostOctets: MIB,
    codes: CALM,
    mostRequests: 1,
  },
  {
    name: 'HEADERS flood for a stream that was reset',
    engines: OWN,
    before: Buffer.concat([get(1, '/hold'), windowUpdate(1, 0)]),
    round: () => many(500, () => get(1)),
    mostOctets: MIB,
    codes: [...CALM, 'STREAM_CLOSED', 'PROTOCOL_ERROR'],
    mostRequests: 1,
  },
  {
    name: 'DATA flood for a stream that was reset',
    engines: OWN,
    before: Buffer.concat([post(1), windowUpdate(1, 0)]),
    round: () => many(500, () => data(1, Buffer.alloc(1))),
    mostOctets: MIB,
    codes: [...CALM, 'STREAM_CLOSED', 'PROTOCOL_ERROR', 'FLOW_CONTROL_ERROR'],
    mostRequests: 1,
  },
  {
    name: 'DATA flood of large frames for a stream that was reset',
    engines: OWN,
    before: Buffer.concat([post(1), windowUpdate(1, 0)]),
    round: () => many(4, () => data(1, Buffer.alloc(16_384))),
    // Less than the window of the connection, which ends it anyway.
    mostOctets: 3 * MIB,
    codes: [...CALM, 'STREAM_CLOSED'],
    mostRequests: 1,
  },
  {
    name: 'GOAWAY flood',
    engines: OWN,
    before: get(1),
    round: () => many(1000, () => frame(FRAME.goaway, 0, 0, Buffer.alloc(8))),
    mostOctets: MIB,
    codes: CALM,
    mostRequests: 1,
  },
];

for (const attack of FLOODS) {
  for (const engine of attack.engines) {
    test(`${attack.name} is cut off, others go on being served (${engine})`, async (t) => {
      const server = await startAttackedServer(t, engine, attack.limits);
      const attacker = await server.attacker();
      if (attack.before !== undefined) attacker.send(attack.before);
      const { round, mostOctets, deaf = false } = attack;
      const cut = await flood(attacker, { round, mostOctets, deaf, bystander: server.bystander });
      assert.ok(cut !== undefined, `${mostOctets} octets were taken and no end of it`);
      assert.ok(attack.codes.includes(cut.code), `cut off with ${cut.code}`);
      assert.ok(server.reached.length <= attack.mostRequests, `${server.reached.length} requests reached the handler`);
      await server.bystander();
    });
  }
}
