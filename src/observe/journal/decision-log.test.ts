import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { decisionOf } from './decision-entry.ts';
import { DecisionLog } from './decision-log.ts';
import { isNotable } from './notable.ts';
import { exchangeRecordOf, forward } from './testing/exchange-record-of.ts';

const ordinary = exchangeRecordOf();
const notable = exchangeRecordOf(undefined, { decision: forward('PeerServesResource') });

test('ordinary traffic washes nothing notable out: the last ones are there whatever comes in between', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 8 }), fc.array(fc.boolean(), { maxLength: 100 }), (kept, notables) => {
      const log = new DecisionLog(kept);
      const ids: number[] = [];
      for (const isOne of notables) {
        const { id } = log.add(isOne ? notable : ordinary);
        if (isOne) ids.push(id);
      }
      assert.deepEqual(
        [...log.notable()].map(({ id }) => id),
        ids.slice(-kept).reverse(),
      );
    }),
  );
});

test('whatever comes, each that is kept is listed once, by descending id, and there are at most twice as many', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 8 }), fc.array(fc.boolean(), { maxLength: 100 }), (kept, notables) => {
      const log = new DecisionLog(kept);
      for (const isOne of notables) log.add(isOne ? notable : ordinary);
      const ids = [...log.newestFirst()].map(({ id }) => id);
      assert.deepEqual(
        ids,
        [...new Set(ids)].sort((one, other) => other - one),
      );
      assert.deepEqual([log.total, log.kept], [notables.length, ids.length]);
      assert.ok(ids.length <= 2 * kept);
      const last = notables.map((_, at) => at + 1).slice(-kept);
      assert.deepEqual(
        last.filter((id) => !ids.includes(id)),
        [],
      );
    }),
  );
});

const unavailable = { kind: 'unavailable', reason: 'CapableServersNotReady', servers: [] } as const;
const unknownType = { denying: ['a'], awaited: false, outcome: 'retried' } as const;
for (const [what, overrides, expected] of [
  ['an answer of the preferred server', {}, false],
  ['an object that does not exist', { status: 404 }, false],
  ['a type that nobody serves', { status: 404, decision: forward('NobodyCapable') }, false],
  ['a peer’s answer', { decision: forward('PeerServesResource') }, true],
  ['a subresource of a peer', { decision: forward('PeerServesSubresourceOrVerb') }, true],
  ['another server because the preferred one is away', { decision: forward('PreferredNotReady') }, true],
  ['a second attempt', { attempts: 2 }, true],
  ['a refusal that was asked for twice', { attempts: 2, status: 403 }, false],
  ['an unexpected 404, healed', { unknownType }, true],
  ['a type that was waited for', { unknownType: { ...unknownType, denying: [], awaited: true } }, true],
  ['a 503 of the decision', { decision: unavailable, status: 503, error: 'MVP_NO_CAPABLE_SERVER_READY' }, true],
  ['a server that broke off', { status: 503, error: 'MVP_UPSTREAM_RESET' }, true],
  ['our own limit', { status: 429, error: 'MVP_OVERLOADED', decision: undefined }, true],
  ['nonsense', { status: 400, error: 'MVP_BAD_TARGET', decision: undefined, info: undefined }, false],
  ['no credential', { status: 401, error: 'MVP_UNAUTHORIZED', decision: undefined }, false],
] as const) {
  test(`${what} is ${expected ? '' : 'not '}notable`, () => {
    assert.equal(isNotable(exchangeRecordOf(undefined, overrides)), expected);
  });
}

test('a decision says all that house and clients need, and no more than the path', () => {
  const record = exchangeRecordOf('/apis/apps/v1/namespaces/n/deployments/d/scale?dryRun=All', {
    method: 'PATCH',
    milliseconds: 1.23456,
    unknownType,
    traceId: 't',
    auditId: 'u',
  });
  assert.deepEqual(decisionOf(new DecisionLog().add(record)), {
    id: 1,
    at: '2026-01-02T03:04:05.000Z',
    method: 'PATCH',
    verb: 'patch',
    group: 'apps',
    version: 'v1',
    resource: 'deployments',
    subresource: 'scale',
    namespace: 'n',
    name: 'd',
    path: '/apis/apps/v1/namespaces/n/deployments/d/scale',
    client: 'kubectl',
    decision: 'PreferredCapable',
    server: 'a',
    status: 200,
    attempts: 1,
    milliseconds: 1.235,
    error: '',
    unknownType: { outcome: 'retried', denying: ['a'], awaited: false },
    traceId: 't',
    auditId: 'u',
    notable: true,
  });
});

test('a long target is cut off, so that memory is bounded', () => {
  const entry = new DecisionLog().add(exchangeRecordOf(`/api/v1/namespaces/n/pods/${'p'.repeat(60_000)}`));
  assert.ok(entry.path.length <= 513 && entry.name.length <= 254, `${entry.path.length} ${entry.name.length}`);
  assert.ok(entry.path.endsWith('p…'));
});

test('whatever slash is too many, nothing says what a Secret is called', () => {
  for (const target of [
    '/api/v1/namespaces/a//secrets/pw',
    '/api/v1//secrets/pw',
    '/api/v1/namespaces//secrets/pw/x',
  ]) {
    assert.doesNotMatch(JSON.stringify(new DecisionLog().add(exchangeRecordOf(target))), /pw/, target);
  }
});

test('a target that could not be read shows nothing of itself', () => {
  const entry = new DecisionLog().add(
    exchangeRecordOf(undefined, { info: undefined, status: 400, error: 'MVP_BAD_TARGET' }),
  );
  assert.deepEqual([entry.path, entry.resource, entry.verb], ['', '', '']);
});
