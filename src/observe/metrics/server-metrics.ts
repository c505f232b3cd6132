import type { Registry } from 'prom-client';
import type { NativeProxy } from '../../servers/discovery/native-proxy.ts';
import type { ConnectionSet } from '../../servers/server-connections.ts';
import type { ServerState } from '../../servers/server-state.ts';
import { allOf, type MetricTable } from './metric-description.ts';
import { MetricFamilies } from './metric-families.ts';
import type { ProxyReading } from './proxy-reading.ts';
import { SERVER_NAMES } from './server-names.ts';

export const SERVER_METRICS = {
  mvproxy_server_state: {
    type: 'gauge',
    help: '1 for the state a server is in.',
    labels: {
      server: SERVER_NAMES,
      state: allOf<ServerState['kind'] | 'gone'>({
        discovered: true,
        probing: true,
        confirming: true,
        ready: true,
        unready: true,
        draining: true,
        gone: true,
      }),
    },
    action:
      '`mvproxy status` says why a server gets no requests; [health](../health.md) has what each state means. One server at a time is normal in an upgrade.',
  },
  mvproxy_server_info: {
    type: 'gauge',
    help: '1 for the version a server says it is.',
    labels: { server: SERVER_NAMES, version: 'such as 1.37.2, one for each server' },
    action: 'It changes when the server is upgraded, or rolled back.',
  },
  mvproxy_open_exchanges: {
    type: 'gauge',
    help: 'Requests open with a server, watches included.',
    labels: { server: SERVER_NAMES },
    action:
      'One server has all of them after a roll-out: clients stay with the server of their connection; see `routing.rebalanceSeconds`.',
  },
  mvproxy_server_connections: {
    type: 'gauge',
    help: 'Open connections to a server, by the set they belong to.',
    labels: {
      server: SERVER_NAMES,
      set: allOf<ConnectionSet>({
        asserted: true,
        own: true,
        unproven: true,
        anonymous: true,
        discovery: true,
        probe: true,
      }),
    },
    action:
      'A set at `limits.upstreamConnectionsPerServer` is full: requests for it fail as `overloaded`. [Architecture](../architecture.md#one-exchange-interface) has the sets.',
  },
  mvproxy_native_proxy: {
    type: 'gauge',
    help: "1 for whether a server's own mixed version proxy merges what its peers serve: on, off or unknown.",
    labels: { server: SERVER_NAMES, state: allOf<NativeProxy>({ on: true, off: true, unknown: true }) },
    action: 'See [native servers](../native.md) before you switch it on or off.',
  },
  mvproxy_skew_minors: {
    type: 'gauge',
    help: 'Minor versions between the oldest and the newest server that is ready; NaN while none has told its version.',
    labels: {},
    action:
      'Kubernetes supports 1 between kube-apiservers. Above that, or for long, finish the upgrade: `mvproxy status` names the versions.',
  },
  mvproxy_skew_group_versions: {
    type: 'gauge',
    help: 'Group-versions that some, but not all servers that are ready serve.',
    labels: {},
    action: '`mvproxy skew` lists them. 0 once all servers run one version.',
  },
  mvproxy_skew_resources: {
    type: 'gauge',
    help: 'Resources, by group-version, that some, but not all servers that are ready serve.',
    labels: {},
    action: '`mvproxy skew` lists them. Above 0 with servers of one version: a CRD or APIService has not reached all.',
  },
  mvproxy_discovery_conflicts: {
    type: 'gauge',
    help: "Contradictions in scope or kind between the servers' discovery.",
    labels: {},
    action: 'The newest server wins. `mvproxy skew` names the resources; do not use them before all servers agree.',
  },
} as const satisfies MetricTable;

export function registerServerMetrics(registry: Registry, reading: () => Pick<ProxyReading, 'servers' | 'skew'>): void {
  const metrics = new MetricFamilies(registry, SERVER_METRICS);
  metrics.gauge('mvproxy_server_state', (set) => {
    for (const { name, state } of reading().servers) set({ server: name, state }, 1);
  });
  metrics.gauge('mvproxy_server_info', (set) => {
    for (const { name, version } of reading().servers) {
      if (version !== undefined) set({ server: name, version }, 1);
    }
  });
  metrics.gauge('mvproxy_open_exchanges', (set) => {
    for (const { name, openExchanges, state } of reading().servers) {
      if (state !== 'gone') set({ server: name }, openExchanges);
    }
  });
  metrics.gauge('mvproxy_server_connections', (set) => {
    for (const { name, connections = {} } of reading().servers) {
      for (const [kind, count] of Object.entries(connections)) set({ server: name, set: kind }, count);
    }
  });
  metrics.gauge('mvproxy_native_proxy', (set) => {
    for (const { name, nativeMixedVersionProxy, state } of reading().servers) {
      if (state !== 'gone') set({ server: name, state: nativeMixedVersionProxy }, 1);
    }
  });
  metrics.gauge('mvproxy_skew_minors', (set) => set({}, reading().skew.minors ?? Number.NaN));
  metrics.gauge('mvproxy_skew_group_versions', (set) => set({}, reading().skew.groupVersions));
  metrics.gauge('mvproxy_skew_resources', (set) => set({}, reading().skew.resources));
  metrics.gauge('mvproxy_discovery_conflicts', (set) => set({}, reading().skew.conflicts));
}
