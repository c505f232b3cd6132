import { DEFAULT_BOUNDS } from '../../bounds.ts';
import type { ColumnResult, RehearsalResult } from '../../result.ts';

/** A column without damage, but for `changes`. */
export function column(changes: Partial<ColumnResult> = {}): ColumnResult {
  return {
    name: 'gateway',
    plane: 'embedded',
    builtIn: 'none',
    startedAt: 0,
    durationMs: 3_000,
    rounds: 2,
    requests: 1_234,
    false404s: { total: 0, byResource: [], byClient: [], whileDown: 0, examples: [] },
    discovery: { answers: 50, incomplete: 0, vanished: 0, distinct: [], examples: [] },
    dependents: { live: 12, wronglyCollected: 0, byRound: [], examples: [] },
    namespaces: { deleted: 4, leaked: [], stuck: [] },
    failedRequests: { total: 3, byCause: [{ cause: '503 ServiceUnavailable', count: 3 }], repeated: 1 },
    watches: { informers: 2, expected: 100, missed: 0, relists: 1, watches: 5, examples: [] },
    writes: { acknowledged: 70, lost: 0, examples: [] },
    latency: [
      { phase: 'before', requests: 10, p50: 1, p99: 9.4 },
      { phase: 'mixed', requests: 10, p50: 2.25, p99: 5 },
    ],
    timeline: {
      startedAt: 0,
      seconds: [
        { second: 0, requests: 10, false404s: 0, failed: 0, incompleteDiscovery: 0, collected: 0, p50: 1, p99: 2 },
        { second: 1, requests: 20, false404s: 0, failed: 3, incompleteDiscovery: 0, collected: 0 },
      ],
      marks: [
        { at: 0, kind: 'phase', text: 'before' },
        { at: 1_000, kind: 'phase', text: 'mixed <b>' },
        { at: 1_500, kind: 'server', text: 'server-1 killed' },
      ],
    },
    unmet: [],
    ...changes,
  };
}

export function result(...columns: ColumnResult[]): RehearsalResult {
  return {
    environment: {
      from: '1.34.4',
      to: '1.37.2',
      seed: 7,
      bounds: DEFAULT_BOUNDS,
      skew: [{ group: 'certificates.k8s.io', version: 'v1', resource: 'clustertrustbundles' }],
      node: 'v24.0.0',
      platform: 'linux x64',
      processors: 2,
      startedAt: 0,
      durationMs: 9_000,
    },
    columns,
  };
}
