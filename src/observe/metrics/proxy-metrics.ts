import type { Registry } from 'prom-client';
import type { ProxySnapshot } from '../../proxy/proxy-snapshot.ts';
import { allOf, type MetricTable } from './metric-description.ts';
import { MetricFamilies } from './metric-families.ts';
import type { ProxyReading } from './proxy-reading.ts';

/** What of a proxy stays the same until it ends. */
export interface BuildReading {
  readonly version: string;
  readonly http2Engine: string;
  /** `v24.21.0` */
  readonly node: string;
}

export const PROXY_METRICS = {
  mvproxy_build_info: {
    type: 'gauge',
    help: '1, labelled with what runs.',
    labels: {
      version: 'of the proxy',
      http2_engine: ['own', 'node'],
      node: 'version of Node, such as v24.21.0',
    },
    action: 'More than one version among the replicas belongs to a roll-out of the proxy.',
  },
  mvproxy_ready: {
    type: 'gauge',
    help: '1 while requests can be served, as /readyz of the admin listener says.',
    labels: {},
    action: '`/readyz` and `mvproxy status` say why not.',
  },
  mvproxy_view: {
    type: 'gauge',
    help: '1 for the view that is served: merged, or server-local for want of peer trust.',
    labels: { view: allOf<ProxySnapshot['view']>({ merged: true, 'server-local': true }) },
    action:
      '`server-local`: nothing is routed or merged. Give `--peer-ca-file`, `--proxy-client-cert-file` and `--proxy-client-key-file`; the log says what is missing.',
  },
  mvproxy_reload_errors_total: {
    type: 'counter',
    help: 'Reloads that failed; the old state was kept.',
    labels: {},
    action:
      'The log names file, line and key. `mvproxy serve --config FILE --check-config` checks it before the next reload.',
  },
  mvproxy_certificate_expiry_timestamp_seconds: {
    type: 'gauge',
    help: 'Unix time at which the first certificate of a file expires.',
    labels: {
      certificate: [
        'serving',
        'admin-client-ca',
        'client-ca',
        'requestheader-client-ca',
        'peer-ca',
        'proxy-client',
        'kubeconfig',
      ],
    },
    action: 'Replace the file; it is read again by itself.',
  },
} as const satisfies MetricTable;

export function registerProxyMetrics(
  registry: Registry,
  { version, http2Engine, node }: BuildReading,
  reading: () => Pick<ProxyReading, 'ready' | 'view' | 'reloadErrors' | 'certificateExpiry'>,
): void {
  const metrics = new MetricFamilies(registry, PROXY_METRICS);
  metrics.gauge('mvproxy_build_info', (set) => set({ version, http2_engine: http2Engine, node }, 1));
  metrics.gauge('mvproxy_ready', (set) => set({}, reading().ready ? 1 : 0));
  metrics.gauge('mvproxy_view', (set) => set({ view: reading().view }, 1));
  metrics.counter('mvproxy_reload_errors_total', (add) => add({}, reading().reloadErrors));
  metrics.gauge('mvproxy_certificate_expiry_timestamp_seconds', (set) => {
    for (const [certificate, seconds] of reading().certificateExpiry) set({ certificate }, seconds);
  });
}
