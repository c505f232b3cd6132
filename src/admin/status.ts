import type { DiscoveryConflict } from '../discovery/conflict.ts';
import { versionText } from '../kubernetes/kube-version.ts';
import { openExchanges } from '../proxy/proxy-snapshot.ts';
import type { DepartedServer } from '../servers/departures.ts';
import type { FetchedDiscovery } from '../servers/discovery/discovery-fetch.ts';
import { type NativeProxy, whoLacksTypes } from '../servers/discovery/native-proxy.ts';
import type { ServerRegistry } from '../servers/server-registry.ts';
import { addressOf } from '../servers/server-spec.ts';
import { conditionOf, type ServerState } from '../servers/server-state.ts';
import type { WatchStatus } from '../servers/watches/server-watches.ts';

/** What `/status` shows of one server. */
export interface ServerStatus {
  readonly name: string;
  readonly address: string;
  readonly local: boolean;
  readonly version: string | undefined;
  readonly state: ServerState['kind'] | 'gone';
  /** Since when; RFC 3339. */
  readonly since: string;
  /** Why it gets no requests; '' when it does. */
  readonly condition: string;
  readonly discovery: {
    readonly shape: FetchedDiscovery['shape'] | undefined;
    /** Why it cannot be read; '' when it can. */
    readonly failure: string;
    /** The same in one word, as in the metric of fetch errors; '' when it can. */
    readonly reason: string;
    /** How often it could not be read, by reason. */
    readonly errors: Readonly<Record<string, number>>;
  };
  readonly openapi: {
    /** How many documents its index lists; absent when it was never read. */
    readonly documents: number | undefined;
    /** Why its index cannot be read; '' when it can. */
    readonly failure: string;
  };
  /** What announces changes of its discovery; empty where nothing is watched. */
  readonly watches: readonly WatchStatus[];
  /** Whether its own mixed version proxy (KEP-4020) merges what its peers serve. */
  readonly nativeMixedVersionProxy: NativeProxy;
  readonly discoveryAgeSeconds: number | undefined;
  readonly openExchanges: number;
}

export interface ProxyStatus {
  readonly view: 'merged' | 'server-local';
  readonly generation: number;
  /** The merged documents say all that has been read. */
  readonly settled: boolean;
  readonly servers: readonly ServerStatus[];
  readonly conflicts: readonly DiscoveryConflict[];
}

export function describeStatus(registry: ServerRegistry, now: number): ProxyStatus {
  const { snapshot } = registry;
  const lacks = whoLacksTypes(registry.monitors.map(({ fetched }) => fetched?.discovery));
  const servers = registry.monitors.map((monitor, index): ServerStatus => {
    const { spec, state, version, fetched, confirmedAt } = monitor;
    const position = snapshot.positions.get(spec.name);
    return {
      name: spec.name,
      address: addressOf(spec),
      local: spec.local,
      version: version && versionText(version),
      state: state.kind,
      since: new Date(monitor.stateSince).toISOString(),
      condition: conditionOf(state),
      discovery: {
        shape: fetched?.shape,
        failure: monitor.discoveryFailure,
        reason: monitor.discoveryErrorReason ?? '',
        errors: Object.fromEntries(monitor.discoveryErrors),
      },
      openapi: { documents: monitor.openapi.seen.index?.size, failure: monitor.openapi.failure },
      watches: monitor.watches,
      nativeMixedVersionProxy: monitor.native.status(lacks[index] === true),
      discoveryAgeSeconds: confirmedAt === 0 ? undefined : (now - confirmedAt) / 1000,
      openExchanges: position === undefined ? 0 : openExchanges(snapshot.backends[position]),
    };
  });
  const { settled, conflicts } = registry;
  servers.push(...registry.departed.map((departed) => describeDeparted(departed, now)));
  return { view: snapshot.view, generation: snapshot.generation, settled, servers, conflicts };
}

/** A server that left stays in sight as long as its types do. */
function describeDeparted({ report, address, leftAt }: DepartedServer, now: number): ServerStatus {
  const { name, version, confirmedAt } = report;
  return {
    name,
    address,
    local: false,
    version: version && versionText(version),
    state: 'gone',
    since: new Date(leftAt).toISOString(),
    condition: `${report.condition} ${Math.round((now - leftAt) / 1000)} s ago; what it served stays listed for the departure grace`,
    discovery: { shape: undefined, failure: '', reason: '', errors: {} },
    openapi: { documents: report.openapi?.index?.size, failure: '' },
    watches: [],
    nativeMixedVersionProxy: 'unknown',
    discoveryAgeSeconds: (now - confirmedAt) / 1000,
    openExchanges: 0,
  };
}
