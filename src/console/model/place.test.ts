import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { parsePlace, placeHref, VIEWS, withFilter } from './place.ts';

test('a place survives its address, whatever its filters hold', () => {
  const filters = fc.dictionary(
    fc.string({ minLength: 1 }).filter((name) => name !== '__proto__'),
    fc.string({ minLength: 1 }),
  );
  fc.assert(
    fc.property(fc.constantFrom(...VIEWS), filters, (view, given) => {
      const { view: found, filters: read } = parsePlace(placeHref(view, given));
      assert.equal(found, view);
      assert.deepEqual({ ...read }, { ...given });
    }),
  );
});

for (const hash of ['', '#', '#/', '#/nowhere', '#main', '#/nowhere?a=b', '#/skew/more']) {
  test(`"${hash}" is the first view`, () => assert.equal(parsePlace(hash).view, 'skew'));
}

test('a path with its query can be written into the address by hand', () => {
  assert.deepEqual(
    { ...parsePlace('#/explain?path=/api/v1/pods?watch=true').filters },
    { path: '/api/v1/pods?watch=true' },
  );
});

test('a filter is set, changed and removed, and others stay', () => {
  const place = parsePlace('#/decisions?client=kubectl&code=404');
  assert.equal(withFilter(place, 'code', '5xx'), '#/decisions?client=kubectl&code=5xx');
  assert.equal(withFilter(place, 'client', ''), '#/decisions?code=404');
});
