import type { Registry } from 'prom-client';
import type { MetricTable } from './metric-description.ts';
import { MetricFamilies } from './metric-families.ts';
import type { ProxyReading } from './proxy-reading.ts';

const RESULTS = ['exported', 'dropped', 'failed'] as const;

export const TRACING_METRICS = {
  mvproxy_tracing_spans_total: {
    type: 'counter',
    help: 'Spans by what became of them: exported, dropped because too many waited, or failed because the collector did not take them.',
    labels: { result: RESULTS },
    action:
      'failed: check the collector and its address in `tracing`; the log has the cause. dropped: raise tracing.queueSize or lower the ratio. No request is harmed.',
  },
  mvproxy_tracing_spans_waiting: {
    type: 'gauge',
    help: 'Spans that wait for the next export.',
    labels: {},
    action: 'At tracing.queueSize further ones are dropped: the collector is slow or away.',
  },
} as const satisfies MetricTable;

/** Only where tracing is on. */
export function registerTracingMetrics(registry: Registry, reading: () => Pick<ProxyReading, 'tracing'>): void {
  const metrics = new MetricFamilies(registry, TRACING_METRICS);
  metrics.counter('mvproxy_tracing_spans_total', (add) => {
    for (const result of RESULTS) add({ result }, reading().tracing?.[result] ?? 0);
  });
  metrics.gauge('mvproxy_tracing_spans_waiting', (set) => set({}, reading().tracing?.queued ?? 0));
}
