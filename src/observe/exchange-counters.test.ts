import assert from 'node:assert/strict';
import { test } from 'node:test';
import { requestInfo } from '../kubernetes/request-info.ts';
import type { Decision, ForwardReason } from '../routing/decision.ts';
import { ExchangeCounters } from './exchange-counters.ts';
import type { ExchangeRecord, UnknownTypeRecord } from './exchange-record.ts';
import type { LabelledCounts } from './labelled-counts.ts';
import { histogramFamily, type LatencyHistogram } from './latency-histogram.ts';
import type { Logger } from './logger.ts';
import { histogramOf } from './testing/exposition.ts';

const ignore = () => {};
const QUIET: Logger = { debug: ignore, info: ignore, warn: ignore, error: ignore };

const forward = (reason: ForwardReason): Decision => ({ kind: 'forward', server: 0, reason, final: true });

function record(overrides: Partial<ExchangeRecord> = {}): ExchangeRecord {
  return {
    method: 'GET',
    client: 'kubectl',
    unknownType: undefined,
    info: requestInfo('GET', '/apis/example.com/v1/widgets/x'),
    decision: forward('PreferredCapable'),
    server: 'a',
    status: 200,
    error: undefined,
    attempts: 1,
    milliseconds: 3,
    at: 0,
    targetLength: 34,
    traceId: '',
    auditId: '',
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

/** One count for each combination of labels, its labels in order. */
const listed = <Label extends string>(counts: LabelledCounts<Label>) =>
  [...counts.entries()].map(({ labels, count }) => [...Object.values(labels), count]);

/** What a histogram saw: how often, and the sum in seconds. */
function summed(histogram: LatencyHistogram): readonly number[] {
  const text = histogramFamily('t_seconds', 'h', [{ labels: {}, histogram }]);
  const { count, sum } = histogramOf(text, 't_seconds');
  return [count, Number(sum.toFixed(6))];
}

test('the time to the head is kept, in seconds', () => {
  assert.deepEqual(summed(counting({ milliseconds: 40 }, { milliseconds: 2_000 }).latency), [2, 2.04]);
});

test('what a server took and what the proxy added are kept apart', () => {
  const { upstream, added, latency } = counting(
    { milliseconds: 40, upstreamMilliseconds: 38 },
    { milliseconds: 10, upstreamMilliseconds: 9, server: 'b' },
    // Nobody answered, or nobody was there to see it.
    { milliseconds: 500, upstreamMilliseconds: undefined, server: undefined },
    { milliseconds: 600, upstreamMilliseconds: 100, status: 0 },
  );
  assert.deepEqual(
    [...upstream].map(([server, histogram]) => [server, ...summed(histogram)]),
    [
      ['a', 1, 0.038],
      ['b', 1, 0.009],
    ],
  );
  assert.deepEqual(summed(added), [2, 0.003]);
  assert.deepEqual(summed(latency), [4, 1.15]);
});

test('times of servers that are gone are forgotten', () => {
  const counters = counting(...['a', 'b'].map((server) => ({ server, upstreamMilliseconds: 1 })));
  counters.keepOnly(new Set(['b']));
  assert.deepEqual([...counters.upstream.keys()], ['b']);
});

test('servers that come and go without a scrape cannot fill the memory', () => {
  const counters = counting();
  for (let i = 0; i < 3_000; i++) counters.answered(record({ server: `s${i}`, upstreamMilliseconds: 1 }));
  assert.equal(counters.upstream.size, 2_000);
  assert.deepEqual(summed(counters.added)[0], 3_000);
});

for (const reason of ['PeerServesResource', 'PeerServesSubresourceOrVerb'] as const) {
  test(`${reason}: the request was rerouted, whatever the answer`, () => {
    const peer = { decision: forward(reason) };
    const { rerouted, unrouted } = counting(peer, { ...peer, status: 404 }, peer);
    assert.deepEqual(listed(rerouted), [
      ['example.com', 'v1', 'widgets', '200', 2],
      ['example.com', 'v1', 'widgets', '404', 1],
    ]);
    assert.deepEqual(listed(unrouted), []);
  });
}

test('a request that another server should have answered, and none did, is counted with its reason', () => {
  const { rerouted, unrouted, prevented } = counting(
    { decision: forward('PeerServesResource'), status: 503, error: 'MVP_UPSTREAM_RESET' },
    {
      decision: { kind: 'unavailable', reason: 'CapableServersNotReady', servers: [] },
      status: 503,
      error: 'MVP_NO_CAPABLE_SERVER_READY',
    },
  );
  assert.deepEqual(listed(rerouted), [['example.com', 'v1', 'widgets', '503', 1]]);
  assert.deepEqual(listed(unrouted), [
    ['example.com', 'v1', 'widgets', 'proxy_transport', 1],
    ['example.com', 'v1', 'widgets', 'endpoint_resolution', 1],
  ]);
  assert.deepEqual(listed(prevented), []);
});

for (const [name, overrides] of [
  ['the preferred server', {}],
  ['another server because the preferred one is down', { decision: forward('PreferredNotReady') }],
] as const) {
  test(`nothing was rerouted when there answered ${name}`, () => {
    const { rerouted, unrouted } = counting(overrides);
    assert.deepEqual([listed(rerouted), listed(unrouted)], [[], []]);
  });
}

test('there are no more than 5000 combinations of rerouted requests; what is beyond counts as one type', () => {
  const counters = counting();
  for (let i = 0; i < 5_100; i++) {
    const info = requestInfo('GET', `/apis/g${i}/v1/widgets/x`);
    counters.answered(record({ info, decision: forward('PeerServesResource') }));
  }
  const counts = listed(counters.rerouted);
  assert.deepEqual([counts.length, counts.at(-1)], [5_001, ['', '', '', '200', 100]]);
});

test('aggregated discovery from the merged view is counted, other documents are not', () => {
  const own = { decision: undefined, server: undefined };
  const of = (path: string) => ({ ...own, info: requestInfo('GET', path) });
  const refused = { ...of('/apis'), error: 'MVP_NO_READY_SERVER', status: 503 };
  const counters = counting(of('/apis'), of('/api'), of('/apis/apps/v1'), of('/openapi/v3'), refused);
  assert.equal(counters.mergedRoots, 2);
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

const prevented = (...records: readonly Partial<ExchangeRecord>[]) =>
  [...counting(...records).prevented.entries()].map(({ labels, count }) => [labels.how, count]);
const denied: UnknownTypeRecord = { denying: ['a'], awaited: false, outcome: 'retried' };
const awaited: UnknownTypeRecord = { denying: [], awaited: true, outcome: 'retried' };

test('only what a peer could answer was a false 404 prevented', () => {
  const decision = forward('PeerServesResource');
  const statuses = [0, 200, 201, 404, 409, 500, 503];
  assert.deepEqual(prevented(...statuses.map((status) => ({ decision, status }))), [['routed', 3]]);
  assert.deepEqual(prevented({ decision, status: 503, error: 'MVP_UPSTREAM_RESET' }), []);
});

test('who may not ask is told so by every server: no false 404 was prevented', () => {
  const decision = forward('PeerServesResource');
  for (const status of [401, 403, 429]) {
    assert.deepEqual(prevented({ decision, status }), []);
    // One server said 404 already.
    assert.deepEqual(prevented({ decision, status, unknownType: denied }), [['healed', 1]]);
  }
});

test('a request is one prevented 404, however it was brought about', () => {
  const decision = forward('PeerServesResource');
  assert.deepEqual(prevented({ decision, unknownType: denied }), [['healed', 1]]);
  assert.deepEqual(prevented({ unknownType: denied }), [['healed', 1]]);
  assert.deepEqual(prevented({ unknownType: awaited }, { unknownType: awaited }), [['awaited', 2]]);
  assert.deepEqual(prevented({ unknownType: { ...denied, awaited: true } }), [['healed', 1]]);
  assert.deepEqual(prevented({ status: 404, unknownType: { ...denied, outcome: 'relayed' } }), []);
});

test('404s of servers for what they list are counted by type, client and outcome', () => {
  const counters = counting(
    { unknownType: denied },
    { unknownType: { ...denied, outcome: 'abandoned' } },
    { unknownType: awaited },
    {
      decision: { kind: 'unavailable', reason: 'CapableServersNotReady', servers: [] },
      status: 503,
      error: 'MVP_NO_CAPABLE_SERVER_READY',
      unknownType: { ...denied, outcome: 'unavailable' },
    },
    { status: 404, client: 'kubelet', unknownType: { ...denied, outcome: 'relayed' } },
  );
  const type = { group: 'example.com', version: 'v1', resource: 'widgets' };
  assert.deepEqual(
    [...counters.unexpected.entries()],
    [
      { labels: { ...type, client: 'kubectl', outcome: 'retried' }, count: 1 },
      { labels: { ...type, client: 'kubectl', outcome: 'unavailable' }, count: 1 },
      { labels: { ...type, client: 'kubelet', outcome: 'relayed' }, count: 1 },
    ],
  );
});

test('names that clients make up are no labels', () => {
  const counters = new ExchangeCounters(QUIET);
  for (let i = 0; i < 10; i++) {
    const info = requestInfo('GET', `/apis/example.com/v1/made-up-${i}/x`);
    const unknownType: UnknownTypeRecord = { ...denied, outcome: 'relayed' };
    counters.answered(record({ info, status: 404, decision: forward('StaleGroupVersion'), unknownType }));
    counters.answered(record({ info, status: 404, decision: forward('NobodyCapable') }));
    const decision = { kind: 'unavailable', reason: 'CapableServersNotReady', servers: [0], maybe: true } as const;
    counters.answered(record({ info, status: 503, decision, error: 'MVP_NO_CAPABLE_SERVER_READY' }));
  }
  for (const counts of [counters.unexpected, counters.unrouted]) {
    assert.deepEqual(
      [...counts.entries()].map(({ labels, count }) => [labels.resource, count]),
      [['', 10]],
    );
  }
});

test('there are no more than 5000 combinations of labels; new ones count as one type', () => {
  const counters = new ExchangeCounters(QUIET);
  for (let i = 0; i < 5_100; i++) {
    const info = requestInfo('GET', `/apis/g${i}/v1/widgets/x`);
    counters.answered(record({ info, decision: forward('PeerServesResource'), unknownType: denied }));
  }
  for (const counts of [counters.prevented, counters.unexpected]) {
    const entries = [...counts.entries()];
    assert.deepEqual([entries.length, entries.at(-1)?.count, entries.at(-1)?.labels.group], [5_001, 100, '']);
  }
});
