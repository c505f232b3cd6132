export interface ReasonKind {
  /** One line for the reference page. */
  readonly documentation: string;
  /** What to do about it, in general. */
  readonly remedy: string;
}

/** Why a type is not surfaced, or not everywhere. Codes are stable: never renamed, never another meaning. */
const CODES = {
  ServerUnreachable: {
    documentation: 'The server could not be connected to, so that nothing is known of it at this moment.',
    remedy: 'Start it again, or take it out of the proxy’s servers if it is gone for good.',
  },
  ServerGone: {
    documentation: 'Membership dropped the server; what only it served stays listed for the departure grace.',
    remedy: 'Nothing if it is coming back, or if nobody needs what only it served.',
  },
  ServerHung: {
    documentation: 'The server accepts connections and does not answer.',
    remedy: 'Look at its load and its etcd; a process that stays like this has to be restarted.',
  },
  ServerNotReady: {
    documentation: 'The server answers, but its readiness check fails, so that it gets no requests.',
    remedy: 'Ask it for /readyz?verbose to learn which check fails.',
  },
  DiscoveryFailing: {
    documentation: 'The proxy cannot read the server’s discovery and goes on with the last good document.',
    remedy: 'The reason names the answer; see the log of the server for its cause.',
  },
  LookingForbidden: {
    documentation: 'A server does not let the proxy look at something, so that this could not be checked.',
    remedy: 'kubectl apply -f deploy/rbac.yaml, which has this rule.',
  },
  LookingFailed: {
    documentation: 'A server answered a question of verify with an error or a document that cannot be used.',
    remedy: 'Ask the server for that path with kubectl get --raw and see its log.',
  },
  ServedNowhere: {
    documentation: 'No server that could be asked serves it.',
    remedy: 'Check the spelling; a type that a newer release brings needs a server of that release.',
  },
  CRDAbsent: {
    documentation: 'There is no CustomResourceDefinition that would make the servers serve it.',
    remedy: 'Apply the CustomResourceDefinition.',
  },
  CRDDeleted: {
    documentation: 'The CustomResourceDefinition is deleted; servers that still list the type have not noticed yet.',
    remedy: 'Nothing, it passes within seconds. A server that stays like this has lost its watches: restart it.',
  },
  CRDTerminating: {
    documentation: 'The CustomResourceDefinition is being deleted and its objects have to go first.',
    remedy: 'Look for objects with finalizers that nobody removes.',
  },
  CRDNotEstablished: {
    documentation: 'The CustomResourceDefinition is there, and the servers have not accepted it.',
    remedy: 'See its conditions: kubectl describe crd NAME.',
  },
  CRDNamesConflict: {
    documentation: 'Another CustomResourceDefinition of the group has one of its names.',
    remedy: 'Rename one of the two, or delete the other one.',
  },
  CRDVersionNotServed: {
    documentation: 'The CustomResourceDefinition does not have the version, or has it with served: false.',
    remedy: 'Use a version that is served, or set served: true.',
  },
  CRDLag: {
    documentation: 'The CustomResourceDefinition is Established, and some servers do not serve the type yet.',
    remedy:
      'Nothing, it passes within seconds, and the proxy sends requests to servers that serve it. A server that stays like this has lost its watches: restart it.',
  },
  APIServiceDeletedByOlderServer: {
    documentation:
      'The APIService object is missing although a server serves the group-version: a server of an older release deleted it when it started, because it does not know it.',
    remedy:
      'Restart a server that knows the group-version: it registers it again. Every later start of an older server deletes it again, until all are upgraded.',
  },
  APIServiceMissing: {
    documentation: 'The APIService object is missing although a server serves the group-version.',
    remedy:
      'Somebody deleted it, or a server of an older release that is not among the proxy’s servers did when it started. Restart a server that knows the group-version: it registers it again.',
  },
  APIServiceUnavailable: {
    documentation: 'The extension server behind the APIService cannot be used: the group-version is Stale.',
    remedy: 'See the pods and endpoints of the Service; kubectl describe apiservice NAME has the condition.',
  },
  Stale: {
    documentation: 'It is listed as Stale: no ready server vouches for it at the moment.',
    remedy: 'See the remarks on servers; it becomes Current when one of those that serve it is back.',
  },
  OnlyNewerReleases: {
    documentation: 'Only servers from some release on serve it; that is what the proxy is there for.',
    remedy: 'Nothing while an upgrade runs: the proxy sends requests to servers that serve it.',
  },
  OnlyOlderReleases: {
    documentation: 'Only servers up to some release serve it: it goes away with the upgrade.',
    remedy: 'Move clients and stored objects to another version before the last such server is upgraded.',
  },
  ServersDiffer: {
    documentation: 'Servers of one release differ, or a middle release alone differs from the others.',
    remedy: 'Compare --runtime-config and --feature-gates of the servers.',
  },
  ResourcesDiffer: {
    documentation: 'Servers serve the group-version with different resources.',
    remedy: 'Ask verify for the resource to see why; the proxy sends requests to servers that serve it.',
  },
  NotInTables: {
    documentation: 'A server serves it now, and the proxy has not read that yet.',
    remedy: 'Nothing, the next reading of discovery finds it; if it stays, see why the server cannot be read.',
  },
  StillInTables: {
    documentation: 'A server has stopped serving it, and the proxy has not read that yet.',
    remedy: 'Nothing, the next reading of discovery finds it; if it stays, see why the server cannot be read.',
  },
  MissingInShape: {
    documentation: 'A server serves it and leaves it out of one of its own documents.',
    remedy: 'Clients that read this document from the server itself miss it. Through the proxy they see it.',
  },
  NotMerged: {
    documentation: 'Servers serve it, and a document that the proxy publishes lacks it.',
    remedy: 'Ask again in a second. If it stays, the proxy’s log says why the merged view cannot be prepared.',
  },
  NoMergedView: {
    documentation:
      'The proxy publishes no merged documents: peer traffic cannot be authenticated, or no server was read yet. Clients see their preferred server’s own view.',
    remedy: 'Give --peer-ca-file, --proxy-client-cert-file and --proxy-client-key-file to mvproxy serve.',
  },
} as const satisfies Record<string, ReasonKind>;

export type ReasonCode = keyof typeof CODES;

/** Every reason with its documentation line and remedy. */
export const REASONS: Readonly<Record<ReasonCode, ReasonKind>> = CODES;
