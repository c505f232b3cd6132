import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Retries } from './retries.ts';

function countGranted(ask: () => boolean): number {
  let granted = 0;
  while (granted < 1_000 && ask()) granted++;
  return granted;
}

test('what a lost server had under way is repeated although the budget could not pay for it, and leaves the budget as it is', () => {
  const retries = new Retries(10);
  for (let i = 0; i < 500; i++) assert.equal(retries.afterLoss('a', 0, 1_000), true);
  assert.equal(
    countGranted(() => retries.withdraw()),
    100,
  );
});

test('what goes to a server that goes on to fail draws on the budget', () => {
  const retries = new Retries(10);
  retries.afterLoss('a', 0, 1_000);
  assert.equal(
    countGranted(() => retries.afterLoss('a', 1_500, 1_600)),
    100,
  );
});

test('answers that clients can bring about draw on a budget of their own', () => {
  const retries = new Retries(10);
  assert.equal(
    countGranted(() => retries.withdrawForAnswer()),
    100,
  );
  assert.equal(
    countGranted(() => retries.withdraw()),
    100,
  );
  for (let i = 0; i < 11; i++) retries.deposit();
  assert.equal(
    countGranted(() => retries.withdrawForAnswer()),
    1,
  );
});

test('at 0 percent nothing is repeated that costs a server anything', () => {
  const retries = new Retries(0);
  assert.deepEqual(
    [retries.withdraw(), retries.withdrawForAnswer(), retries.afterLoss('a', 0, 1)],
    [false, false, false],
  );
});

test('what the budget could not pay for is counted, and nothing else is', () => {
  const retries = new Retries(10, 1);
  assert.deepEqual([retries.withdraw(), retries.denied], [true, 0]);
  assert.deepEqual(
    [retries.withdraw(), retries.withdrawForAnswer(), retries.withdrawForAnswer()],
    [false, true, false],
  );
  assert.equal(retries.denied, 2);
  retries.afterLoss('a', 0, 1_000);
  assert.equal(retries.denied, 2);
});
