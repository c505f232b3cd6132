import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { isObject } from './json.ts';
import { mergePatch } from './merge-patch.ts';

/** RFC 7386 appendix A: original, patch, result. */
const VECTORS: readonly (readonly [unknown, unknown, unknown])[] = [
  [{ a: 'b' }, { a: 'c' }, { a: 'c' }],
  [{ a: 'b' }, { b: 'c' }, { a: 'b', b: 'c' }],
  [{ a: 'b' }, { a: null }, {}],
  [{ a: 'b', b: 'c' }, { a: null }, { b: 'c' }],
  [{ a: ['b'] }, { a: 'c' }, { a: 'c' }],
  [{ a: 'c' }, { a: ['b'] }, { a: ['b'] }],
  [{ a: { b: 'c' } }, { a: { b: 'd', c: null } }, { a: { b: 'd' } }],
  [{ a: [{ b: 'c' }] }, { a: [1] }, { a: [1] }],
  [
    ['a', 'b'],
    ['c', 'd'],
    ['c', 'd'],
  ],
  [{ a: 'b' }, ['c'], ['c']],
  [{ a: 'foo' }, null, null],
  [{ a: 'foo' }, 'bar', 'bar'],
  [{ e: null }, { a: 1 }, { e: null, a: 1 }],
  [[1, 2], { a: 'b', c: null }, { a: 'b' }],
  [{}, { a: { bb: { ccc: null } } }, { a: { bb: {} } }],
];

describe('merge patch', () => {
  for (const [at, [original, patch, result]] of VECTORS.entries()) {
    it(`does vector ${at + 1} of RFC 7386`, () => assert.deepEqual(mergePatch(original, patch), result));
  }

  it('changes nothing in place', () => {
    const original = { a: { b: 1 } };
    mergePatch(original, { a: { b: 2, c: 3 } });
    assert.deepEqual(original, { a: { b: 1 } });
  });

  it('takes __proto__ and constructor for names of members (prototype pollution)', () => {
    const patch: unknown = JSON.parse('{"__proto__":{"polluted":true},"constructor":{"prototype":{"polluted":true}}}');
    const merged = mergePatch({ a: 1 }, patch);
    assert.equal(Reflect.get({}, 'polluted'), undefined);
    assert.equal(Reflect.get(Object(merged), 'polluted'), undefined);
    assert.deepEqual(
      JSON.stringify(merged),
      '{"a":1,"__proto__":{"polluted":true},"constructor":{"prototype":{"polluted":true}}}',
    );
    assert.equal(JSON.stringify(mergePatch(merged, JSON.parse('{"__proto__":null,"constructor":null}'))), '{"a":1}');
  });

  it('is the same twice as once', () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.jsonValue(), (original, patch) => {
        const once = mergePatch(original, patch);
        assert.deepEqual(mergePatch(once, patch), once);
      }),
    );
  });

  it('makes what a difference was taken of', () => {
    const json = fc.jsonValue().map(withoutNullMembers);
    fc.assert(
      fc.property(json, json, (from, to) => {
        assert.deepEqual(mergePatch(from, difference(from, to)), to);
      }),
    );
  });
});

/** A merge patch cannot say null. */
function withoutNullMembers(value: unknown): unknown {
  if (!isObject(value)) return value;
  const members = Object.entries(value).filter(([, item]) => item !== null);
  return Object.fromEntries(members.map(([name, item]) => [name, withoutNullMembers(item)]));
}

function difference(from: unknown, to: unknown): unknown {
  if (!isObject(from) || !isObject(to)) return to;
  const gone = Object.keys(from).filter((name) => !Object.hasOwn(to, name));
  const changes = Object.entries(to).map(([name, value]) => [
    name,
    Object.hasOwn(from, name) ? difference(from[name], value) : value,
  ]);
  return Object.fromEntries([...gone.map((name) => [name, null] as const), ...changes]);
}
