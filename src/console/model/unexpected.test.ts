import assert from 'node:assert/strict';
import { test } from 'node:test';
import { unexpected404 } from './testing/facts.ts';
import { byClient, outcomeInWords, reachedCount } from './unexpected.ts';

const at = (second: number) => new Date(Date.UTC(2026, 2, 3, 14, 0, second)).toISOString();
const items = [
  unexpected404({ client: 'kubectl', outcome: 'retried', count: 50, lastAt: at(40) }),
  unexpected404({ client: 'helm', resource: 'a', outcome: 'retried', count: 7, lastAt: at(30) }),
  unexpected404({ client: 'helm', resource: 'b', outcome: 'relayed', count: 2, lastAt: at(10) }),
  unexpected404({ client: 'kubelet', outcome: 'unavailable', count: 1, lastAt: at(50) }),
];

test('clients that were given a 404 come first, then the last one that was spared; what reached them before the rest', () => {
  const clients = byClient(items);
  assert.deepEqual(
    clients.map(({ client, count, reached, lastAt }) => [client, count, reached, lastAt]),
    [
      ['helm', 9, 2, at(30)],
      ['kubelet', 1, 0, at(50)],
      ['kubectl', 50, 0, at(40)],
    ],
  );
  assert.deepEqual(
    clients[0]?.items.map(({ resource }) => resource),
    ['b', 'a'],
  );
  assert.equal(reachedCount(items), 2);
});

test('an outcome that is not known here stays as it is called', () => {
  assert.equal(outcomeInWords('relayed'), 'reached the client');
  assert.equal(outcomeInWords('other'), 'other');
});
