/** Why a server was chosen. These names are what `explain`, metrics and tests show. */
export type ForwardReason =
  /** The preferred server serves the resource, subresource and verb. */
  | 'PreferredCapable'
  /** Only other servers serve the resource. */
  | 'PeerServesResource'
  /** The preferred server knows the resource; the subresource or verb is served only elsewhere. */
  | 'PeerServesSubresourceOrVerb'
  /** The preferred server serves it but is not ready. */
  | 'PreferredNotReady'
  /** The preferred server serves it, but requests that change something go to servers of the newest version (`routing.writes`). */
  | 'WritesNewest'
  /** Likewise of the oldest version. */
  | 'WritesOldest'
  /** Servers list the group-version as Stale, without resources (its extension server is down): one of them answers. */
  | 'StaleGroupVersion'
  /** No server lists it: the preferred server's 404 is genuine. */
  | 'NobodyCapable'
  /** The path names no resource. */
  | 'NonResource'
  /** The path names no resource, and the local server gets no requests: another one answers. */
  | 'LocalNotReady'
  /** Unaggregated API metadata of a group that the preferred server does not list. */
  | 'PeerListsGroup'
  /** No server lists the group, version or OpenAPI document that is asked for: the preferred server's 404 is genuine. */
  | 'NobodyLists'
  /** An OpenAPI document as one server has it: it is the newest ready one's that has it. */
  | 'NewestOpenAPI'
  /** A trusted peer routed the request here already. */
  | 'AlreadyProxied'
  /** Peer traffic cannot be authenticated (no --peer-ca-file or no proxy client certificate). */
  | 'ServerLocalView';

export type UnavailableReason =
  /** Some servers serve it, none of them is ready or reachable. */
  | 'CapableServersNotReady'
  /** Nobody lists it, but a configured server has not been seen yet and might. */
  | 'ServersNotSeen'
  | 'NoServerReady'
  /** Only the local server may answer this, and it is not ready. */
  | 'LocalServerNotReady'
  /** Another proxy sent the request here, to the local server; others serve it, but nobody sends it on twice. */
  | 'NotServedHere';

export type Decision =
  | {
      readonly kind: 'forward';
      /** Position in the snapshot's servers. */
      readonly server: number;
      readonly reason: ForwardReason;
      /** Routing ends with this server: `X-Kubernetes-Peer-Proxied: true` keeps a native one from routing again. */
      readonly final: boolean;
    }
  | {
      readonly kind: 'unavailable';
      readonly reason: UnavailableReason;
      readonly servers: readonly number[];
      /** Nobody lists the resource, whose name the client may have made up: `servers` list its group-version as Stale, without any. */
      readonly maybe?: true;
    };
