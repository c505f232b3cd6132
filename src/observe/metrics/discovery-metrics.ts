import type { Registry } from 'prom-client';
import type { DiscoveryErrorReason } from '../../servers/discovery/discovery-fetch-error.ts';
import type { WatchState } from '../../servers/watches/watch-state.ts';
import type { DiscoveryCounters, DiscoveryTrigger, ReadingResult } from '../discovery-counters.ts';
import { histogramFamily } from '../latency-histogram.ts';
import { allOf, type MetricTable } from './metric-description.ts';
import { MetricFamilies } from './metric-families.ts';
import type { ProxyReading } from './proxy-reading.ts';
import { SERVER_NAMES } from './server-names.ts';

/** A cluster has some hundred; each is a series. */
const MOST_PATHS = 1_000;

export const DISCOVERY_METRICS = {
  mvproxy_discovery_age_seconds: {
    type: 'gauge',
    help: "Seconds since a server's API discovery was last confirmed.",
    labels: { server: SERVER_NAMES },
    action:
      'It is read every 2 s. Above `discovery.staleAfterSeconds` what only this server serves is listed as Stale: `mvproxy status` says why it cannot be read.',
  },
  mvproxy_discovery_fetch_errors_total: {
    type: 'counter',
    help: "Readings of a server's API discovery that failed, in whole or in part. What was read last is kept.",
    labels: {
      server: SERVER_NAMES,
      reason: allOf<DiscoveryErrorReason>({
        refused: true,
        timeout: true,
        name: true,
        tls: true,
        protocol: true,
        connection: true,
        overloaded: true,
        'too-large': true,
        cancelled: true,
        'status-2xx': true,
        'status-3xx': true,
        'status-4xx': true,
        'status-5xx': true,
        malformed: true,
        'not-ready': true,
        internal: true,
      }),
    },
    action:
      '`status-4xx` is missing RBAC (`deploy/rbac.yaml`), `tls` a wrong CA or name; `mvproxy status` has the sentence.',
  },
  mvproxy_discovery_readings_total: {
    type: 'counter',
    help: "Readings of a server's API discovery, by what came of them.",
    labels: {
      server: SERVER_NAMES,
      result: allOf<ReadingResult>({ changed: true, unchanged: true, failed: true }),
    },
    action:
      '`changed` again and again: something installs and removes types, or two servers behind one address differ.',
  },
  mvproxy_discovery_triggers_total: {
    type: 'counter',
    help: 'Events that made the proxy read discovery before its time; many of them share one reading.',
    labels: {
      trigger: allOf<DiscoveryTrigger>({
        crd: true,
        apiservice: true,
        lease: true,
        endpointslice: true,
        health: true,
        'unknown-resource': true,
        'condition-changed': true,
      }),
    },
    action: '`unknown-resource` at a steady rate: a client asks for a type that nobody has; the decision log names it.',
  },
  mvproxy_discovery_publish_seconds: {
    type: 'histogram',
    help: 'Seconds from a change that was read to merged documents that say so.',
    labels: {},
    action: 'Above 1 s the processor is short: see `mvproxy_added_seconds`.',
  },
  mvproxy_watch_state: {
    type: 'gauge',
    help: '1 for the state of the watch of a resource whose changes announce changes of discovery.',
    labels: {
      server: SERVER_NAMES,
      resource: ['customresourcedefinitions', 'apiservices', 'leases', 'endpointslices'],
      state: allOf<WatchState['kind']>({
        waiting: true,
        listing: true,
        opening: true,
        watching: true,
        denied: true,
        absent: true,
        unavailable: true,
      }),
    },
    action: '`denied`: grant `deploy/rbac.yaml`. Without the watch changes are seen within 2 s instead of at once.',
  },
  mvproxy_openapi_age_seconds: {
    type: 'gauge',
    help: 'Seconds since a server that has an OpenAPI v3 document last said so, by path of the document.',
    labels: {
      path: 'below /openapi/v3, such as apis/apps/v1; empty: the oldest of those beyond 1,000',
    },
    action:
      'It is read every 2 s from each server. Clients (Argo CD among them) get old schemas, or none, of a path that rises: the servers that have it are away or fail at `/openapi/v3`; see `openapi` in `mvproxy status -o json`.',
  },
} as const satisfies MetricTable;

export function registerDiscoveryMetrics(
  registry: Registry,
  counters: () => DiscoveryCounters,
  reading: () => Pick<ProxyReading, 'servers' | 'openAPIAges'>,
): void {
  const metrics = new MetricFamilies(registry, DISCOVERY_METRICS);
  metrics.gauge('mvproxy_discovery_age_seconds', (set) => {
    // A server that came back as another one is listed twice; what it is now stands first.
    const ages = new Map<string, number>();
    for (const { name, discoveryAgeSeconds: age } of reading().servers) {
      if (age !== undefined && !ages.has(name)) ages.set(name, age);
    }
    for (const [server, age] of ages) set({ server }, age);
  });
  metrics.counter('mvproxy_discovery_fetch_errors_total', (add) => {
    for (const { name, discovery } of reading().servers) {
      for (const [reason, count] of Object.entries(discovery.errors)) add({ server: name, reason }, count);
    }
  });
  metrics.counter('mvproxy_discovery_readings_total', (add) => {
    for (const [server, results] of counters().readings) {
      for (const [result, count] of Object.entries(results)) add({ server, result }, count);
    }
  });
  metrics.counter('mvproxy_discovery_triggers_total', (add) => {
    for (const [trigger, count] of counters().triggers) add({ trigger }, count);
  });
  metrics.gauge('mvproxy_watch_state', (set) => {
    for (const { name, watches } of reading().servers) {
      for (const { resource, state } of watches) set({ server: name, resource, state }, 1);
    }
  });
  metrics.gauge('mvproxy_openapi_age_seconds', (set) => {
    const ages = [...reading().openAPIAges].sort(([one], [other]) => (one < other ? -1 : 1));
    for (const [path, age] of ages.slice(0, MOST_PATHS)) set({ path }, age);
    const further = ages.slice(MOST_PATHS).map(([, age]) => age);
    if (further.length > 0) set({ path: '' }, Math.max(...further));
  });
}

export function discoveryHistograms({ publishing }: DiscoveryCounters): string {
  const name = 'mvproxy_discovery_publish_seconds';
  return histogramFamily(name, DISCOVERY_METRICS[name].help, [{ labels: {}, histogram: publishing }]);
}
