import type { Backend, DiscoveryCondition, DiscoveryRoot } from '../proxy/proxy-snapshot.ts';
import type { Upstream, UpstreamEvent } from '../wire/upstream.ts';
import { openUpstream } from '../wire/upstream-pool.ts';
import type { ClientKeyPair, PeerTrust } from './peer-trust.ts';
import type { ServerSpec } from './server-spec.ts';
import { UNVERIFIABLE_UPSTREAM } from './unverifiable-upstream.ts';

export interface ConnectionSettings {
  /** Milliseconds for TCP and TLS together. */
  readonly connectTimeoutMs: number;
  readonly pingIntervalMs: number;
  readonly pingTimeoutMs: number;
  readonly maxConnections: number;
}

/** All connections to one server. Those of the control path are apart, so that no load delays a probe. */
export interface ServerConnections {
  readonly asserted: Upstream | undefined;
  readonly own: Upstream;
  readonly unproven: Upstream;
  readonly anonymous: Upstream;
  readonly discovery: Upstream;
  readonly probe: Upstream;
  close(graceMs: number): Promise<void>;
}

/** Opens (lazily: nothing is dialled yet) the connections of every trust class. Throws when PEM material does not parse. */
export function openServerConnections(
  spec: ServerSpec,
  trust: PeerTrust,
  control: ClientKeyPair | undefined,
  settings: ConnectionSettings,
  onEvent: (event: UpstreamEvent) => void,
  onProbeEvent: (event: UpstreamEvent) => void,
): ServerConnections {
  const { ca } = trust;
  const open = (certificate: ClientKeyPair | undefined, listener?: (event: UpstreamEvent) => void): Upstream =>
    ca === undefined
      ? UNVERIFIABLE_UPSTREAM
      : openUpstream({
          host: spec.host,
          port: spec.port,
          servername: spec.servername,
          ca,
          certificate,
          ...settings,
          onEvent: listener,
        });
  const connections = {
    asserted: trust.frontProxy === undefined ? undefined : open(trust.frontProxy, onEvent),
    own: open(undefined, onEvent),
    unproven: open(undefined, onEvent),
    anonymous: open(undefined, onEvent),
    discovery: open(control),
    probe: open(control, onProbeEvent),
  };
  return {
    ...connections,
    close: async (graceMs) => {
      const { asserted, own, unproven, anonymous, discovery, probe } = connections;
      const clients = [own, unproven, anonymous, ...(asserted === undefined ? [] : [asserted])];
      await Promise.all([...clients.map((upstream) => upstream.close(graceMs)), discovery.close(0), probe.close(0)]);
    },
  };
}

export function backendOf(
  name: string,
  { asserted, own, unproven, anonymous }: ServerConnections,
  conditions: Readonly<Record<DiscoveryRoot, DiscoveryCondition | undefined>>,
): Backend {
  return { name, asserted, own, unproven, anonymous, conditions };
}
