import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { percentDecode } from './percent-decoding.ts';

test('escapes are decoded, plus signs only where they mean a space', () => {
  assert.equal(percentDecode('a+b%20c%2fd'), 'a+b c/d');
  assert.equal(percentDecode('a+b%20c%2Bd', true), 'a b c+d');
  assert.equal(percentDecode('%EF%BB%BFx'), '\ufeffx');
});

test('bytes that are not UTF-8 become U+FFFD', () => {
  assert.equal(percentDecode('a%ffb'), 'a\ufffdb');
  assert.equal(percentDecode('\xff'), '\ufffd');
  assert.equal(percentDecode('%c3\xa9'), 'é');
});

test('agrees with decodeURIComponent wherever that accepts', () => {
  const piece = fc.oneof(fc.constantFrom('%', '%4', '%41', '%c3%a9', '%E2%82%AC', '%zz', '%2'), fc.string());
  fc.assert(
    fc.property(fc.array(piece), (pieces) => {
      const text = pieces.join('');
      let expected: string | undefined;
      try {
        expected = decodeURIComponent(text);
      } catch {
        expected = undefined;
      }
      const actual = percentDecode(text);
      if (expected !== undefined) assert.equal(actual, expected);
      else assert.ok(actual === undefined || actual.includes('\ufffd'));
    }),
  );
});
