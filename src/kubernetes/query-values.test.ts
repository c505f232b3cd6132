import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { queryValues } from './query-values.ts';

// What Go's url.ParseQuery keeps.
const VECTORS: readonly (readonly [string, Record<string, string>])[] = [
  ['', {}],
  ['a', { a: '' }],
  ['a=', { a: '' }],
  ['=a', { '': 'a' }],
  ['a=1&a=2', { a: '1' }],
  ['&&a=1&', { a: '1' }],
  ['a=b=c', { a: 'b=c' }],
  ['a+b=c+d', { 'a b': 'c d' }],
  ['%61=%2B', { a: '+' }],
  ['a=%&b=1', { b: '1' }],
  ['%zz=1&b=2', { b: '2' }],
  ['a=1;b=2&c=3', { c: '3' }],
  ['a=%3B', { a: ';' }],
  ['a=%&a=2', { a: '2' }],
  ['a=%C3%A9', { a: 'é' }],
  ['a=\xc3\xa9', { a: 'é' }],
  ['a=%ff', { a: '\ufffd' }],
  ['a?b=c?d', { 'a?b': 'c?d' }],
  ['__proto__=x', Object.fromEntries([['__proto__', 'x']])],
];

for (const [query, expected] of VECTORS) {
  test(`query ${JSON.stringify(query)}`, () => assert.deepEqual(Object.fromEntries(queryValues(query)), expected));
}

test('more than 10 000 parameters are none', () => {
  assert.equal(queryValues(`${'a&'.repeat(9_999)}b=1`).get('b'), '1');
  assert.equal(queryValues(`${'a&'.repeat(10_000)}b=1`).size, 0);
});

test('what URLSearchParams writes is read back', () => {
  const text = fc.string({ unit: 'grapheme' }).filter((value) => value.isWellFormed());
  fc.assert(
    fc.property(fc.uniqueArray(fc.tuple(text, text), { selector: ([name]) => name }), (pairs) => {
      assert.deepEqual([...queryValues(new URLSearchParams(pairs).toString())], pairs);
    }),
  );
});
