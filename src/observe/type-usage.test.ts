import assert from 'node:assert/strict';
import { test } from 'node:test';
import { requestInfo } from '../kubernetes/request-info.ts';
import type { Decision } from '../routing/decision.ts';
import type { ExchangeRecord } from './exchange-record.ts';
import { TypeUsage } from './type-usage.ts';

const forward = (reason: Extract<Decision, { kind: 'forward' }>['reason']): Decision => ({
  kind: 'forward',
  server: 0,
  reason,
  final: true,
});

const record = (path: string, change: Partial<ExchangeRecord> = {}): ExchangeRecord => ({
  ...RECORD,
  info: requestInfo('GET', path),
  ...change,
});

const RECORD = {
  method: 'GET',
  client: 'kubectl',
  decision: forward('PreferredCapable'),
  server: 'a',
  status: 200,
  error: undefined,
  attempts: 1,
  unknownType: undefined,
  milliseconds: 1,
} as unknown as ExchangeRecord;

test('requests are counted by type and client, whatever their subresource, verb and answer', () => {
  const usage = new TypeUsage();
  for (const path of ['/api/v1/pods', '/api/v1/namespaces/a/pods/b/log', '/api/v1/pods?watch=1']) {
    usage.count(record(path));
  }
  usage.count(record('/api/v1/pods', { client: 'argocd', status: 403 }));
  usage.count(record('/apis/a.example.com/v1/pods'));
  usage.count(record('/apis/a.example.com/v2/pods', { decision: forward('PeerServesResource') }));
  const pods = { resource: 'pods', client: 'kubectl', requests: 1 };
  assert.deepEqual(usage.entries(), [
    { group: '', version: 'v1', resource: 'pods', client: 'kubectl', requests: 3 },
    { group: '', version: 'v1', resource: 'pods', client: 'argocd', requests: 1 },
    { group: 'a.example.com', version: 'v1', ...pods },
    { group: 'a.example.com', version: 'v2', ...pods },
  ]);
});

test('what no server lists is not counted, for clients choose its name; nor are paths, refusals, those who left and nobodies', () => {
  const usage = new TypeUsage();
  usage.count(record('/api/v1/inventions', { decision: forward('NobodyCapable') }));
  usage.count(record('/api/v1/inventions', { decision: forward('ServerLocalView') }));
  usage.count(record('/version', { decision: forward('NonResource') }));
  usage.count(record('/api/v1/pods', { decision: undefined }));
  usage.count(record('/api/v1/pods', { status: 0 }));
  usage.count(record('/api/v1/pods', { status: 401 }));
  usage.count(record('/api/v1/pods', { info: undefined }));
  assert.deepEqual(usage.entries(), []);
});

test('types are bounded', () => {
  const usage = new TypeUsage();
  for (let at = 0; at < 6_000; at++) usage.count(record(`/apis/g${at % 3}.example.com/v1/r${at}`));
  usage.count(record('/apis/g0.example.com/v1/r0'));
  const entries = usage.entries();
  assert.equal(entries.length, 5_000);
  assert.equal(entries.find(({ resource }) => resource === 'r0')?.requests, 2);
});
