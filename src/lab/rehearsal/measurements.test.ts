import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ClientRecord } from '../client/client-record.ts';
import type { Discovered } from '../client/discovery-client.ts';
import { DiscoveryJudge } from './discovery-judge.ts';
import { Measurements } from './measurements.ts';
import { ServedHistory } from './served-history.ts';

const RULES = 'resource.k8s.io/v1 devicetaintrules';
const SETTLE_MS = 3000;

function start() {
  const served = new ServedHistory();
  const measurements = new Measurements(served, () => {});
  measurements.mark('phase', 'one');
  const { startedAt } = measurements;
  const record = (fields: Partial<ClientRecord>): void =>
    measurements.record({
      client: 'tester',
      method: 'GET',
      target: '/apis/resource.k8s.io/v1/devicetaintrules/a',
      verb: 'get',
      status: 200,
      unknownResource: false,
      message: undefined,
      startedAt: startedAt + 10,
      durationMs: 5,
      repeated: false,
      ...fields,
    });
  return { served, measurements, startedAt, record };
}

const UNKNOWN = { status: 404, unknownResource: true };

test('an unknown type is false while a server has it, noted while its servers are down, and true before', () => {
  const { served, measurements, startedAt, record } = start();
  record(UNKNOWN);
  served.ready('new', [RULES], startedAt + 100);
  record({ ...UNKNOWN, startedAt: startedAt + 110 });
  record({ ...UNKNOWN, startedAt: startedAt + 98 });
  served.notReady('new', startedAt + 200);
  record({ ...UNKNOWN, startedAt: startedAt + 210 });
  const { total, whileDown, byResource, byClient } = measurements.false404Findings();
  assert.deepEqual([total, whileDown], [1, 1]);
  const type = { group: 'resource.k8s.io', version: 'v1', resource: 'devicetaintrules' };
  assert.deepEqual(byResource, [{ ...type, count: 1 }]);
  assert.deepEqual(byClient, [{ client: 'tester', count: 1 }]);
  assert.deepEqual(measurements.false404Counts(), [{ ...type, client: 'tester', count: 1 }]);
  assert.equal(measurements.failureFindings().total, 0);
});

test('the 404 of an object is none, whoever serves its type', () => {
  const { served, measurements, startedAt, record } = start();
  served.ready('new', [RULES], startedAt);
  record({ status: 404 });
  assert.equal(measurements.false404s, 0);
  assert.equal(measurements.failureFindings().total, 0);
});

test('a failure counts once, when its repetitions are over, and by cause', () => {
  const { measurements, record } = start();
  record({ status: 503, repeated: true });
  record({ status: 503, repeated: true });
  record({ status: 503 });
  record({ status: undefined, message: 'connection: lost' });
  record({ status: 409 });
  const { total, byCause, repeated } = measurements.failureFindings();
  assert.deepEqual([total, repeated, measurements.requests], [2, 2, 5]);
  assert.deepEqual(byCause, [
    { cause: '503 ServiceUnavailable', count: 1 },
    { cause: 'no response: connection', count: 1 },
  ]);
});

test('latency belongs to the phase in which the answer came, unanswered requests to none', () => {
  const { measurements, record, startedAt } = start();
  for (let durationMs = 1; durationMs <= 100; durationMs += 1) record({ startedAt: startedAt + 100, durationMs });
  record({ status: undefined, durationMs: 5000 });
  const [phase] = measurements.latency();
  assert.deepEqual(phase, { phase: 'one', requests: 100, p50: 50, p99: 99 });
  const { seconds } = measurements.timeline();
  assert.deepEqual([seconds[0]?.requests, seconds[5]?.failed, seconds[3]?.requests], [100, 1, 0]);
});

test('discovery is judged by what was served long enough, and by what the last answer listed', () => {
  const { served, measurements, startedAt } = start();
  served.ready('new', [RULES], startedAt - SETTLE_MS);
  served.ready('newest', [RULES, 'v1 latest'], startedAt - 10);
  const judge = new DiscoveryJudge(served, measurements, SETTLE_MS);
  const answer = (...names: readonly string[]): Discovered => {
    const resources = names.map((name) => {
      const [apiVersion = '', resource = ''] = name.split(' ');
      const [version = '', group = ''] = apiVersion.split('/').reverse();
      return { group, version, resource, kind: 'X', namespaced: false, verbs: [] };
    });
    return { groups: [], resources: new Map([['all', resources]]), failed: new Map() };
  };
  judge.judge('aggregated', answer(RULES), startedAt);
  assert.equal(judge.findings().incomplete, 0, 'a type that just came may be missing');
  judge.judge('aggregated', answer('v1 latest'), startedAt);
  judge.judge('unaggregated', answer(), startedAt);
  const { answers, incomplete, vanished, unaggregated, distinct } = judge.findings();
  assert.deepEqual([answers, incomplete, vanished], [3, 2, 1]);
  assert.deepEqual(unaggregated, { answers: 1, incomplete: 1, vanished: 0 });
  assert.equal(distinct[0]?.answers, 3);
});
