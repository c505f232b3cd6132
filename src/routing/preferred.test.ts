import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { leastLoaded } from './least-loaded.ts';
import { choosePreferred, lessLoadedOfTwo, reconsidered, suitingServers, suits } from './preferred.ts';
import { snapshotOf } from './testing/snapshot-of.ts';

const NONE: ReadonlySet<number> = new Set();
const idle = () => 0;

/** Gives these numbers in turn. */
function sequence(...numbers: readonly number[]): () => number {
  const rest = [...numbers];
  return () => rest.shift() ?? 0;
}

test('of two random servers the less loaded', () => {
  const loads = [5, 1, 3];
  const load = (server: number) => loads[server] ?? 0;
  assert.equal(lessLoadedOfTwo([0, 1, 2], load, sequence(0, 0.9)), 2);
  assert.equal(lessLoadedOfTwo([0, 1, 2], load, sequence(0.9, 0)), 2);
  assert.equal(lessLoadedOfTwo([0, 1, 2], load, sequence(0.5, 0.9)), 1);
  assert.equal(lessLoadedOfTwo([0, 1, 2], load, sequence(0, 0)), 0);
});

test('of equally loaded ones the first drawn', () => {
  assert.equal(lessLoadedOfTwo([4, 7], idle, sequence(0.5, 0)), 7);
});

test('of none nobody', () => {
  assert.equal(lessLoadedOfTwo([], idle, Math.random), undefined);
});

test('no server is chosen that is not ready or has failed, and one is while there is any', () => {
  const server = fc.record({ minor: fc.constantFrom(36, 37), ready: fc.boolean() });
  const draw = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
  const setting = fc.tuple(fc.array(server, { maxLength: 5 }), fc.uniqueArray(fc.nat({ max: 4 })), draw, draw);
  fc.assert(
    fc.property(setting, ([servers, failed, one, other]) => {
      const tried = new Set(failed);
      const candidates = [...servers.keys()].filter((position) => servers[position]?.ready && !tried.has(position));
      const chosen = choosePreferred(snapshotOf(servers), { load: idle, random: sequence(one, other), tried });
      if (candidates.length === 0) assert.equal(chosen, undefined);
      else assert.ok(chosen !== undefined && candidates.includes(chosen));
    }),
  );
});

test('every ready server can be preferred', () => {
  const snapshot = snapshotOf([{ minor: 37 }, { minor: 37 }, { minor: 36 }]);
  const chosen = [0, 0.34, 0.67].map((draw) =>
    choosePreferred(snapshot, { load: idle, random: () => draw, tried: NONE }),
  );
  assert.deepEqual(chosen, [0, 1, 2]);
});

/** Numbers that look random and are the same in every run (mulberry32). */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

for (const [servers, clients] of [
  [3, 300],
  [9, 900],
  [100, 5_000],
  [500, 5_000],
] as const) {
  test(`of ${clients} clients no server of ${servers} gets far more than its share`, () => {
    const snapshot = snapshotOf(Array.from({ length: servers }, () => ({ minor: 37 })));
    const counts = Array.from({ length: servers }, () => 0);
    const random = seeded(servers);
    const load = (server: number) => counts[server] ?? 0;
    for (let client = 0; client < clients; client++) {
      const server = choosePreferred(snapshot, { load, random, tried: NONE }) ?? -1;
      counts[server] = load(server) + 1;
    }
    // The less loaded of two keeps the fullest within ln ln n of the average; one random draw alone does not.
    assert.ok(Math.max(...counts) <= clients / servers + 5, `${Math.max(...counts)}`);
  });

  test(`so it is when ${clients} requests go to the least loaded of ${servers} capable servers`, () => {
    const counts = Array.from({ length: servers }, () => 0);
    const positions = [...counts.keys()];
    const random = seeded(servers);
    const load = (server: number) => counts[server] ?? 0;
    for (let request = 0; request < clients; request++) {
      const server = leastLoaded(positions, { load, draw: random(), tried: NONE }) ?? -1;
      counts[server] = load(server) + 1;
    }
    assert.ok(Math.max(...counts) <= clients / servers + 5, `${Math.max(...counts)}`);
  });
}

test('however many servers there are, two loads are compared', () => {
  const asked: number[] = [];
  const load = (server: number) => asked.push(server);
  const positions = Array.from({ length: 500 }, (_, position) => position);
  leastLoaded(positions, { load, draw: 0.7, tried: NONE });
  choosePreferred(snapshotOf(positions.map(() => ({ minor: 37 }))), { load, random: Math.random, tried: NONE });
  assert.equal(asked.length, 4);
});

test('of many servers one that was not tried is found, be it the last', () => {
  const positions = Array.from({ length: 40 }, (_, position) => position);
  const draw = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
  fc.assert(
    fc.property(fc.nat({ max: 39 }), draw, (left, drawn) => {
      const tried = new Set(positions.filter((position) => position !== left));
      assert.equal(leastLoaded(positions, { load: idle, draw: drawn, tried }), left);
    }),
  );
  assert.equal(leastLoaded(positions, { load: idle, draw: 0, tried: new Set(positions) }), undefined);
});

const MIXED = snapshotOf([
  { minor: 37 },
  { minor: 37, ready: false },
  { minor: 36 },
  { minor: 36 },
  { minor: 35 },
  { minor: undefined },
]);

for (const [minor, expected] of [
  [undefined, [0, 2, 3, 4, 5]],
  [39, [0]],
  [37, [0]],
  [36, [0, 2, 3]],
  [35, [0, 2, 3, 4]],
  [20, [0, 2, 3, 4]],
] as const) {
  test(`a client of ${minor === undefined ? 'no version' : `v1.${minor}`} prefers ${expected.join(', ')}`, () => {
    assert.deepEqual(suitingServers(MIXED, minor), expected);
    const ready = [0, 2, 3, 4, 5];
    assert.deepEqual(
      ready.filter((position) => suits(MIXED, position, minor)),
      expected,
    );
  });
}

test('a server restarts, and in time all servers have about as many clients again, without a crowd that runs to it', () => {
  const snapshot = snapshotOf([{ minor: 37 }, { minor: 37 }, { minor: 37 }]);
  const random = seeded(7);
  const clients = Array.from({ length: 3_000 }, (_, client) => client % 2);
  const counts = () => [0, 1, 2].map((server) => clients.filter((preferred) => preferred === server).length);
  let loads = counts();
  for (let round = 0; round < 8; round++) {
    // Watches stay where they are for some minutes, so that loads are those of a round or two ago.
    if (round % 2 === 0) loads = counts();
    const load = (server: number) => loads[server] ?? 0;
    for (const [client, preferred] of clients.entries()) {
      clients[client] = reconsidered(snapshot, preferred, { load, random });
    }
    assert.ok(Math.max(...counts()) <= 1_500, 'nobody ever has more than the busiest had');
  }
  assert.ok(Math.max(...counts()) <= 2 * Math.min(...counts()) + 16, `${counts()}`);
});

test('a few requests more are no reason to move', () => {
  const snapshot = snapshotOf([{ minor: 37 }, { minor: 37 }]);
  const load = (server: number) => (server === 0 ? 16 : 0);
  for (const draw of [0, 0.5, 0.9]) assert.equal(reconsidered(snapshot, 0, { load, random: () => draw }), 0);
});
