import type { Backend, DiscoveryCondition, DiscoveryRoot } from '../proxy/proxy-snapshot.ts';
import type { EngineName } from '../wire/engine-name.ts';
import { openInProcessUpstream, presentedCertificate } from '../wire/in-process-upstream.ts';
import type { Upstream, UpstreamEvent, UpstreamOptions } from '../wire/upstream.ts';
import { openUpstream } from '../wire/upstream-pool.ts';
import { UNVERIFIABLE_UPSTREAM } from './failing-upstream.ts';
import type { ClientKeyPair, PeerTrust } from './peer-trust.ts';
import type { InProcessServer, ServerSpec } from './server-spec.ts';

export interface ConnectionSettings {
  /** Milliseconds for TCP and TLS together. */
  readonly connectTimeoutMs: number;
  readonly pingIntervalMs: number;
  readonly pingTimeoutMs: number;
  readonly maxConnections: number;
  /** Which implementation of HTTP/2 speaks on them. */
  readonly engine?: EngineName | undefined;
}

/** Sets of connections to one server, between which nothing crosses. */
export type ConnectionSet = 'asserted' | 'own' | 'unproven' | 'anonymous' | 'discovery' | 'probe';

/** All connections to one server. Those of the control path are apart, so that no load delays a probe. */
export interface ServerConnections {
  readonly asserted: Upstream | undefined;
  readonly own: Upstream;
  readonly unproven: Upstream;
  readonly anonymous: Upstream;
  readonly discovery: Upstream;
  readonly probe: Upstream;
  /** How many are open, by set. */
  counts(): Readonly<Record<ConnectionSet, number>>;
  /** For one more probe, over a connection of its own. Whoever opens it closes it. */
  anotherProbe(): Upstream;
  /** Bytes that arrived from the server besides answers to probes. */
  received(): number;
  /** Ends what is open on connections that give no sign of life within `timeoutMs`. */
  suspect(timeoutMs: number): void;
  /** The server is out: clients' requests that wait for a connection go elsewhere. */
  turnAway(): void;
  close(graceMs: number): Promise<void>;
}

type EventListener = (event: UpstreamEvent) => void;

/** Makes the connections to one server in one trust class; the wire's `openUpstream` outside of tests. */
export type OpenUpstream = (options: UpstreamOptions) => Upstream;

/** Opens (lazily: nothing is dialled yet) the connections of every trust class. Throws when PEM material does not parse. */
export function openServerConnections(
  spec: ServerSpec,
  trust: PeerTrust,
  control: ClientKeyPair | undefined,
  settings: ConnectionSettings,
  listeners: { readonly clients: EventListener; readonly probe: EventListener },
  openClass: OpenUpstream = openUpstream,
): ServerConnections {
  const open = (certificate: ClientKeyPair | undefined, listener?: EventListener): Upstream => {
    if (spec.kind === 'in-process') return openInProcess(spec, certificate);
    const { ca } = trust;
    const { host, port, servername } = spec;
    if (ca === undefined) return UNVERIFIABLE_UPSTREAM;
    return openClass({ host, port, servername, ca, certificate, ...settings, onEvent: listener });
  };
  const connections = {
    asserted: trust.frontProxy === undefined ? undefined : open(trust.frontProxy, listeners.clients),
    own: open(undefined, listeners.clients),
    unproven: open(undefined, listeners.clients),
    anonymous: open(undefined, listeners.clients),
    discovery: open(control),
    probe: open(control, listeners.probe),
  };
  const { asserted, own, unproven, anonymous, discovery, probe } = connections;
  const clients = [own, unproven, anonymous, ...(asserted === undefined ? [] : [asserted])];
  return {
    ...connections,
    counts: () => ({
      asserted: asserted?.connections ?? 0,
      own: own.connections ?? 0,
      unproven: unproven.connections ?? 0,
      anonymous: anonymous.connections ?? 0,
      discovery: discovery.connections ?? 0,
      probe: probe.connections ?? 0,
    }),
    anotherProbe: () => open(control),
    received: () => [...clients, discovery].reduce((bytes, upstream) => bytes + upstream.received, 0),
    suspect: (timeoutMs) => {
      for (const upstream of [...clients, discovery, probe]) upstream.suspect(timeoutMs);
    },
    turnAway: () => {
      for (const upstream of clients) upstream.turnAway();
    },
    close: async (graceMs) => {
      await Promise.all([...clients.map((upstream) => upstream.close(graceMs)), discovery.close(0), probe.close(0)]);
    },
  };
}

/** Nothing can happen to these connections that a listener would have to know. */
function openInProcess({ name, handler }: InProcessServer, certificate: ClientKeyPair | undefined): Upstream {
  const presented = certificate === undefined ? NO_CERTIFICATE : presentedCertificate(certificate.cert);
  return openInProcessUpstream({ name, handler, certificate: presented });
}

const NO_CERTIFICATE = { kind: 'none' } as const;

export function backendOf(
  name: string,
  { asserted, own, unproven, anonymous }: ServerConnections,
  conditions: Readonly<Record<DiscoveryRoot, DiscoveryCondition | undefined>>,
): Backend {
  return { name, asserted, own, unproven, anonymous, conditions };
}
