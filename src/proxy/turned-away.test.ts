import assert from 'node:assert/strict';
import { test } from 'node:test';
import { turnsAway } from './turned-away.ts';

test('503 with Retry-After: nothing was executed, as kube-apiserver says it when it shuts down', () => {
  assert.equal(turnsAway({ status: 503, fields: ['content-type', 'application/json', 'retry-after', '1'] }), true);
});

test('503 without Retry-After may come from behind the server, after something was executed', () => {
  assert.equal(turnsAway({ status: 503, fields: [] }), false);
});

for (const status of [200, 404, 429, 500, 502, 504]) {
  test(`${status} with Retry-After is an answer`, () => {
    assert.equal(turnsAway({ status, fields: ['retry-after', '1'] }), false);
  });
}
