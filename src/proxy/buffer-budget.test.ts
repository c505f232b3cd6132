import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { BufferBudget } from './buffer-budget.ts';

test('bytes are taken while there is room, and given back', () => {
  const budget = new BufferBudget(10);
  assert.equal(budget.take(10), true);
  assert.equal(budget.take(1), false);
  assert.equal(budget.held, 10);
  budget.give(4);
  assert.equal(budget.take(5), false);
  assert.equal(budget.take(4), true);
  assert.equal(budget.held, 10);
});

test('without room nothing is taken', () => {
  assert.equal(new BufferBudget(0).take(1), false);
  assert.equal(new BufferBudget(0).take(0), true);
});

test('never more is held than the limit', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: -20, max: 20 })), (steps) => {
      const budget = new BufferBudget(50);
      const taken: number[] = [];
      for (const step of steps) {
        if (step >= 0) {
          if (budget.take(step)) taken.push(step);
        } else budget.give(taken.pop() ?? 0);
        assert.equal(
          budget.held,
          taken.reduce((sum, bytes) => sum + bytes, 0),
        );
        assert.ok(budget.held <= 50);
      }
    }),
  );
});
