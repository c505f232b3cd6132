import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { choosePreferred, lessLoadedOfTwo } from './preferred.ts';
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
