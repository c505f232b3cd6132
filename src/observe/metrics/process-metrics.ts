import { collectDefaultMetrics, type Registry } from 'prom-client';
import type { MetricTable } from './metric-description.ts';

/** What prom-client says of this process, as far as an operator can act on it. */
export const PROCESS_METRICS = {
  process_cpu_seconds_total: {
    type: 'counter',
    help: 'Total user and system CPU time spent in seconds.',
    labels: {},
    action: 'Near 1 s a second the one thread that serves requests is busy: add `--workers` or replicas.',
  },
  process_resident_memory_bytes: {
    type: 'gauge',
    help: 'Resident memory size in bytes.',
    labels: {},
    action: '[Performance](../performance.md) has what connections and watches take. Growth without either: report it.',
  },
  process_start_time_seconds: {
    type: 'gauge',
    help: 'Start time of the process since unix epoch in seconds.',
    labels: {},
    action: 'It changes with a restart: the log before it says why.',
  },
  process_open_fds: {
    type: 'gauge',
    help: 'Number of open file descriptors.',
    labels: {},
    action: 'Near `process_max_fds` connections fail: raise `LimitNOFILE` of the service.',
  },
  process_max_fds: {
    type: 'gauge',
    help: 'Maximum number of open file descriptors.',
    labels: {},
    action: 'See above.',
  },
  nodejs_eventloop_lag_p99_seconds: {
    type: 'gauge',
    help: 'The 99th percentile of the recorded event loop delays.',
    labels: {},
    action: 'What every request may have to wait for. Above 0.1 s: more processor time, or `--workers`.',
  },
  nodejs_heap_size_used_bytes: {
    type: 'gauge',
    help: 'Process heap size used from Node.js in bytes.',
    labels: {},
    action: 'As `process_resident_memory_bytes`.',
  },
  nodejs_external_memory_bytes: {
    type: 'gauge',
    help: 'Node.js external memory size in bytes.',
    labels: {},
    action: 'Bodies under way. It grows with slow clients; `limits.replayBytesTotal` bounds what is kept for retries.',
  },
  nodejs_gc_duration_seconds: {
    type: 'histogram',
    help: 'Garbage collection duration by kind, one of major, minor, incremental or weakcb.',
    labels: { kind: ['major', 'minor', 'incremental', 'weakcb'] },
    action: '`major` above 0.1 s is a pause that clients feel: look at the heap.',
  },
} as const satisfies MetricTable;

/**
 * Registers those metrics, and leaves out the rest of what prom-client has. What it returns is to be called before each scrape:
 * some of what is left out reads for the others, too.
 */
export function registerProcessMetrics(registry: Registry): () => Promise<void> {
  collectDefaultMetrics({ register: registry });
  const left = registry.getMetricsAsArray().filter(({ name }) => !(name in PROCESS_METRICS));
  const readers = left.flatMap(({ name }) => registry.getSingleMetric(name) ?? []);
  for (const { name } of left) registry.removeSingleMetric(name);
  return async () => {
    await Promise.all(readers.map((metric) => metric.get()));
  };
}
