import type { Registry } from 'prom-client';
import type { MetricTable } from './metric-description.ts';
import { MetricFamilies } from './metric-families.ts';
import type { ProxyReading } from './proxy-reading.ts';

const SOURCES = 'a source in the configuration beside the static list, such as dns/apiservers.example.com';

export const MEMBERSHIP_METRICS = {
  mvproxy_membership_source_up: {
    type: 'gauge',
    help: '1 while a source of servers can be read; while it cannot, the servers of its last answer stay.',
    labels: { source: SOURCES },
    action: '`membership` in `mvproxy status -o json` says why it cannot be read.',
  },
  mvproxy_membership_answer_age_seconds: {
    type: 'gauge',
    help: 'Seconds since the last answer of a source of servers.',
    labels: { source: SOURCES },
    action: 'As above: a server that joins is not seen meanwhile.',
  },
  mvproxy_membership_members: {
    type: 'gauge',
    help: 'Servers in the last answer of a source.',
    labels: { source: SOURCES },
    action: 'It should be the number of API servers; see [membership](../membership.md).',
  },
} as const satisfies MetricTable;

export function registerMembershipMetrics(registry: Registry, reading: () => Pick<ProxyReading, 'membership'>): void {
  const metrics = new MetricFamilies(registry, MEMBERSHIP_METRICS);
  metrics.gauge('mvproxy_membership_source_up', (set) => {
    for (const { source, up } of reading().membership) set({ source }, up ? 1 : 0);
  });
  metrics.gauge('mvproxy_membership_answer_age_seconds', (set) => {
    for (const { source, ageSeconds } of reading().membership)
      if (ageSeconds !== undefined) set({ source }, ageSeconds);
  });
  metrics.gauge('mvproxy_membership_members', (set) => {
    for (const { source, members } of reading().membership) set({ source }, members);
  });
}
