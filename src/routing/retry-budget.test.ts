import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { RetryBudget } from './retry-budget.ts';

/** How many retries are granted in a row. */
function withdrawals(budget: RetryBudget, most = 1_000): number {
  for (let granted = 0; granted < most; granted++) if (!budget.withdraw()) return granted;
  return most;
}

test('a proxy that has seen nothing yet may retry what is under way on one server', () => {
  assert.equal(withdrawals(new RetryBudget(10)), 100);
});

test('afterwards ten in a hundred', () => {
  const budget = new RetryBudget(10);
  withdrawals(budget);
  for (let i = 0; i < 99; i++) budget.deposit();
  assert.equal(withdrawals(budget), 9);
  // What the refused one did not take is still there.
  for (let i = 0; i < 2; i++) budget.deposit();
  assert.equal(withdrawals(budget), 1);
});

test('silence saves up no more than the floor, and a share above it no more than itself', () => {
  for (const [percent, floor, most] of [
    [10, 100, 100],
    [10, 10, 10],
    [50, 10, 50],
    [100, 10, 100],
  ] as const) {
    const budget = new RetryBudget(percent, floor);
    for (let i = 0; i < 10_000; i++) budget.deposit();
    assert.equal(withdrawals(budget), most);
  }
});

test('at 0 percent there is no retry at all', () => {
  const budget = new RetryBudget(0);
  assert.equal(withdrawals(budget), 0);
  for (let i = 0; i < 1_000; i++) budget.deposit();
  assert.equal(withdrawals(budget), 0);
});

test('over any history, retries stay within the floor and the share of the requests', () => {
  const history = fc.array(fc.boolean(), { maxLength: 400 });
  fc.assert(
    fc.property(history, fc.constantFrom(1, 10, 50, 100), (steps, percent) => {
      const budget = new RetryBudget(percent);
      let [requests, retries] = [0, 0];
      for (const isRequest of steps) {
        if (isRequest) {
          budget.deposit();
          requests++;
        } else if (budget.withdraw()) retries++;
        assert.ok(retries <= 100 + (requests * percent) / 100 + 1e-6);
      }
    }),
  );
});
