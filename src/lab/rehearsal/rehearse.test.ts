import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';
import type { Logger } from '../../observe/logger.ts';
import { DEFAULT_BOUNDS } from './bounds.ts';
import { rehearsalColumn } from './columns.ts';
import { rehearse } from './rehearse.ts';
import type { ColumnResult, RehearsalResult } from './result.ts';

const SILENT: Logger = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };
/** Small enough for a test; everything happens that happens in a whole rehearsal. */
const BOUNDS = {
  ...DEFAULT_BOUNDS,
  servers: 2,
  rounds: 1,
  roundMs: 1000,
  slowStartMs: 200,
  crashMs: 1000,
  hangMs: 1500,
  catchUpMs: 15_000,
};

suite('a rehearsal on embedded servers', () => {
  let result: RehearsalResult;
  const phases: string[] = [];
  const stopped = new AbortController();

  before(async () => {
    const options = { logger: SILENT, programs: undefined, crdLagMs: [0] };
    result = await rehearse({
      from: '1.34',
      to: '1.37',
      seed: 1,
      bounds: BOUNDS,
      columns: [rehearsalColumn('gateway', options), rehearsalColumn('balancer', options)],
      onProgress: (progress) => {
        if (progress.kind === 'mark' && progress.mark.kind === 'phase') phases.push(progress.mark.text);
      },
      signal: stopped.signal,
    });
  });

  after(() => stopped.abort());

  function column(name: string): ColumnResult {
    const found = result.columns.find((each) => each.name === name);
    assert.ok(found !== undefined);
    assert.equal(found.failure, undefined);
    return found;
  }

  test('the columns are those asked for, in that order, over the same phases', () => {
    assert.deepEqual(
      result.columns.map(({ name }) => name),
      ['gateway', 'balancer'],
    );
    const each = phases.slice(0, phases.length / 2);
    assert.deepEqual(phases, [...each, ...each]);
    assert.ok(each.includes('crash') && each.includes('hanging server'));
    assert.ok(result.environment.skew.some(({ resource }) => resource === 'podcertificaterequests'));
  });

  test('a balancer does harm', () => {
    const { false404s, dependents, namespaces, requests } = column('balancer');
    assert.ok(requests > 100);
    assert.ok(false404s.total > 0);
    assert.ok(false404s.byClient.some(({ client }) => client === 'reader'));
    assert.ok(dependents.live > 0 && namespaces.deleted > 0);
    assert.ok(dependents.wronglyCollected + namespaces.leaked.length > 0, 'within the bound of rounds');
  });

  test('the proxy in front of the same servers does none', () => {
    const { false404s, discovery, dependents, namespaces, writes, watches, rounds } = column('gateway');
    assert.deepEqual(false404s, { total: 0, byResource: [], byClient: [], whileDown: 0, examples: [] });
    assert.equal(discovery.incomplete - (discovery.unaggregated?.incomplete ?? 0), 0);
    assert.ok(dependents.live > 0);
    assert.equal(dependents.wronglyCollected, 0);
    assert.ok(namespaces.deleted > 0);
    assert.deepEqual([namespaces.leaked, namespaces.stuck], [[], []]);
    assert.ok(writes.acknowledged > 0);
    assert.deepEqual([writes.lost, watches.missed], [0, 0]);
    assert.ok(rounds >= column('balancer').rounds);
  });
});
