import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { EngineName } from '../../src/wire/engine-name.ts';
import { defaultClientLimits } from '../../src/wire/http2/default-limits.ts';
import { FLAG, FRAME, frame } from '../support/h2-frames.ts';
import { startAttackedClient } from './support/attacked-client.ts';
import { flood, many } from './support/attacked-server.ts';
import {
  data,
  headers,
  ping,
  priority,
  requestFields,
  rstStream,
  SETTING,
  settings,
  u32,
  windowUpdate,
} from './support/frame-builders.ts';
import { indexed, indexedLiteral, literalBlock } from './support/hpack.ts';

const BOTH: readonly EngineName[] = ['own', 'node'];
const OWN: readonly EngineName[] = ['own'];
const KIB = 1024;
const MIB = 1024 * KIB;
const CALM = ['ENHANCE_YOUR_CALM'];
const OK = headers(1, [':status', '200']);
const EMPTY = Buffer.alloc(0);

interface FloodCase {
  readonly name: string;
  readonly engines: readonly EngineName[];
  readonly before?: Buffer;
  readonly round: (i: number) => Buffer;
  readonly mostOctets: number;
  readonly codes: readonly (string | undefined)[];
  readonly deaf?: boolean;
}

const FLOODS: readonly FloodCase[] = [
  {
    name: 'PING flood (CVE-2019-9512)',
    engines: OWN,
    round: () => many(1000, () => ping('flood')),
    mostOctets: MIB,
    codes: CALM,
  },
  {
    name: 'PING flood (CVE-2019-9512) without reading the answers',
    engines: OWN,
    round: () => many(1000, () => ping('flood')),
    mostOctets: 8 * MIB,
    codes: [...CALM, undefined],
    deaf: true,
  },
  {
    name: 'SETTINGS flood (CVE-2019-9515)',
    engines: OWN,
    round: (i) => many(1000, (k) => settings([SETTING.initialWindowSize, (i + k) % 1000])),
    mostOctets: MIB,
    codes: CALM,
  },
  {
    name: 'empty-DATA flood (CVE-2019-9518)',
    engines: OWN,
    before: OK,
    round: () => many(1000, () => data(1, EMPTY)),
    mostOctets: MIB,
    codes: CALM,
  },
  {
    name: 'DATA flood of padding alone',
    engines: OWN,
    before: OK,
    round: () => many(500, () => data(1, EMPTY, { padding: 0 })),
    mostOctets: MIB,
    codes: CALM,
  },
  {
    name: 'WINDOW_UPDATE flood',
    engines: OWN,
    round: () => many(1000, () => windowUpdate(0, 1)),
    mostOctets: MIB,
    codes: CALM,
  },
  {
    name: 'PRIORITY flood (CVE-2019-9513)',
    engines: OWN,
    round: () => many(1000, () => priority(1, 0)),
    mostOctets: MIB,
    codes: CALM,
  },
  {
    name: 'flood of frames of an unknown type',
    engines: OWN,
    round: () => many(1000, () => frame(0x77, 0, 0)),
    mostOctets: MIB,
    codes: CALM,
  },
  {
    name: 'GOAWAY flood',
    engines: OWN,
    round: () => many(1000, () => frame(FRAME.goaway, 0, 0, Buffer.concat([u32(1), u32(0)]))),
    mostOctets: MIB,
    codes: CALM,
  },
  {
    name: 'RST_STREAM flood for a stream that is over',
    engines: OWN,
    before: rstStream(1, 'CANCEL'),
    round: () => many(1000, () => rstStream(1, 'CANCEL')),
    mostOctets: MIB,
    codes: CALM,
  },
  {
    name: 'flood of informational heads',
    engines: OWN,
    round: () => many(500, () => headers(1, [':status', '103', 'link', '</a>'])),
    mostOctets: MIB,
    codes: [...CALM, 'PROTOCOL_ERROR'],
  },
  {
    name: 'CONTINUATION flood (CVE-2024-27316)',
    engines: BOTH,
    before: frame(FRAME.headers, 0, 1, literalBlock([':status', '200'])),
    round: (i) => many(20, (k) => frame(FRAME.continuation, 0, 1, literalBlock([`x-${i}-${k}`, 'v'.repeat(1000)]))),
    mostOctets: 4 * MIB,
    codes: [...CALM, 'INTERNAL_ERROR', 'PROTOCOL_ERROR', 'COMPRESSION_ERROR', undefined],
  },
  {
    name: 'CONTINUATION flood of frames without octets',
    engines: BOTH,
    before: frame(FRAME.headers, 0, 1, literalBlock([':status', '200'])),
    round: () => many(500, () => frame(FRAME.continuation, 0, 1)),
    mostOctets: 100 * KIB,
    codes: [...CALM, 'INTERNAL_ERROR', 'PROTOCOL_ERROR', undefined],
  },
  {
    name: 'never-ending trailers',
    engines: BOTH,
    before: Buffer.concat([OK, frame(FRAME.headers, FLAG.endStream, 1, literalBlock(['x-sum', '1']))]),
    round: (i) => many(20, (k) => frame(FRAME.continuation, 0, 1, literalBlock([`x-${i}-${k}`, 'v'.repeat(1000)]))),
    mostOctets: 4 * MIB,
    codes: [...CALM, 'INTERNAL_ERROR', 'PROTOCOL_ERROR', 'COMPRESSION_ERROR', undefined],
  },
  {
    name: 'HEADERS of streams nobody opened',
    engines: BOTH,
    round: (i) => many(50, (k) => headers(101 + 2 * (50 * i + k), [':status', '200'])),
    mostOctets: 100 * KIB,
    codes: ['PROTOCOL_ERROR'],
  },
  {
    name: 'PUSH_PROMISE flood',
    engines: BOTH,
    round: (i) =>
      many(50, (k) =>
        frame(
          FRAME.pushPromise,
          FLAG.endHeaders,
          1,
          Buffer.concat([u32(2 + 2 * (50 * i + k)), literalBlock(requestFields('GET', '/'))]),
        ),
      ),
    mostOctets: 100 * KIB,
    codes: ['PROTOCOL_ERROR'],
  },
  {
    name: 'DATA flood for an answer that is over',
    engines: OWN,
    before: headers(1, [':status', '200'], { endStream: true }),
    round: () => many(500, () => data(1, Buffer.alloc(10))),
    mostOctets: MIB,
    codes: [...CALM, 'STREAM_CLOSED', 'PROTOCOL_ERROR', 'FLOW_CONTROL_ERROR'],
  },
  {
    name: 'DATA flood of large frames for an answer that was broken off',
    engines: OWN,
    before: Buffer.concat([OK, OK]),
    round: () => many(8, () => data(1, Buffer.alloc(16_384))),
    // Less than the window of the connection, which ends it anyway.
    mostOctets: 12 * MIB,
    codes: [...CALM, 'STREAM_CLOSED'],
  },
  {
    name: 'HEADERS flood for an answer that is over',
    engines: OWN,
    before: headers(1, [':status', '200'], { endStream: true }),
    round: () => many(500, () => headers(1, [':status', '200'], { endStream: true })),
    mostOctets: MIB,
    codes: [...CALM, 'STREAM_CLOSED', 'PROTOCOL_ERROR'],
  },
];

