import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decisionEntry, decisionOf } from '../../observe/journal/decision-entry.ts';
import { matches } from '../../observe/journal/decision-filter.ts';
import { exchangeRecordOf, forward } from '../../observe/journal/testing/exchange-record-of.ts';
import { decisionSubject, KEPT_DECISIONS, passes, seenValues, withDecisions } from './decisions.ts';
import { decision } from './testing/facts.ts';

test('decisions are kept newest first, each once, and not for ever', () => {
  const known = withDecisions([], [decision(1), decision(3)]);
  assert.deepEqual(
    withDecisions(known, [decision(2), decision(3)]).map(({ id }) => id),
    [3, 2, 1],
  );
  assert.equal(withDecisions(known, []), known);
  const many = Array.from({ length: KEPT_DECISIONS + 100 }, (_, id) => decision(id));
  const kept = withDecisions([], many);
  assert.deepEqual([kept.length, kept[0]?.id], [KEPT_DECISIONS, KEPT_DECISIONS + 99]);
});

test('a decision is named as kubectl would ask, or by its path', () => {
  assert.equal(decisionSubject(decision(1, { verb: 'patch', subresource: 'scale' })), 'patch deployments/scale');
  assert.equal(decisionSubject(decision(1, { resource: '', path: '/version' })), 'GET /version');
});

test('filters offer what was seen, in order, each once', () => {
  const items = [
    decision(1, { client: 'kubectl' }),
    decision(2, { client: '' }),
    decision(3, { client: 'Go-http-client' }),
    decision(4),
  ];
  assert.deepEqual(
    seenValues(items, ({ client }) => client),
    ['Go-http-client', 'kubectl'],
  );
});

test('a live decision passes exactly where the proxy would have listed it', () => {
  const records = [
    exchangeRecordOf(),
    exchangeRecordOf('/version'),
    exchangeRecordOf('/apis/apps/v1/namespaces/n/deployments/d/scale', {
      decision: forward('PeerServesResource'),
      attempts: 2,
    }),
    exchangeRecordOf('/api/v1/pods', {
      status: 503,
      server: undefined,
      error: 'MVP_TABLES_DISAGREE',
      unknownType: { denying: ['b'], awaited: false, outcome: 'unavailable' },
    }),
    exchangeRecordOf('/api/v1/pods', { status: 404, client: 'kubelet', server: 'b' }),
  ].map((record, id) => decisionEntry(record, id));
  const values = {
    server: ['a', 'b', 'c'],
    reason: ['PreferredCapable', 'PeerServesResource'],
    client: ['kubectl', 'kubelet'],
    code: ['200', '404', '2xx', '5xx', 'MVP_TABLES_DISAGREE'],
    resource: ['pods', 'deployments', 'deployments.apps', 'deployments/scale', 'deployments/status', 'widgets.apps'],
    notable: ['true'],
  };
  for (const entry of records) {
    for (const [name, wanted] of Object.entries(values)) {
      for (const value of wanted) {
        const expected = matches(entry, { [name]: name === 'notable' ? true : value });
        assert.equal(passes(decisionOf(entry), { [name]: value }), expected, `${entry.path} with ${name}=${value}`);
      }
    }
  }
});
