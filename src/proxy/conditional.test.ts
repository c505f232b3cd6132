import assert from 'node:assert/strict';
import { test } from 'node:test';
import { acceptsGzip, matchesEtag } from './conditional.ts';

for (const [field, expected] of [
  ['"A1"', true],
  ['W/"A1"', true],
  ['*', true],
  [' "A1" ', true],
  ['"B", "A1"', true],
  ['"B",W/"A1" ,"C"', true],
  ['"B", *', true],
  ['"B"', false],
  ['A1', false],
  ['"a1"', false],
  ['"A1', false],
  ['w/"A1"', false],
  ['"XA1"', false],
  ['', false],
] as const) {
  test(`If-None-Match: ${field} ${expected ? 'matches' : 'does not match'} "A1"`, () => {
    assert.equal(matchesEtag(field, '"A1"'), expected);
  });
}

for (const [field, expected] of [
  [undefined, false],
  ['', false],
  ['gzip', true],
  ['GZip', true],
  ['deflate, gzip', true],
  ['gzip;q=1.0, *;q=0', true],
  ['gzip;q=0', false],
  ['gzip; q=0.000', false],
  ['gzip;q=0, *', false],
  ['gzip;q=0.001', true],
  ['*', true],
  ['*;q=0', false],
  ['*;q=0, gzip', true],
  ['identity', false],
  ['identity, *;q=0.5', true],
  ['x-gzip', false],
  ['gzip;q=x', false],
] as const) {
  test(`Accept-Encoding: ${field} ${expected ? 'allows' : 'does not allow'} gzip`, () => {
    assert.equal(acceptsGzip(field), expected);
  });
}
