import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { Budget } from './budget.ts';

/** A clock that goes when it is told to. */
function clock(t: TestContext): { pass(ms: number): void } {
  let now = 1000;
  t.mock.method(performance, 'now', () => now);
  return {
    pass: (ms) => {
      now += ms;
    },
  };
}

function takeAll(budget: Budget): number {
  let taken = 0;
  while (taken < 10_000 && budget.take()) taken += 1;
  return taken;
}

test('a burst at once, and then as much as time brings', (t) => {
  const time = clock(t);
  const budget = new Budget(10, 5);
  assert.equal(takeAll(budget), 10);
  time.pass(1000);
  assert.equal(takeAll(budget), 5);
  time.pass(100);
  assert.equal(takeAll(budget), 0);
});

test('however long nothing is taken, there is no more than a burst', (t) => {
  const time = clock(t);
  const budget = new Budget(10, 5);
  assert.equal(takeAll(budget), 10);
  time.pass(1e9);
  assert.equal(takeAll(budget), 10);
});

test('what is useful pays for what is not, but not ahead', (t) => {
  clock(t);
  const budget = new Budget(10, 5);
  for (let i = 0; i < 1000; i += 1) {
    budget.give();
    assert.ok(budget.take());
  }
  for (let i = 0; i < 1000; i += 1) budget.give();
  assert.equal(takeAll(budget), 10);
  budget.give(3);
  // One was refused, and that is paid too.
  assert.equal(takeAll(budget), 2);
});

test('the clock is not read while there is plenty', (t) => {
  const now = t.mock.method(performance, 'now', () => 0);
  const budget = new Budget(10, 5);
  const before = now.mock.callCount();
  for (let i = 0; i < 9; i += 1) budget.take();
  assert.equal(now.mock.callCount(), before);
});
