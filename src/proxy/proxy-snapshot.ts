import type { PublishedDiscovery } from '../discovery/published-discovery.ts';
import type { ServerDiscovery } from '../discovery/server-discovery.ts';
import type { GroupVersionResource } from '../kubernetes/type-declaration.ts';
import type { RoutableServer, RoutingSnapshot } from '../routing/snapshot.ts';
import type { Upstream } from '../wire/upstream.ts';
import type { PublishedOpenAPI } from './published-openapi.ts';

/** Connections to one server, one set per trust class: what may travel over one must never travel over another. */
export interface Backend {
  readonly name: string;
  /** Presents the front-proxy certificate; the only place for identity headers. Absent without such a certificate. */
  readonly asserted: Upstream | undefined;
  /** Callers' own tokens that a server has accepted on the same client connection. */
  readonly own: Upstream;
  /**
   * Tokens not seen to work yet. kube-apiserver closes HTTP/2 connections on which somebody fails to authenticate
   * (UnauthenticatedHTTP2DOSMitigation), so these share with nobody else.
   */
  readonly unproven: Upstream;
  /** Requests without a credential: every one of them ends its connection, for the same reason. */
  readonly anonymous: Upstream;
  /** What a conditional GET of a discovery root needs to be answered 304 by this server. */
  readonly conditions: Readonly<Record<DiscoveryRoot, DiscoveryCondition | undefined>>;
  /** What it serves, of a server that does not know aggregated discovery v2 and so cannot tell a peer itself. */
  readonly toConvert?: ServerDiscovery | undefined;
}

export type DiscoveryRoot = '/api' | '/apis';

export interface DiscoveryCondition {
  readonly accept: string;
  /** One quoted entity tag; servers compare it as a whole string. */
  readonly etag: string;
}

/** All that the request path reads, swapped as one by the control path. */
export interface ProxySnapshot extends RoutingSnapshot {
  /** By position, as `servers`. */
  readonly backends: readonly Backend[];
  /** The merged documents; `undefined` while no server's discovery has been read, and with a server-local view. */
  readonly published: PublishedDiscovery | undefined;
  /** The merged OpenAPI documents; `undefined` while no server's index has been read, and with a server-local view. */
  readonly publishedOpenAPI: PublishedOpenAPI | undefined;
}

/** What of a request makes the control path read discovery. */
export type RefreshTrigger = 'unknown-resource' | 'condition-changed';

/** The request path's only way to the control path. */
export interface Control {
  readonly snapshot: ProxySnapshot;
  /**
   * Resolves when the discovery of every server that answers was read from a beginning after this call, or after a second.
   * Coalesced and rate-limited; never rejects.
   */
  refresh(trigger: RefreshTrigger): Promise<void>;
  /**
   * Whether a type that no server lists was declared a moment ago, so that servers are about to serve it; as of `since`
   * (milliseconds of the proxy's clock) or later. Bounded in time and number; never rejects.
   */
  isSettling(type: GroupVersionResource, since: number): Promise<boolean>;
}

/** Open exchanges with a server, over all trust classes. */
export function openExchanges(backend: Backend | undefined): number {
  if (backend === undefined) return 0;
  const { own, unproven, anonymous, asserted } = backend;
  return own.inFlight + unproven.inFlight + anonymous.inFlight + (asserted?.inFlight ?? 0);
}

/** What a decision's position stands for in the snapshot it was made with. */
export function destination(
  snapshot: ProxySnapshot,
  decision: { readonly server: number },
): { readonly backend: Backend; readonly server: RoutableServer } {
  const backend = snapshot.backends[decision.server];
  const server = snapshot.servers[decision.server];
  if (backend === undefined || server === undefined) {
    throw new RangeError(`snapshot ${snapshot.generation} has no server at position ${decision.server}`);
  }
  return { backend, server };
}
