import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import { DEFAULT_BOUNDS } from '../../src/lab/rehearsal/bounds.ts';
import { COLUMN_NAMES, rehearsalColumn } from '../../src/lab/rehearsal/columns.ts';
import { rehearse } from '../../src/lab/rehearsal/rehearse.ts';
import { FINDINGS, isHarmful } from '../../src/lab/rehearsal/report/findings.ts';
import type { ColumnResult, RehearsalResult } from '../../src/lab/rehearsal/result.ts';
import { LogLines } from './support/log-lines.ts';

const SEED = 20_261_122;

describe('a rehearsed upgrade from 1.34 to 1.37', () => {
  let result: RehearsalResult;

  before(async () => {
    const options = { logger: new LogLines().logger, programs: undefined, crdLagMs: [0, 300, 800] };
    const names = COLUMN_NAMES.filter((name) => name !== 'native');
    result = await rehearse({
      from: '1.34',
      to: '1.37',
      seed: SEED,
      bounds: DEFAULT_BOUNDS,
      columns: names.map((name) => rehearsalColumn(name, options)),
    });
  });

  it('behind a balancer does harm of every kind that the proxy is for', () => {
    const column = columnOf(result, 'balancer');
    assert.equal(column.failure, undefined);
    assert.ok(column.false404s.total > 0, 'false 404s');
    assert.ok(column.discovery.incomplete > 0, 'incomplete discovery');
    assert.ok(column.discovery.vanished > 0, 'discovery that changes');
    assert.ok(column.dependents.wronglyCollected > 0, 'dependents of living owners collected');
    assert.ok(column.namespaces.leaked.length > 0, 'objects left behind in deleted namespaces');
  });

  for (const name of ['gateway', 'built-in']) {
    it(`${name}: does none`, () => {
      const column = columnOf(result, name);
      const harm = FINDINGS.flatMap((finding) => {
        const count = finding.harm?.(column) ?? 0;
        return count === 0 ? [] : [`${finding.name}: ${finding.value(column)}`];
      });
      assert.deepEqual(harm, [], JSON.stringify(column.discovery.examples));
      assert.equal(isHarmful(column), false);
    });

    it(`${name}: the load was real`, () => {
      const { requests, dependents, namespaces, watches, writes, unmet, rounds } = columnOf(result, name);
      assert.deepEqual(unmet, []);
      assert.ok(rounds >= 4, 'rounds');
      assert.ok(requests > 1_000, 'requests');
      assert.ok(dependents.live > 10, 'dependents');
      assert.ok(namespaces.deleted >= 4, 'namespaces');
      assert.ok(watches.expected > 200, 'watch events');
      assert.ok(writes.acknowledged > 200, 'writes');
    });
  }
});

function columnOf({ columns }: RehearsalResult, name: string): ColumnResult {
  const column = columns.find((candidate) => candidate.name === name);
  assert.ok(column, name);
  return column;
}
