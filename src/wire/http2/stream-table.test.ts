import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { StreamTable } from './stream-table.ts';

const id = fc.integer({ min: 0, max: 200 }).map((n) => 2 * n + 1);

test('a table of streams is what a Map would be, whatever comes and goes', () => {
  fc.assert(
    fc.property(fc.array(fc.record({ id, adds: fc.boolean() }), { maxLength: 400 }), (steps) => {
      const table = new StreamTable<{ readonly id: number }>();
      const model = new Map<number, { readonly id: number }>();
      for (const step of steps) {
        if (!step.adds) assert.equal(table.delete(step.id), model.delete(step.id));
        else if (!model.has(step.id)) {
          model.set(step.id, step);
          table.add(step);
        }
        assert.equal(table.size, model.size);
        assert.equal(table.get(step.id), model.get(step.id));
      }
      const expected = [...model.values()].sort((a, b) => a.id - b.id);
      assert.deepEqual(table.all(), expected);
      for (const stream of expected) assert.equal(table.get(stream.id), stream);
    }),
  );
});

test('streams that stay are found while thousands come and go beside them', () => {
  const table = new StreamTable<{ readonly id: number }>();
  const watches = Array.from({ length: 100 }, (_, i) => ({ id: 2 * i + 1 }));
  for (const watch of watches) table.add(watch);
  for (let i = 201; i < 20_001; i += 2) {
    table.add({ id: i });
    if (i >= 221) assert.ok(table.delete(i - 20));
  }
  for (const watch of watches) assert.equal(table.get(watch.id), watch);
  assert.equal(table.size, 110);
});
