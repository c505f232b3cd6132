import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { requestInfo } from '../kubernetes/request-info.ts';
import { userAgentFamily } from '../kubernetes/user-agent-family.ts';
import { DiscoveryCounters } from './discovery-counters.ts';
import { ExchangeCounters } from './exchange-counters.ts';
import type { ExchangeRecord } from './exchange-record.ts';
import type { ProxyReading } from './metrics/proxy-reading.ts';
import { DECISIONS } from './metrics/request-metrics.ts';
import { Metrics } from './metrics.ts';
import { descriptionProblems } from './testing/description-problems.ts';
import { parseExposition } from './testing/exposition.ts';
import { proxyReading, serverReading } from './testing/readings.ts';

const ignore = () => {};
const BUILD = { version: '0.1.0', http2Engine: 'own', node: 'v24.21.0' };

function metricsOf(reading: ProxyReading) {
  const counters = new ExchangeCounters({ debug: ignore, info: ignore, warn: ignore, error: ignore });
  const discovery = new DiscoveryCounters();
  const metrics = new Metrics({
    build: BUILD,
    counters,
    discovery: () => discovery,
    read: () => reading,
    publishes: true,
  });
  return { counters, discovery, metrics };
}

/** A record of a request in which everything that a client can choose is its own, and every server another one. */
function flooding(i: number): ExchangeRecord {
  const reason = i % 2 === 0 ? 'PeerServesResource' : 'NobodyCapable';
  return {
    at: 0,
    method: `METHOD-${i}`,
    client: userAgentFamily(`program-${i}/v1.${i}`),
    info: requestInfo('GET', `/apis/group-${i}/v${i}/resources-${i}/name-${i}?query=${i}`),
    targetLength: 60,
    decision: { kind: 'forward', server: 0, reason, final: true },
    server: `server-${i}`,
    status: 200 + (i % 400),
    error: undefined,
    attempts: 1,
    unknownType: { denying: ['a'], awaited: false, outcome: 'relayed' },
    milliseconds: i % 100,
    upstreamMilliseconds: i % 90,
    traceId: '',
    auditId: `audit-${i}`,
  };
}

test('however many names clients, servers and paths have, the number of series is bounded', async () => {
  const openAPIAges = new Map(Array.from({ length: 20_000 }, (_, i) => [`apis/group-${i}/v1`, 1] as const));
  const { counters, metrics } = metricsOf(proxyReading({ servers: [serverReading()], openAPIAges }));
  for (let i = 0; i < 30_000; i++) counters.answered(flooding(i));
  const first = parseExposition(await metrics.exposition()).samples;
  for (let i = 30_000; i < 60_000; i++) counters.answered(flooding(i));
  const text = await metrics.exposition();
  const { samples } = parseExposition(text);
  assert.equal(samples.length, first.length);
  const byName = Map.groupBy(samples, ({ name }) => name);
  for (const [name, series] of byName) assert.ok(series.length <= 5_500, `${name}: ${series.length} series`);
  assert.deepEqual(descriptionProblems(text), []);
  // Nothing was dropped, only put together.
  const total = (byName.get('mvproxy_unexpected_404_total') ?? []).reduce((sum, { value }) => sum + value, 0);
  assert.equal(total, 60_000);
});

test('whatever is recorded, a scrape holds what is described and nothing else', async () => {
  const outcomes = fc.constantFrom('retried', 'unavailable', 'relayed', 'abandoned');
  const unknownTypes = fc.record({ denying: fc.array(fc.string()), awaited: fc.boolean(), outcome: outcomes });
  const forwards = fc.constantFrom('PeerServesResource', 'PreferredCapable', 'StaleGroupVersion', 'NobodyCapable');
  const decisions = fc.oneof(
    fc.constant(undefined),
    forwards.map((reason) => ({ kind: 'forward', server: 0, reason, final: true }) as const),
    fc.constant({ kind: 'unavailable', reason: 'CapableServersNotReady', servers: [] } as const),
  );
  const records = fc.record({
    at: fc.nat(),
    method: fc.string(),
    client: fc.string().map(userAgentFamily),
    info: fc.constantFrom(
      undefined,
      requestInfo('GET', '/apis'),
      requestInfo('GET', '/api/v1/namespaces/a%22b%0A/pods'),
    ),
    targetLength: fc.nat(),
    decision: decisions,
    server: fc.option(fc.string(), { nil: undefined }),
    status: fc.oneof(fc.constant(0), fc.integer({ min: 100, max: 599 })),
    error: fc.constantFrom(undefined, 'MVP_INTERNAL', 'MVP_UPSTREAM_RESET'),
    attempts: fc.nat(),
    unknownType: fc.option(unknownTypes, { nil: undefined }),
    milliseconds: fc.double({ min: 0, max: 1e6, noNaN: true }),
    upstreamMilliseconds: fc.option(fc.double({ min: 0, max: 1e6, noNaN: true }), { nil: undefined }),
    traceId: fc.constant(''),
    auditId: fc.string(),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(records, { maxLength: 20 }), async (all) => {
      const names = [...new Set(all.flatMap(({ server }) => server ?? []))];
      const { counters, metrics } = metricsOf(proxyReading({ servers: names.map((name) => serverReading({ name })) }));
      for (const record of all) counters.answered(record);
      assert.deepEqual(descriptionProblems(await metrics.exposition()), []);
    }),
    { numRuns: 50 },
  );
});

test('every decision has a name of its own', () => {
  assert.equal(new Set(DECISIONS).size, DECISIONS.length);
  assert.ok(DECISIONS.includes('PeerServesResource') && DECISIONS.includes('MergedDiscovery'));
});
