import { describeStatus, type ServerStatus } from '../admin/status.ts';
import { certificateExpiry } from '../config/certificate-expiry.ts';
import type { ServerDiscovery } from '../discovery/server-discovery.ts';
import { type TypeDifferences, typeDifferences } from '../discovery/type-differences.ts';
import type { Membership } from '../membership/membership.ts';
import type { ClientsReading, ProxyReading, ServerReading } from '../observe/metrics/proxy-reading.ts';
import type { Tracing } from '../observe/tracing/tracing.ts';
import type { Publisher } from '../publishing/publisher.ts';
import type { ServerMonitor } from '../servers/server-monitor.ts';
import type { Material } from './material.ts';
import { clock, type RequestPath } from './request-path.ts';

export interface MetricsParts {
  readonly path: RequestPath;
  readonly membership: Membership;
  readonly publisher: Publisher | undefined;
  /** Undefined: tracing is off. */
  readonly tracing: Tracing | undefined;
  readonly material: () => Material;
  readonly unreadiness: () => readonly string[];
  readonly reloadErrors: () => number;
  readonly clients: () => ClientsReading;
}

/** Reads a daemon for its metrics. What is costly to find out is kept as long as it cannot have changed. */
export class MetricsReader {
  readonly #parts: MetricsParts;
  #compared: { readonly documents: readonly ServerDiscovery[]; readonly differences: TypeDifferences } | undefined;
  #certificates: { readonly material: Material; readonly expiry: ReadonlyMap<string, number> } | undefined;

  constructor(parts: MetricsParts) {
    this.#parts = parts;
  }

  read(): ProxyReading {
    const { path, membership, publisher, tracing, material, unreadiness, reloadErrors, clients } = this.#parts;
    const { registry } = path;
    const { monitors, conflicts } = registry;
    const ready = monitors.filter(({ state }) => state.kind === 'ready');
    const { view, servers } = describeStatus(registry, clock());
    return {
      ready: unreadiness().length === 0,
      view,
      servers: servers.map((server) => serverReading(server, monitors)),
      skew: {
        minors: minorsBetween(ready),
        ...this.#differences(ready.flatMap(({ fetched }) => fetched?.discovery ?? [])),
        conflicts: conflicts.length,
      },
      openAPIAges: openAPIAges(monitors),
      clients: clients(),
      retriesDenied: path.retries.denied,
      reloadErrors: reloadErrors(),
      certificateExpiry: this.#expiry(material()),
      publishing: publisher?.status,
      tracing: tracing?.counts,
      membership: membership.status.sources,
    };
  }

  #differences(documents: readonly ServerDiscovery[]): TypeDifferences {
    const known = this.#compared;
    if (known?.documents.length === documents.length && documents.every((each, i) => each === known.documents[i])) {
      return known.differences;
    }
    const differences = typeDifferences(documents);
    this.#compared = { documents, differences };
    return differences;
  }

  #expiry(material: Material): ReadonlyMap<string, number> {
    if (this.#certificates?.material !== material) this.#certificates = { material, expiry: expiryOf(material) };
    return this.#certificates.expiry;
  }
}

function serverReading(server: ServerStatus, monitors: readonly ServerMonitor[]): ServerReading {
  if (server.state === 'gone') return server;
  const monitor = monitors.find(({ spec }) => spec.name === server.name);
  return { ...server, connections: monitor?.connections.counts() };
}

function minorsBetween(monitors: readonly ServerMonitor[]): number | undefined {
  const minors = monitors.flatMap(({ version }) => version?.minor ?? []);
  return minors.length === 0 ? undefined : Math.max(...minors) - Math.min(...minors);
}

/** Seconds since a server that has the path said so last. */
function openAPIAges(monitors: readonly ServerMonitor[]): ReadonlyMap<string, number> {
  const ages = new Map<string, number>();
  const now = performance.now();
  for (const { openapi } of monitors) {
    const age = (now - openapi.confirmedAt) / 1000;
    for (const path of openapi.seen.index?.keys() ?? []) {
      ages.set(path, Math.min(age, ages.get(path) ?? Number.POSITIVE_INFINITY));
    }
  }
  return ages;
}

function expiryOf({ listener, admin, clientBundles, peers }: Material): ReadonlyMap<string, number> {
  const [clientCa, requestHeaderCa] = clientBundles;
  const files = {
    serving: listener.cert,
    'client-ca': clientCa,
    'admin-client-ca': admin?.bundle,
    'requestheader-client-ca': requestHeaderCa,
    'peer-ca': peers.ca,
    'proxy-client': peers.frontProxy?.cert,
    kubeconfig: peers.control?.certificate?.cert,
  };
  return new Map(
    Object.entries(files).flatMap(([certificate, pem]) => {
      const expiry = pem === undefined ? undefined : certificateExpiry(pem);
      return expiry === undefined ? [] : [[certificate, expiry] as const];
    }),
  );
}
