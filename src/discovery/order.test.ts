import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { mergeNameOrders, mergeOrders, mergeVersionOrders } from './order.ts';

const letters = (...lists: string[]) => lists.map((list) => [...list]);

/*
 * The inputs are those of the native feature's consensus sort (TestSortDiscoveryGroupsTopo), here newest server first.
 * Where `native` differs, it does because the newest list leads and an entry is placed behind its predecessor at once.
 */
for (const { lists, expected, native = expected } of [
  { lists: letters('ABCD', 'ABCD', 'AXZD', 'ZY', 'Q'), expected: 'AXZYBCDQ', native: 'ABCQXZDY' },
  { lists: letters('AB', 'BA'), expected: 'AB' },
  { lists: letters('CDE', 'BDE', 'ADE'), expected: 'CBADE', native: 'ABCDE' },
  { lists: letters('ABC', 'BCA', 'CAB'), expected: 'ABC' },
  { lists: letters('AB', 'CD', 'BA'), expected: 'ABCD' },
  { lists: letters('AB', 'BC', 'CA'), expected: 'ABC' },
  { lists: letters('', 'ABC'), expected: 'ABC' },
  { lists: letters(), expected: '' },
  // A contradiction makes native sort everything by name; here the newest order stands.
  { lists: letters('BA', 'AB'), expected: 'BA', native: 'AB' },
  { lists: letters('ZBA', 'ABX'), expected: 'ZBAX', native: 'ABXZ' },
]) {
  const title = lists.map((list) => list.join('')).join(' ');
  test(`orders ${title || 'of nobody'} merge to ${expected}${native === expected ? '' : `, not to native's ${native}`}`, () => {
    assert.equal(mergeOrders(lists).join(''), expected);
  });
}

for (const [lists, expected, why] of [
  [letters('BC', 'XC'), 'BXC', 'a first entry goes before its successor'],
  [letters('BC', 'XYC'), 'BXYC', 'missing neighbours stay together'],
  [letters('AB', 'X'), 'ABX', 'an entry without neighbours goes last'],
  [letters('APB', 'AXB'), 'AXPB', 'an entry goes directly behind its predecessor'],
  [letters('ABCDM', 'AMXBCD'), 'AXBCDM', 'a predecessor that is itself out of place is not followed'],
  [letters('ABCDE', 'EAXB'), 'AXBCDE', 'an entry out of place elsewhere displaces nothing'],
] as const) {
  test(`${why}: ${lists.map((list) => list.join('')).join(' ')} merge to ${expected}`, () => {
    assert.equal(mergeOrders(lists).join(''), expected);
  });
}

const list = fc.uniqueArray(fc.constantFrom(...'ABCDEFGHIJ'), { maxLength: 8 });
const lists = fc.array(list, { maxLength: 4 });

test('the merged order holds every entry once and keeps the order of the leading list', () => {
  fc.assert(
    fc.property(lists, (given) => {
      for (const merge of [mergeOrders, mergeNameOrders, mergeVersionOrders]) {
        const merged = merge(given);
        assert.deepEqual([...merged].sort(), [...new Set(given.flat())].sort());
        assert.deepEqual(among(merged, given[0] ?? []), given[0] ?? []);
      }
    }),
  );
});

/** A leading list and a follower that agree on the order of what both have. */
const agreeing = fc.tuple(list, fc.func(fc.constantFrom('leader', 'follower', 'both'))).map(([base, owner]) => ({
  leader: base.filter((name) => owner(name) !== 'follower'),
  follower: base.filter((name) => owner(name) !== 'leader'),
}));

test('two lists that do not contradict each other both keep their order', () => {
  fc.assert(
    fc.property(agreeing, ({ leader, follower }) => {
      const merged = mergeOrders([leader, follower]);
      assert.deepEqual(among(merged, leader), leader);
      assert.deepEqual(among(merged, follower), follower);
    }),
  );
});

test('a contradiction between two known neighbours changes nothing', () => {
  fc.assert(
    fc.property(agreeing, fc.nat(), ({ leader, follower }, nth) => {
      const at = nth % Math.max(follower.length - 1, 1);
      const [left, right] = [follower[at] ?? '', follower[at + 1] ?? ''];
      fc.pre(leader.includes(left) && leader.includes(right));
      const contradicting = follower.with(at, right).with(at + 1, left);
      assert.deepEqual(mergeOrders([leader, contradicting]), mergeOrders([leader, follower]));
    }),
  );
});

test('one misplaced entry displaces no other', () => {
  const setting = fc.tuple(
    fc.uniqueArray(fc.constantFrom(...'BCDEFGHIJ'), { minLength: 1 }),
    fc.nat(),
    fc.nat(),
    fc.nat(),
  );
  fc.assert(
    fc.property(setting, ([base, missingAt, from, to]) => {
      const missing = base[missingAt % base.length] ?? '';
      const others = base.filter((name) => name !== missing);
      const leader = others.toSpliced(from % base.length, 0, 'M');
      const follower = base.toSpliced(to % (base.length + 1), 0, 'M');
      // Right beside the missing entry nobody can tell which of two neighbours is the misplaced one.
      fc.pre(Math.abs(follower.indexOf('M') - follower.indexOf(missing)) > 1);
      assert.deepEqual(among(mergeOrders([leader, follower]), base), base);
    }),
  );
});

test('merging the merged order in again, at any place, changes nothing', () => {
  fc.assert(
    fc.property(lists, fc.nat(4), (given, at) => {
      for (const merge of [mergeOrders, mergeNameOrders, mergeVersionOrders]) {
        const merged = merge(given);
        assert.deepEqual(merge(given.toSpliced(at, 0, [...merged])), merged);
      }
    }),
  );
});

test('alphabetical lists stay alphabetical, and one that is not makes the leading one count', () => {
  assert.deepEqual(mergeNameOrders(letters('ADZ', 'BD', '')), [...'ABDZ']);
  assert.deepEqual(mergeNameOrders(letters('DAZ', 'BD')), [...'BDAZ']);
  assert.deepEqual(mergeNameOrders(letters('ADZ', 'DB')), [...'ADBZ']);
});

test('versions are inserted by preference and an older server is not asked for its order', () => {
  assert.deepEqual(mergeVersionOrders([['v1'], ['v1alpha1', 'v1beta1', 'v1']]), ['v1', 'v1beta1', 'v1alpha1']);
  assert.deepEqual(mergeVersionOrders([['v1beta1'], ['v1alpha1'], ['v2']]), ['v2', 'v1beta1', 'v1alpha1']);
});

function among(order: readonly string[], names: readonly string[]): readonly string[] {
  return order.filter((name) => names.includes(name));
}
