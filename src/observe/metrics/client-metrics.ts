import type { Registry } from 'prom-client';
import { allOf, type MetricTable } from './metric-description.ts';
import { MetricFamilies } from './metric-families.ts';
import type { ProxyReading } from './proxy-reading.ts';

export const CLIENT_METRICS = {
  mvproxy_client_connections: {
    type: 'gauge',
    help: 'Open connections of clients, by the protocol they negotiated.',
    labels: { protocol: ['h2', 'http/1.1'] },
    action: 'Near `limits.connections` new ones are refused: raise it, or add a proxy.',
  },
  mvproxy_client_streams: {
    type: 'gauge',
    help: 'Open requests on HTTP/2 connections of clients, watches included.',
    labels: {},
    action: 'It rises and does not fall: look for a client that opens watches again and again.',
  },
  mvproxy_client_watches: {
    type: 'gauge',
    help: 'Open watches of clients.',
    labels: {},
    action: 'It falls at once when a server goes, and is back within seconds; if not, look at `mvproxy_server_state`.',
  },
  mvproxy_client_connection_faults_total: {
    type: 'counter',
    help: 'HTTP/2 connections that were ended for what the client did, by the code that it was told (RFC 9113 section 7). Engine own only.',
    labels: {
      code: allOf({
        PROTOCOL_ERROR: true,
        INTERNAL_ERROR: true,
        FLOW_CONTROL_ERROR: true,
        SETTINGS_TIMEOUT: true,
        STREAM_CLOSED: true,
        FRAME_SIZE_ERROR: true,
        COMPRESSION_ERROR: true,
        ENHANCE_YOUR_CALM: true,
      }),
    },
    action:
      '`ENHANCE_YOUR_CALM` is a flood (limits of resets and idle frames); `SETTINGS_TIMEOUT` a port scan or a stalled network. Other codes: a client, or a box in between, with a fault in its HTTP/2.',
  },
} as const satisfies MetricTable;

export function registerClientMetrics(registry: Registry, reading: () => Pick<ProxyReading, 'clients'>): void {
  const metrics = new MetricFamilies(registry, CLIENT_METRICS);
  metrics.gauge('mvproxy_client_connections', (set) => {
    for (const [protocol, count] of Object.entries(reading().clients.connections)) set({ protocol }, count);
  });
  metrics.gauge('mvproxy_client_streams', (set) => set({}, reading().clients.streams));
  metrics.gauge('mvproxy_client_watches', (set) => set({}, reading().clients.watches));
  metrics.counter('mvproxy_client_connection_faults_total', (add) => {
    for (const [code, count] of reading().clients.faults) add({ code }, count);
  });
}
