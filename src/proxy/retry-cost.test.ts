import assert from 'node:assert/strict';
import { test } from 'node:test';
import { drawsOnBudget } from './retry-cost.ts';

for (const cause of ['connect', 'tls', 'goaway'] as const) {
  test(`${cause}: no server took the request up, so moving it costs nothing`, () => {
    assert.equal(drawsOnBudget({ cause }), false);
  });
}

for (const cause of ['protocol', 'reset', 'connection', 'overloaded'] as const) {
  test(`${cause}: another attempt counts as a retry`, () => {
    assert.equal(drawsOnBudget({ cause }), true);
  });
}
