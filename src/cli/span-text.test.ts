import assert from 'node:assert/strict';
import { test } from 'node:test';
import { spanText } from './span-text.ts';

for (const [seconds, expected] of [
  [-1, '0s'],
  [0.04, '0s'],
  [0.44, '0.4s'],
  [9.94, '9.9s'],
  [9.96, '10s'],
  [119.4, '119s'],
  [120, '2m'],
  [125, '2m5s'],
  [600, '10m'],
  [3_600, '60m'],
  [10_800, '3h'],
  [12_000, '3h20m'],
  [172_799, '47h59m'],
  [172_800, '2d'],
] as const) {
  test(`${seconds} s is ${expected}`, () => assert.equal(spanText(seconds), expected));
}
