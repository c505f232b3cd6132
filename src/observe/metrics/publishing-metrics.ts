import type { Registry } from 'prom-client';
import type { MetricTable } from './metric-description.ts';
import { MetricFamilies } from './metric-families.ts';
import type { ProxyReading } from './proxy-reading.ts';

export const PUBLISHING_METRICS = {
  mvproxy_publishing_up: {
    type: 'gauge',
    help: '1 while API servers with their own mixed version proxy can find this proxy in etcd.',
    labels: {},
    action: '`publishing` in `mvproxy status -o json` says why not; see [native servers](../native.md).',
  },
  mvproxy_publishing_announcements_total: {
    type: 'counter',
    help: 'Changes of a Lease that made API servers with their own mixed version proxy read all their peers.',
    labels: {},
    action: 'One for each change of what is served. Many without such changes: report it.',
  },
  mvproxy_publishing_errors_total: {
    type: 'counter',
    help: 'Attempts to write the etcd record that failed.',
    labels: {},
    action: 'Check the address and certificates of etcd in the configuration; the log has the cause.',
  },
} as const satisfies MetricTable;

/** Only where something is published. */
export function registerPublishingMetrics(registry: Registry, reading: () => Pick<ProxyReading, 'publishing'>): void {
  const metrics = new MetricFamilies(registry, PUBLISHING_METRICS);
  metrics.gauge('mvproxy_publishing_up', (set) => set({}, reading().publishing?.record === 'published' ? 1 : 0));
  metrics.counter('mvproxy_publishing_announcements_total', (add) => add({}, reading().publishing?.announcements ?? 0));
  metrics.counter('mvproxy_publishing_errors_total', (add) => add({}, reading().publishing?.errors ?? 0));
}
