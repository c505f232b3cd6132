import assert from 'node:assert/strict';
import { test } from 'node:test';
import { drawsOnBudget } from './retry-cost.ts';

for (const cause of ['connect', 'tls', 'goaway'] as const) {
  test(`${cause}: no server took the request up, so moving it costs nothing`, () => {
    assert.equal(drawsOnBudget({ cause, processed: 'no' }), false);
  });

  test(`${cause}, when a server may have taken the request up all the same: another attempt counts`, () => {
    assert.equal(drawsOnBudget({ cause, processed: 'unknown' }), true);
  });
}

for (const cause of ['protocol', 'reset', 'connection', 'overloaded'] as const) {
  test(`${cause}: another attempt counts as a retry`, () => {
    assert.equal(drawsOnBudget({ cause, processed: 'no' }), true);
  });
}
