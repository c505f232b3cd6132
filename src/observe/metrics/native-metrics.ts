import type { Registry } from 'prom-client';
import type { DiscoveryCounters } from '../discovery-counters.ts';
import type { ExchangeCounters } from '../exchange-counters.ts';
import type { MetricTable } from './metric-description.ts';
import { MetricFamilies } from './metric-families.ts';
import { TYPE_LABELS } from './request-metrics.ts';

/** What kube-apiserver's own mixed version proxy counts, under its names (KEP-4020, peerproxy/metrics). */
export const NATIVE_METRICS = {
  apiserver_rerouted_request_total: {
    type: 'counter',
    help: 'Requests sent to a peer because the preferred server does not serve them, by status code; 503 also where the peer failed, 0 where the client left.',
    labels: { code: 'status code of HTTP, or 0', ...TYPE_LABELS },
    action:
      'As `mvproxy_requests_total` of `PeerServesResource`. Reading the discovery of servers is not counted here, other than in kube-apiserver.',
  },
  apiserver_peer_proxy_errors_total: {
    type: 'counter',
    help: 'Requests that a peer should have answered and none did: no capable server could be asked (endpoint_resolution), or what was sent to one failed (proxy_transport).',
    labels: { type: ['endpoint_resolution', 'proxy_transport'], ...TYPE_LABELS },
    action: 'Their clients got 503. Look which servers serve the type: `mvproxy explain`, and at their state.',
  },
  apiserver_peer_discovery_sync_errors_total: {
    type: 'counter',
    help: "Readings of servers' discovery that failed.",
    labels: { type: ['fetch_discovery'] },
    action: 'As `mvproxy_discovery_fetch_errors_total`, which says of whom and why.',
  },
  aggregator_discovery_peer_aggregated_cache_hits_total: {
    type: 'counter',
    help: 'Answers with the merged aggregated discovery.',
    labels: {},
    action: 'Nothing: clients read discovery.',
  },
  aggregator_discovery_peer_aggregated_cache_misses_total: {
    type: 'counter',
    help: 'How often the merged discovery was made anew.',
    labels: {},
    action: 'As `changed` of `mvproxy_discovery_readings_total`.',
  },
  aggregator_discovery_nopeer_requests_total: {
    type: 'counter',
    help: "Requests for /api and /apis that asked for one server's own view (profile=nopeer).",
    labels: {},
    action: 'Nothing: API servers with the native feature ask so of their peers, and people who look for a difference.',
  },
} as const satisfies MetricTable;

export function registerNativeMetrics(
  registry: Registry,
  counters: ExchangeCounters,
  discovery: () => DiscoveryCounters,
): void {
  const metrics = new MetricFamilies(registry, NATIVE_METRICS);
  metrics.counter('apiserver_rerouted_request_total', (add) => {
    for (const { labels, count } of counters.rerouted.entries()) add(labels, count);
  });
  metrics.counter('apiserver_peer_proxy_errors_total', (add) => {
    for (const { labels, count } of counters.unrouted.entries()) add(labels, count);
  });
  metrics.counter('apiserver_peer_discovery_sync_errors_total', (add) =>
    add({ type: 'fetch_discovery' }, discovery().failed),
  );
  metrics.counter('aggregator_discovery_peer_aggregated_cache_hits_total', (add) => add({}, counters.mergedRoots));
  metrics.counter('aggregator_discovery_peer_aggregated_cache_misses_total', (add) =>
    add({}, discovery().publishing.count),
  );
  metrics.counter('aggregator_discovery_nopeer_requests_total', (add) => add({}, counters.serverLocalRoots));
}
