import assert from 'node:assert/strict';
import { test } from 'node:test';
import { WeakValues } from './weak-values.ts';

test('gives an object by its key while somebody has it', () => {
  const values = new WeakValues<object>();
  const one = {};
  values.set('one', one);
  assert.equal(values.get('one'), one);
  assert.equal(values.get('other'), undefined);
  const other = {};
  values.set('one', other);
  assert.deepEqual([values.get('one') === other, values.size], [true, 1]);
});