for (const attack of FLOODS) {
  for (const engine of attack.engines) {
    test(`${attack.name} by a server ends its connection, others go on answering (${engine})`, async (t) => {
      const { attacker, fates, bystander } = await startAttackedClient(t, engine);
      if (attack.before !== undefined) attacker.send(attack.before);
      const { round, mostOctets, deaf = false } = attack;
      const cut = await flood(attacker, { round, mostOctets, deaf, bystander });
      assert.ok(cut !== undefined, `${mostOctets} octets were taken and no end of it`);
      assert.ok(attack.codes.includes(cut.code), `cut off with ${cut.code}`);
      assert.ok(fates[0]?.over !== undefined, 'the request never ended');
      await bystander();
    });
  }
}

for (const engine of BOTH) {
  test(`DATA beyond the window of a reader who has stopped is not kept (${engine})`, async (t) => {
    const { attacker, fates, bystander } = await startAttackedClient(t, engine, { read: [] });
    attacker.send(
      OK,
      many(128, () => data(1, Buffer.alloc(16_384))),
    );
    const state = await attacker.settle();
    const code = attacker.streams.get(1)?.reset ?? (state.kind === 'closed' ? state.goaway : undefined);
    assert.equal(code, 'FLOW_CONTROL_ERROR');
    assert.equal(fates[0]?.head?.status, 200);
    await bystander();
  });

  test(`answers that nobody reads stop at a bound (${engine})`, async (t) => {
    const { attacker, bystander } = await startAttackedClient(t, engine, { requests: 90, read: [] });
    let sent = 0;
    for (const id of attacker.streams.keys()) {
      if (attacker.closed || attacker.goaway !== undefined) break;
      attacker.send(
        headers(id, [':status', '200']),
        many(60, () => data(id, Buffer.alloc(16_384))),
      );
      sent += 60 * 16_384;
      await bystander();
    }
    const state = await attacker.settle();
    // Ours breaks what is not read, or ends the connection; Node takes what all windows together allow.
    const broken = [...attacker.streams.values()].filter(({ reset }) => reset !== undefined).length;
    if (engine === 'own') assert.ok(state.kind === 'closed' || broken > 0, `${sent} octets are held`);
    assert.ok(sent <= 96 * MIB);
    await bystander();
  });

  test(`an HPACK bomb in an answer does not become as large as it says (${engine})`, async (t) => {
    const { attacker, fates, bystander } = await startAttackedClient(t, engine);
    const bomb = Buffer.concat([
      literalBlock([':status', '200']),
      indexedLiteral('x-bomb', 'v'.repeat(4000)),
      many(12_000, () => indexed(62)),
    ]);
    attacker.send(headers(1, bomb));
    await attacker.settle();
    assert.equal(fates[0]?.head, undefined);
    assert.ok(fates[0]?.over !== undefined, 'the request never ended');
    await bystander();
  });

  test(`a header list above the limit in an answer fails one request (${engine})`, async (t) => {
    const { attacker, fates, bystander } = await startAttackedClient(t, engine, { requests: 2 });
    const fields = Array.from({ length: 300 }, (_, i) => [`x-${i}`, 'v'.repeat(1000)]).flat();
    attacker.send(headers(1, [':status', '200', ...fields], { continuations: 20 }));
    const state = await attacker.settle();
    assert.equal(fates[0]?.head, undefined);
    assert.ok(fates[0]?.over !== undefined, 'the request never ended');
    if (state.kind === 'alive') {
      attacker.send(headers(3, [':status', '200'], { endStream: true }));
      await attacker.settle();
      assert.equal(fates[1]?.head?.status, 200);
    }
    await bystander();
  });
}

test('an answer still arrives while a server fills all others, which nobody reads (own)', async (t) => {
  const { attacker, fates } = await startAttackedClient(t, 'own', { requests: 160, read: [159] });
  const [last = 0, ...others] = [...attacker.streams.keys()].reverse();
  const piece = 16_384;
  const { streamWindow, heldBytes } = defaultClientLimits;
  assert.ok(others.length * (streamWindow - piece) > heldBytes);
  // As a server does that keeps to the windows, of each stream and of the connection; together more than may be held.
  for (const id of others) {
    attacker.send(headers(id, [':status', '200']));
    for (let sent = 0; sent < streamWindow - piece && attacker.streams.get(id)?.reset === undefined; sent += piece) {
      assert.ok(await attacker.until(() => attacker.credit >= piece), 'the connection stands still');
      attacker.credit -= piece;
      attacker.send(data(id, Buffer.alloc(piece)));
    }
  }
  attacker.send(headers(last, [':status', '200']));
  assert.ok(await attacker.until(() => attacker.credit >= piece), 'the connection stands still');
  attacker.send(data(last, Buffer.alloc(piece), { endStream: true }));
  assert.equal((await attacker.settle()).kind, 'alive');
  assert.equal(fates[159]?.over, 'end');
});
