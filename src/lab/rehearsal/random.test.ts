import assert from 'node:assert/strict';
import { test } from 'node:test';
import { percentile } from './percentile.ts';
import { seededRandom } from './random.ts';

test('the same seed gives the same numbers, another seed others, all within bounds', () => {
  const numbers = (seed: number) => Array.from({ length: 1000 }, seededRandom(seed));
  assert.deepEqual(numbers(1), numbers(1));
  assert.notDeepEqual(numbers(1), numbers(2));
  assert.ok(numbers(3).every((number) => number >= 0 && number < 1));
  const mean = numbers(4).reduce((sum, number) => sum + number) / 1000;
  assert.ok(mean > 0.45 && mean < 0.55);
});

test('percentiles are values that occur', () => {
  assert.equal(percentile([3, 1, 2], 0.5), 2);
  assert.equal(percentile([3, 1, 2], 0.99), 3);
  assert.equal(percentile([], 0.5), 0);
});
