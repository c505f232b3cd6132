import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import { DEFAULT_BOUNDS } from '../../../src/lab/rehearsal/bounds.ts';
import { firing, testRules } from './support-promtool.ts';
import { type RecordedColumn, recordRehearsal } from './support-recorded-rehearsal.ts';

/** Small enough for a test; everything happens that happens in a whole rehearsal. */
const BOUNDS = {
  ...DEFAULT_BOUNDS,
  servers: 2,
  rounds: 1,
  maxRounds: 2,
  roundMs: 1000,
  slowStartMs: 200,
  crashMs: 1000,
  hangMs: 1500,
  catchUpMs: 15_000,
};
const ALERT = 'MvproxyUnexpected404';
const TYPE_AND_CLIENT = ['group', 'version', 'resource', 'client'];

describe('the alert for unexpected 404s, over what was recorded of a rehearsed upgrade', () => {
  let columns: ReadonlyMap<string, RecordedColumn>;
  const column = (name: string): RecordedColumn => columns.get(name) ?? assert.fail(`${name} was not rehearsed`);

  before(async () => {
    columns = await recordRehearsal(['balancer', 'gateway'], BOUNDS);
  });

  it('fires behind a balancer, for each type and client that was told falsely', async () => {
    const { result, series, false404s } = column('balancer');
    assert.equal(result.failure, undefined);
    assert.ok(false404s.length > 0);
    const samples = false404s.map(({ group, version, resource, client }) => ({
      // PromQL knows no label that is empty.
      labels: { ...(group !== '' && { group }), version, resource, client },
      value: 1,
    }));
    const at = `${series.scrapes - 1}s`;
    const input = series.input((name) => name.startsWith('mvproxy_lab_'));
    assert.equal(await testRules(input, [{ expr: firing(ALERT, TYPE_AND_CLIENT), at, samples }]), '');
  });

  it('stays silent behind the gateway, though servers lacked types that were asked for, and so does all that is critical', async () => {
    const { result, series, false404s } = column('gateway');
    assert.equal(result.failure, undefined);
    assert.deepEqual(false404s, []);
    const at = `${series.scrapes - 1}s`;
    const input = series.input((name) => name.startsWith('mvproxy_') && !name.endsWith('_bucket'));
    const problems = await testRules(input, [
      { expr: `count(ALERTS{alertname="${ALERT}"})`, at, samples: [] },
      { expr: 'count by (alertname) (ALERTS{severity="critical",alertstate="firing"})', at, samples: [] },
      { expr: 'sum(mvproxy_false_404_prevented_total) > bool 0', at, samples: [{ labels: {}, value: 1 }] },
      { expr: 'sum(mvproxy_lab_client_requests_total) > bool 100', at, samples: [{ labels: {}, value: 1 }] },
    ]);
    assert.equal(problems, '');
  });
});
