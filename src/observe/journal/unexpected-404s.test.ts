import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Decision } from '../../routing/decision.ts';
import type { ExchangeRecord, UnknownTypeRecord } from '../exchange-record.ts';
import { DecisionLog } from './decision-log.ts';
import { exchangeRecordOf, forward } from './testing/exchange-record-of.ts';
import { Unexpected404s } from './unexpected-404s.ts';

const log = new DecisionLog(1);
type Added = Parameters<Unexpected404s['add']>;
const added = (record: ExchangeRecord): Added => [log.add(record), record];
const denied = (
  target: string,
  unknownType: Partial<UnknownTypeRecord> = {},
  at = 0,
  decision: Decision = forward('PreferredCapable'),
): Added =>
  added(
    exchangeRecordOf(target, {
      at,
      decision,
      unknownType: { denying: ['a'], awaited: false, outcome: 'relayed', ...unknownType },
    }),
  );

test('they are counted by type, client, server and outcome, with the last time and path', () => {
  const counted = new Unexpected404s();
  counted.add(...denied('/apis/g/v1/widgets/x', {}, 1_000));
  counted.add(...denied('/apis/g/v1/widgets/y', {}, 2_000));
  counted.add(...denied('/apis/g/v1/widgets/z', { denying: ['a', 'b'], outcome: 'retried' }, 3_000));
  counted.add(...denied('/apis/g/v1/widgets/z', { denying: [], awaited: true, outcome: 'retried' }));
  counted.add(...added(exchangeRecordOf('/apis/g/v1/widgets/x', { status: 404 })));
  const type = { group: 'g', version: 'v1', resource: 'widgets', client: 'kubectl' };
  const [third, second] = ['1970-01-01T00:00:03.000Z', '1970-01-01T00:00:02.000Z'];
  assert.deepEqual(counted.items, [
    { ...type, server: 'a', outcome: 'retried', count: 1, lastAt: third, lastPath: '/apis/g/v1/widgets/z' },
    { ...type, server: 'b', outcome: 'retried', count: 1, lastAt: third, lastPath: '/apis/g/v1/widgets/z' },
    { ...type, server: 'a', outcome: 'relayed', count: 2, lastAt: second, lastPath: '/apis/g/v1/widgets/y' },
  ]);
});

test('only the first of a kind is new', () => {
  const counted = new Unexpected404s();
  assert.equal(counted.add(...denied('/apis/g/v1/widgets/x')).length, 1);
  assert.equal(counted.add(...denied('/apis/g/v1/widgets/y')).length, 0);
  assert.equal(counted.add(...denied('/apis/g/v1/widgets/y', { outcome: 'retried' })).length, 1);
});

test('names that clients make up are no rows, and there is a bound', () => {
  const counted = new Unexpected404s(3);
  const nobodyReady = { kind: 'unavailable', reason: 'CapableServersNotReady', servers: [0], maybe: true } as const;
  for (const decision of [forward('StaleGroupVersion'), nobodyReady]) {
    for (let i = 0; i < 5; i++) counted.add(...denied(`/apis/g/v1/made-up-${i}`, {}, 0, decision));
  }
  assert.deepEqual(
    counted.items.map(({ resource, count }) => [resource, count]),
    [['', 10]],
  );
  for (let i = 0; i < 10; i++) counted.add(...denied(`/apis/g${i}/v1/widgets/x`, { denying: [`s${i}`] }));
  assert.equal(counted.items.length, 4);
  const rest = counted.items.find(({ server }) => server === '');
  assert.deepEqual([rest?.count, rest?.resource, rest?.client], [8, '', 'kubectl']);
});
