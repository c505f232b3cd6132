import { requestInfo } from '../../src/kubernetes/request-info.ts';
import { DiscoveryCounters } from '../../src/observe/discovery-counters.ts';
import { ExchangeCounters } from '../../src/observe/exchange-counters.ts';
import { Metrics } from '../../src/observe/metrics.ts';
import { proxyReading, serverReading } from '../../src/observe/testing/readings.ts';
import { median } from '../performance/load/quantile.ts';

export interface ScrapeCost {
  readonly series: number;
  /** Of CPU. */
  readonly milliseconds: number;
}

/** What one scrape costs when `types` have been asked for of which only a peer serves each, and `paths` have OpenAPI. */
export async function scrapeCost(types: number, paths: number, rounds: number): Promise<ScrapeCost> {
  const ignore = () => {};
  const counters = new ExchangeCounters({ debug: ignore, info: ignore, warn: ignore, error: ignore });
  const discovery = new DiscoveryCounters();
  const openAPIAges = new Map(Array.from({ length: paths }, (_, i) => [`apis/group-${i}.example.com/v1`, 1] as const));
  const servers = ['a', 'b', 'c'].map((name) => serverReading({ name }));
  const reading = proxyReading({ servers, openAPIAges });
  const build = { version: '0.1.0', http2Engine: 'own', node: process.version };
  const metrics = new Metrics({ build, counters, discovery: () => discovery, read: () => reading, publishes: false });
  for (let i = 0; i < types; i++) {
    counters.answered({
      at: 0,
      method: 'GET',
      client: 'kubectl',
      info: requestInfo('GET', `/apis/group-${i}.example.com/v1/widgets/x`),
      targetLength: 50,
      decision: { kind: 'forward', server: 0, reason: 'PeerServesResource', final: true },
      server: 'a',
      status: 200,
      error: undefined,
      attempts: 1,
      unknownType: undefined,
      milliseconds: 1,
      upstreamMilliseconds: 0.9,
      traceId: '',
      auditId: '',
    });
  }
  const taken: number[] = [];
  let series = 0;
  for (let round = 0; round < rounds; round++) {
    const before = process.cpuUsage();
    const text = await metrics.exposition();
    const { user, system } = process.cpuUsage(before);
    taken.push((user + system) / 1_000);
    series = text.split('\n').filter((line) => line !== '' && !line.startsWith('#')).length;
  }
  return { series, milliseconds: median(taken) };
}
