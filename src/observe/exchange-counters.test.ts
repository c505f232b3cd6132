import assert from 'node:assert/strict';
import { test } from 'node:test';
import { requestInfo } from '../kubernetes/request-info.ts';
import type { Decision, ForwardReason } from '../routing/decision.ts';
import { ExchangeCounters, falseNotFoundsPrevented } from './exchange-counters.ts';
import type { ExchangeRecord } from './exchange-record.ts';
import type { Logger } from './logger.ts';

const ignore = () => {};
const QUIET: Logger = { debug: ignore, info: ignore, warn: ignore, error: ignore };

const forward = (reason: ForwardReason): Decision => ({ kind: 'forward', server: 0, reason, final: true });

function record(overrides: Partial<ExchangeRecord> = {}): ExchangeRecord {
  return {
    method: 'GET',
    info: requestInfo('GET', '/apis/example.com/v1/widgets/x'),
    decision: forward('PreferredCapable'),
    server: 'a',
    status: 200,
    error: undefined,
    attempts: 1,
    milliseconds: 3,
    ...overrides,
  };
}

function counting(...records: readonly Partial<ExchangeRecord>[]): ExchangeCounters {
  const counters = new ExchangeCounters(QUIET);
  for (const one of records) counters.answered(record(one));
  return counters;
}

for (const [name, overrides, key] of [
  ['an answer', {}, 'PreferredCapable 2xx'],
  ['a refusal of the server', { status: 404 }, 'PreferredCapable 4xx'],
  ['a client that left before', { status: 0 }, 'PreferredCapable canceled'],
  [
    'a 503 of ours',
    {
      decision: { kind: 'unavailable', reason: 'CapableServersNotReady', servers: [] },
      status: 503,
      error: 'MVP_NO_CAPABLE_SERVER_READY',
    },
    'CapableServersNotReady 5xx',
  ],
  ['merged discovery', { decision: undefined, server: undefined }, 'MergedDiscovery 2xx'],
  [
    'a refusal before any decision',
    { decision: undefined, info: undefined, status: 400, error: 'MVP_BAD_TARGET' },
    'Refused 4xx',
  ],
] as const satisfies readonly (readonly [string, Partial<ExchangeRecord>, string])[]) {
  test(`${name} counts as ${key}`, () => {
    assert.deepEqual([...counting(overrides, overrides).requests], [[key, 2]]);
  });
}

test('errors of ours are counted by code, others are not', () => {
  const refused = { decision: undefined, status: 400, error: 'MVP_BAD_TARGET' };
  assert.deepEqual([...counting(refused, {}, refused, { status: 500 }).errors], [['MVP_BAD_TARGET', 2]]);
});

test('retries are counted by what happened before', () => {
  const counters = counting();
  for (const cause of ['connect', 'reset', 'connect']) counters.retried(cause);
  assert.deepEqual(
    [...counters.retries],
    [
      ['connect', 2],
      ['reset', 1],
    ],
  );
});

test('the time to the head is kept, in seconds', () => {
  const text = counting({ milliseconds: 40 }, { milliseconds: 2_000 }).latency.exposition('t', 'h');
  assert.match(text, /t_sum 2\.04\n/);
  assert.match(text, /t_bucket\{le="0\.05"\} 1\n/);
});

for (const reason of ['PeerServesResource', 'PeerServesSubresourceOrVerb'] as const) {
  test(`${reason}: a false 404 was prevented, whatever the answer`, () => {
    const peer = { decision: forward(reason) };
    const { peerAnswers } = counting(peer, { ...peer, status: 404 }, peer);
    const [answers, ...others] = peerAnswers.values();
    assert.deepEqual(others, []);
    assert.deepEqual([answers?.group, answers?.version, answers?.resource], ['example.com', 'v1', 'widgets']);
    assert.deepEqual(
      [...(answers?.byCode ?? [])],
      [
        [200, 2],
        [404, 1],
      ],
    );
  });
}

for (const [name, overrides] of [
  ['the preferred server', {}],
  ['another server because the preferred one is down', { decision: forward('PreferredNotReady') }],
  [
    'nobody, but an error of ours',
    { decision: forward('PeerServesResource'), status: 503, error: 'MVP_UPSTREAM_RESET' },
  ],
] as const) {
  test(`no false 404 was prevented when there answered ${name}`, () => {
    assert.equal(counting(overrides).peerAnswers.size, 0);
  });
}

test('there are no more than 5000 resources; what is beyond counts as one', () => {
  const counters = counting();
  for (let i = 0; i < 5_100; i++) {
    const info = requestInfo('GET', `/apis/g${i}/v1/widgets/x`);
    counters.answered(record({ info, decision: forward('PeerServesResource') }));
  }
  assert.equal(counters.peerAnswers.size, 5_001);
  const rest = [...counters.peerAnswers.values()].at(-1);
  assert.deepEqual([rest?.group, rest?.version, rest?.resource, rest?.byCode.get(200)], ['', '', '', 100]);
  counters.answered(
    record({ info: requestInfo('GET', '/apis/g7/v1/widgets/x'), decision: forward('PeerServesResource') }),
  );
  assert.equal(counters.peerAnswers.get('g7/v1/widgets')?.byCode.get(200), 2);
});

test('whatever is asked for, the request counters do not grow with it', () => {
  const counters = counting();
  for (let i = 0; i < 1_000; i++) {
    const info = requestInfo('GET', `/apis/g${i}/v1/widgets/x${i}?a=${i}`);
    counters.answered(record({ info, server: `s${i}`, status: 200 + (i % 300) }));
  }
  assert.equal(counters.requests.size, 3);
});

test('a defect is logged', () => {
  const logged: unknown[] = [];
  const counters = new ExchangeCounters({ ...QUIET, error: (_, fields) => logged.push(fields) });
  const error = new Error('broken');
  counters.defect(error);
  assert.deepEqual(logged, [{ error }]);
});

test('only what a peer could answer was a false 404 prevented', () => {
  const byCode = new Map([
    [0, 1],
    [200, 10],
    [201, 100],
    [403, 1_000],
    [404, 2],
    [500, 3],
    [503, 4],
  ]);
  assert.equal(falseNotFoundsPrevented({ byCode }), 1_110);
});
