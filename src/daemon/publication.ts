import { hostname } from 'node:os';
import type { Configuration } from '../config/schema.ts';
import type { ServerDiscovery } from '../discovery/server-discovery.ts';
import type { Logger } from '../observe/logger.ts';
import { LeaseApi } from '../publishing/lease-api.ts';
import { type PublishedIdentity, Publisher } from '../publishing/publisher.ts';
import { servedTypes } from '../publishing/served-types.ts';
import { controlIdentity } from '../servers/control-identity.ts';
import { serverId } from '../servers/server-id.ts';
import type { ServerMonitor } from '../servers/server-monitor.ts';
import type { ServerRegistry } from '../servers/server-registry.ts';
import type { Material } from './material.ts';
import { clock } from './request-path.ts';

/** How long etcd may take for one call. */
const ETCD_TIMEOUT_MS = 3_000;
/** What tells our identities from those of kube-apiservers on the same host. */
const COMPONENT = 'mixed-version-proxy';

/** What a proxy publishes of itself; undefined when its configuration does not say so. */
export function createPublisher(
  configuration: Configuration,
  parts: { readonly material: () => Material; readonly registry: () => ServerRegistry; readonly logger: Logger },
): Publisher | undefined {
  const { publishing, serving } = configuration;
  const { etcdServers, etcdPrefix, advertiseIP, advertisePort = serving.securePort } = publishing;
  if (etcdServers.length === 0 || advertiseIP === undefined) return undefined;
  const { material, registry, logger } = parts;
  const types = new ServedTypes();
  return new Publisher({
    identity: identityOf(publishing, advertisePort),
    address: { ip: advertiseIP, port: advertisePort },
    prefix: etcdPrefix,
    etcd: () => ({ servers: etcdServers, ...material().etcd, timeoutMs: ETCD_TIMEOUT_MS }),
    ready: () => registry().complete && representedServer(registry())?.state.kind === 'ready',
    leases() {
      const server = representedServer(registry());
      if (server?.state.kind !== 'ready') return undefined;
      return new LeaseApi(server.connections.discovery, controlIdentity(material().peers).fields);
    },
    served: () => types.of(representedServer(registry())?.fetched?.discovery),
    logger,
    clock,
  });
}

function identityOf({ identity, leaseName }: Configuration['publishing'], port: number): PublishedIdentity {
  if (identity === 'proxy') return { kind: 'proxy', id: leaseName ?? serverId(`${hostname()}:${port}`, COMPONENT) };
  const id = leaseName ?? serverId(hostname());
  return { kind: 'server', id, announcement: serverId(id, COMPONENT) };
}

/** The one server that natives reach through this proxy. */
function representedServer({ monitors }: ServerRegistry): ServerMonitor | undefined {
  return monitors.find(({ spec }) => spec.local) ?? monitors[0];
}

/** Looked at several times a second, and changed once in weeks. */
class ServedTypes {
  #discovery: ServerDiscovery | undefined;
  #types = '';

  of(discovery: ServerDiscovery | undefined): string {
    if (discovery !== undefined && discovery !== this.#discovery) {
      this.#discovery = discovery;
      this.#types = servedTypes(discovery);
    }
    return this.#types;
  }
}
