import { CLIENT_METRICS } from './client-metrics.ts';
import { DISCOVERY_METRICS } from './discovery-metrics.ts';
import { LAB_METRICS } from './lab-metrics.ts';
import { MEMBERSHIP_METRICS } from './membership-metrics.ts';
import type { MetricTable } from './metric-description.ts';
import { NATIVE_METRICS } from './native-metrics.ts';
import { PROCESS_METRICS } from './process-metrics.ts';
import { PROXY_METRICS } from './proxy-metrics.ts';
import { PUBLISHING_METRICS } from './publishing-metrics.ts';
import { REQUEST_METRICS } from './request-metrics.ts';
import { SERVER_METRICS } from './server-metrics.ts';
import { TRACING_METRICS } from './tracing-metrics.ts';

/** A section of the reference page. */
export interface MetricTopic {
  readonly title: string;
  /** Where these metrics are; default: in every scrape. */
  readonly where?: string;
  readonly metrics: MetricTable;
}

/** Every metric there is, by topic. */
export const METRIC_TOPICS: readonly MetricTopic[] = [
  { title: 'Requests', metrics: REQUEST_METRICS },
  { title: 'Servers', metrics: SERVER_METRICS },
  { title: 'Discovery and OpenAPI', metrics: DISCOVERY_METRICS },
  { title: 'Clients', metrics: CLIENT_METRICS },
  { title: 'The proxy', metrics: PROXY_METRICS },
  { title: 'Sources of servers', metrics: MEMBERSHIP_METRICS },
  {
    title: 'Publishing',
    where: 'Only where the proxy tells API servers with their own mixed version proxy where it is.',
    metrics: PUBLISHING_METRICS,
  },
  { title: 'Tracing', where: 'Only where tracing is on.', metrics: TRACING_METRICS },
  {
    title: 'Names of kube-apiserver',
    where: 'What kube-apiserver’s own mixed version proxy counts, under its names, for dashboards that know them.',
    metrics: NATIVE_METRICS,
  },
  { title: 'The process', metrics: PROCESS_METRICS },
  {
    title: 'Rehearsals',
    where:
      'In no scrape: what the clients of `mvproxy lab rehearse` count of themselves. The alert rules know it, so that the same rule can be tried on a rehearsal without a proxy.',
    metrics: LAB_METRICS,
  },
];

/** By name. */
export const METRICS: MetricTable = Object.assign({}, ...METRIC_TOPICS.map(({ metrics }) => metrics));
