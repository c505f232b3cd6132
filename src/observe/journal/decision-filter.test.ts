import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type DecisionFilter, matches } from './decision-filter.ts';
import { DecisionLog } from './decision-log.ts';
import { exchangeRecordOf } from './testing/exchange-record-of.ts';

const entry = new DecisionLog().add(
  exchangeRecordOf('/apis/apps/v1/namespaces/n/deployments/d/scale', {
    status: 503,
    error: 'MVP_TABLES_DISAGREE',
    unknownType: { denying: ['b', 'c'], awaited: false, outcome: 'unavailable' },
  }),
);

for (const [filter, expected] of [
  [{}, true],
  [{ server: 'a' }, true],
  [{ server: 'c' }, true],
  [{ server: 'd' }, false],
  [{ reason: 'PreferredCapable' }, true],
  [{ reason: 'NobodyCapable' }, false],
  [{ client: 'kubectl' }, true],
  [{ client: 'kubelet' }, false],
  [{ resource: 'deployments' }, true],
  [{ resource: 'deployments.apps' }, true],
  [{ resource: 'deployments/scale' }, true],
  [{ resource: 'deployments.apps/scale' }, true],
  [{ resource: 'deployments/status' }, false],
  [{ resource: 'deployments.extensions' }, false],
  [{ resource: 'pods' }, false],
  [{ resource: '' }, false],
  [{ code: '503' }, true],
  [{ code: '5xx' }, true],
  [{ code: 'MVP_TABLES_DISAGREE' }, true],
  [{ code: '404' }, false],
  [{ code: '4xx' }, false],
  [{ notable: true }, true],
  [{ notable: false }, false],
  [{ server: 'a', client: 'kubelet' }, false],
] as const satisfies readonly (readonly [DecisionFilter, boolean])[]) {
  test(`${JSON.stringify(filter)} ${expected ? 'matches' : 'does not match'}`, () => {
    assert.equal(matches(entry, filter), expected);
  });
}
