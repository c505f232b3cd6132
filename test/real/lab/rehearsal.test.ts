import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { realControllers } from '../../../src/lab/control-plane/real-controllers.ts';
import { DEFAULT_BOUNDS, type RehearsalBounds } from '../../../src/lab/rehearsal/bounds.ts';
import { type ColumnName, rehearsalColumn } from '../../../src/lab/rehearsal/columns.ts';
import { rehearse } from '../../../src/lab/rehearsal/rehearse.ts';
import type { ColumnResult } from '../../../src/lab/rehearsal/result.ts';
import type { Logger } from '../../../src/observe/logger.ts';
import { builtPrograms } from '../../../tools/control-plane/binaries.ts';

const programs = builtPrograms();
const startControllers = realControllers({ version: '1.36.3', programs, report: () => {} });
const SILENT: Logger = { debug() {}, info() {}, warn() {}, error() {} };

const BOUNDS: RehearsalBounds = {
  ...DEFAULT_BOUNDS,
  servers: 2,
  // A round takes at least the 5 s that kube-controller-manager waits before it empties a namespace.
  rounds: 4,
  /**
   * It collects live dependents when what it drew from the two servers at its start was of one certain kind out of four
   * at most: 40 rounds miss it once in a hundred thousand times.
   */
  maxRounds: 40,
  stepMs: 60_000,
  catchUpMs: 60_000,
};

async function rehearseColumn(name: ColumnName): Promise<ColumnResult> {
  const column = { ...rehearsalColumn(name, { logger: SILENT, programs, crdLagMs: [] }), startControllers };
  const bounds = column.untilHarm ? { ...BOUNDS, rounds: 1 } : BOUNDS;
  const { columns } = await rehearse({ from: '1.34.4', to: '1.37.2', columns: [column], seed: 1, bounds });
  const [result] = columns;
  assert.ok(result);
  assert.equal(result.failure, undefined);
  assert.equal(result.plane, 'real');
  return result;
}

function summary({ rounds, requests, false404s, dependents, namespaces, discovery }: ColumnResult): string {
  return (
    `${rounds} rounds, ${requests} requests: ${false404s.total} false 404s, ${dependents.wronglyCollected} of ` +
    `${dependents.live} live dependents collected, ${namespaces.leaked.length} of ${namespaces.deleted} namespaces leaked, ` +
    `${discovery.vanished} times a type vanished from discovery`
  );
}

/** Many minutes, should chance want all rounds. */
const TIMEOUT_MS = 1_200_000;

describe('a rolling upgrade of real kube-apiservers 1.34.4 to 1.37.2 with a real kube-controller-manager', {
  timeout: TIMEOUT_MS,
}, () => {
  it('does every harm through a balancer', async (t) => {
    const result = await rehearseColumn('balancer');
    t.diagnostic(summary(result));
    const { false404s, dependents, namespaces, discovery } = result;
    assert.notEqual(false404s.total, 0);
    assert.notEqual(dependents.wronglyCollected, 0);
    assert.notEqual(namespaces.leaked.length, 0);
    assert.notEqual(discovery.vanished, 0);
  });

  it('does none through the gateway', async (t) => {
    const result = await rehearseColumn('gateway');
    t.diagnostic(summary(result));
    const { false404s, discovery, dependents, namespaces, writes, watches, unmet } = result;
    assert.deepEqual(unmet, []);
    assert.equal(false404s.total, 0, false404s.examples.join('\n'));
    assert.notEqual(discovery.answers, 0);
    assert.deepEqual([discovery.incomplete, discovery.vanished], [0, 0], discovery.examples.join('\n'));
    assert.notEqual(dependents.live, 0);
    assert.equal(dependents.wronglyCollected, 0);
    assert.equal(namespaces.deleted, BOUNDS.rounds * BOUNDS.namespaces);
    assert.deepEqual([namespaces.leaked, namespaces.stuck], [[], []]);
    assert.notEqual(writes.acknowledged, 0);
    assert.equal(writes.lost, 0, writes.examples.join('\n'));
    assert.equal(watches.missed, 0, watches.examples.join('\n'));
  });
});
