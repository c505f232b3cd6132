import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isPretty } from './pretty.ts';

const VECTORS: readonly (readonly [boolean, string, string | undefined, boolean])[] = [
  [false, '', undefined, false],
  [false, '', 'kubectl/v1.37.2', false],
  [false, '', 'curl/8.5.0', true],
  [false, '', 'Wget/1.21', true],
  [false, '', 'Mozilla/5.0 (X11)', true],
  [false, '', 'Mozilla/4.0', false],
  [false, '', 'libcurl/8', false],
  [false, 'pretty=1', undefined, true],
  [false, 'pretty=true', undefined, true],
  [false, 'pretty=T', undefined, true],
  [false, 'pretty=tRUE', undefined, false],
  [false, 'pretty=yes', 'curl/8', false],
  [false, 'pretty=0', 'curl/8', false],
  [false, 'pretty=false', 'curl/8', false],
  [false, 'pretty=', 'curl/8', true],
  [false, 'pretty', 'kubectl', false],
  [false, 'ugly=1&pretty=0&pretty=1', undefined, false],
  [false, '%70retty=1', undefined, false],
  [true, 'pretty=0', undefined, true],
  [true, '', undefined, true],
];

for (const [accepted, query, userAgent, expected] of VECTORS) {
  test(`clause ${accepted}, query "${query}", client ${userAgent}: ${expected ? 'indented' : 'compact'}`, () => {
    assert.equal(isPretty(accepted, query, userAgent), expected);
  });
}
