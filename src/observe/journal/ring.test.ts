import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Ring } from './ring.ts';

test('a ring has the last items, newest first, and never more than its capacity', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 20 }), fc.integer({ min: 0, max: 100 }), (capacity, count) => {
      const ring = new Ring<number>(capacity);
      const items = Array.from({ length: count }, (_, at) => at);
      for (const item of items) ring.put(item);
      assert.deepEqual([...ring.newestFirst()], items.slice(-capacity).reverse());
      assert.deepEqual([ring.total, ring.size], [count, Math.min(count, capacity)]);
    }),
  );
});
