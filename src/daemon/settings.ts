import type { Configuration } from '../config/schema.ts';
import { serverEndpoints } from '../config/server-endpoints.ts';
import type { IdentityHeaderNames } from '../identity/header-names.ts';
import type { RoutingPolicy } from '../routing/routing-policy.ts';
import type { PeerTrust } from '../servers/peer-trust.ts';
import type { RegistrySettings } from '../servers/server-registry.ts';
import type { ServerSpec } from '../servers/server-spec.ts';
import type { ListenerLimits } from '../wire/limits.ts';

/** TCP and TLS together; kube-apiserver's own peer transport allows 40 s, which no client would wait for. */
const CONNECT_TIMEOUT_MS = 3_000;
/** A connection that falls silent is given up after 3 to 5 s; of a server that does, its health knows sooner. */
const PING_INTERVAL_MS = 2_000;
const PING_TIMEOUT_MS = 1_000;

export function identityHeaderNames({ authentication }: Pick<Configuration, 'authentication'>): IdentityHeaderNames {
  const { usernameHeaders, uidHeaders, groupHeaders, extraHeaderPrefixes } = authentication.requestHeader;
  const lower = (names: readonly string[]) => names.map((name) => name.toLowerCase());
  return {
    username: lower(usernameHeaders),
    uid: lower(uidHeaders),
    group: lower(groupHeaders),
    extraPrefix: lower(extraHeaderPrefixes),
  };
}

export function serverSpecs(configuration: Pick<Configuration, 'servers' | 'localServer' | 'peers'>): ServerSpec[] {
  return serverEndpoints(configuration).map(({ name, origin, serverName, local }) => {
    const { hostname, port } = new URL(origin);
    return {
      kind: 'network',
      name,
      host: hostname.replace(/^\[|\]$/g, ''),
      port: port === '' ? 443 : Number(port),
      servername: serverName,
      local,
    };
  });
}

export function registrySettings(
  configuration: Pick<Configuration, 'discovery' | 'health' | 'http2' | 'limits' | 'routing'>,
  trust: PeerTrust,
): RegistrySettings {
  const { discovery, health, http2, limits, routing } = configuration;
  return {
    health: {
      path: health.path,
      fall: health.fall,
      rise: health.rise,
      intervalMs: health.intervalSeconds * 1000,
      timeoutMs: health.timeoutSeconds * 1000,
    },
    discovery: {
      intervalMs: discovery.intervalSeconds * 1000,
      timeoutMs: discovery.timeoutSeconds * 1000,
      maxBytes: discovery.maxBytes,
      watch: discovery.watch,
    },
    connections: {
      connectTimeoutMs: CONNECT_TIMEOUT_MS,
      pingIntervalMs: PING_INTERVAL_MS,
      pingTimeoutMs: PING_TIMEOUT_MS,
      maxConnections: limits.upstreamConnectionsPerServer,
      engine: http2.engine,
    },
    trust,
    staleAfterMs: discovery.staleAfterSeconds * 1000,
    graceMs: routing.departureGraceSeconds * 1000,
    expireAfterMs: discovery.expireAfterSeconds === 0 ? undefined : discovery.expireAfterSeconds * 1000,
    refreshSpacingMs: discovery.refreshSpacingSeconds * 1000,
  };
}

export function routingPolicy({ routing }: Pick<Configuration, 'routing'>): RoutingPolicy {
  const { writes, clientVersionAffinity, rebalanceSeconds } = routing;
  return { writes, clientVersionAffinity, rebalanceMs: rebalanceSeconds * 1000 };
}

export function listenerLimits({ limits }: Configuration): Partial<ListenerLimits> {
  return {
    headerBytes: limits.headerBytes,
    streamsPerConnection: limits.streamsPerConnection,
    connections: limits.connections,
    bodyIdleMs: limits.bodyIdleSeconds * 1000,
  };
}
