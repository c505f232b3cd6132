import assert from 'node:assert/strict';
import { test } from 'node:test';
import { requestInfo } from '../kubernetes/request-info.ts';
import { ExchangeCounters } from '../observe/exchange-counters.ts';
import type { ExchangeRecord } from '../observe/exchange-record.ts';
import { statusReportSchema } from '../reports/status-report.ts';
import { statusReport } from './status-report.ts';

const ignore = (): void => {};
const PARTS = {
  status: { view: 'merged', generation: 3, settled: true, servers: [], conflicts: [] },
  version: '1.2.3',
  startedAt: Date.parse('2026-01-02T03:00:00Z'),
  now: Date.parse('2026-01-02T03:00:10.500Z'),
  unreadiness: [],
  viewCondition: '',
  staleAfterSeconds: 10,
  membership: { sources: [], refused: [] },
  publishing: undefined,
  http2Engine: 'own',
  otherWorkers: [],
} as const;

function answered(counters: ExchangeCounters, change: Partial<ExchangeRecord>): void {
  const record: Partial<ExchangeRecord> = {
    method: 'GET',
    client: 'kubectl',
    info: requestInfo('GET', '/api/v1/pods'),
    decision: { kind: 'forward', server: 0, reason: 'PreferredCapable', final: false },
    status: 200,
    milliseconds: 1,
    ...change,
  };
  // What no counter reads is left out.
  counters.answered(record as ExchangeRecord);
}

test('what became of requests is summed up, the most frequent decision first', () => {
  const counters = new ExchangeCounters({ debug: ignore, info: ignore, warn: ignore, error: ignore });
  const peer = { kind: 'forward', server: 1, reason: 'PeerServesResource', final: true } as const;
  const denied = { denying: ['a'], awaited: false } as const;
  for (let at = 0; at < 3; at++) answered(counters, {});
  answered(counters, { status: 404 });
  answered(counters, { decision: peer });
  answered(counters, { decision: peer });
  answered(counters, { unknownType: { ...denied, outcome: 'retried' } });
  answered(counters, { status: 404, unknownType: { ...denied, outcome: 'relayed' } });
  answered(counters, {
    decision: { kind: 'unavailable', reason: 'NoServerReady', servers: [] },
    status: 503,
    error: 'MVP_UNAVAILABLE',
  });
  counters.retried('reset');
  counters.retried('reset');
  const report = statusReport({ ...PARTS, counters });
  assert.deepEqual(report.decisions, {
    requests: 9,
    byDecision: [
      { decision: 'PreferredCapable', code: '2xx', count: 4 },
      { decision: 'PeerServesResource', code: '2xx', count: 2 },
      { decision: 'PreferredCapable', code: '4xx', count: 2 },
      { decision: 'NoServerReady', code: '5xx', count: 1 },
    ],
    false404sPrevented: { routed: 2, healed: 1, awaited: 0 },
    unexpected404s: { retried: 1, unavailable: 0, relayed: 1 },
    retries: { reset: 2 },
    errors: { MVP_UNAVAILABLE: 1 },
  });
  statusReportSchema.schema.parse(JSON.parse(JSON.stringify(report)));
});

test('times are of the start and of now; what is not ready is not ready', () => {
  const counters = new ExchangeCounters({ debug: ignore, info: ignore, warn: ignore, error: ignore });
  const report = statusReport({ ...PARTS, counters, unreadiness: ['it rains'] });
  assert.deepEqual(
    [report.startedAt, report.generatedAt, report.uptimeSeconds, report.ready, report.unreadiness],
    ['2026-01-02T03:00:00.000Z', '2026-01-02T03:00:10.500Z', 10.5, false, ['it rains']],
  );
});
