/** `info`: what an upgrade does; `warning`: somebody has to act or to wait; `error`: servers contradict each other. */
export type SkewSeverity = 'info' | 'warning' | 'error';

export interface SkewKind {
  readonly severity: SkewSeverity;
  /** One line: what it means. */
  readonly documentation: string;
  /** What to do about it, in general. */
  readonly remedy: string;
}

/** How servers differ, the gravest first. Codes are stable: never renamed, never another meaning. */
const CODES = {
  ScopeConflict: {
    severity: 'error',
    documentation:
      'Servers disagree whether the resource belongs to namespaces: a URL that is right for one is wrong for the other.',
    remedy:
      'Find out who serves the other one, and rename or remove it; mvproxy publishes what the newest server says.',
  },
  KindConflict: {
    severity: 'error',
    documentation:
      'Servers list one resource with different kinds: what one returns, clients of the other cannot read.',
    remedy:
      'Find out who serves the other one, and rename or remove it; mvproxy publishes what the newest server says.',
  },
  StorageVersionDiffers: {
    severity: 'warning',
    documentation:
      'Servers write the objects to etcd as different versions: storage migration is not safe yet, because objects are written back as the old one.',
    remedy:
      'Upgrade all servers first. Until this is gone start no StorageVersionMigration, take no version out of storedVersions of a definition, and do not switch off the old version.',
  },
  StorageVersionUnknown: {
    severity: 'warning',
    documentation:
      'How some servers write the objects is not known: storage migration is not safe yet as far as anybody knows.',
    remedy: 'Make the server answer, or let the asking user read API discovery, and look again.',
  },
  OnlyOlderReleases: {
    severity: 'warning',
    documentation: 'Only servers up to some release serve it: it goes away with the upgrade.',
    remedy:
      'Move clients and manifests to another version before the last server that has it is upgraded; mvproxy preflight tells who still uses it.',
  },
  ServersDiffer: {
    severity: 'warning',
    documentation: 'Some servers serve it and others do not, which their releases do not explain.',
    remedy:
      'Of an API of Kubernetes compare --runtime-config and --feature-gates of the servers; why a custom one is missing says mvproxy verify GROUP.',
  },
  VerbsDiffer: {
    severity: 'warning',
    documentation: 'Servers serve it with different verbs; who lacks a verb answers 405.',
    remedy:
      'mvproxy sends each request to a server that has its verb. A verb that the newest server lacks goes away with the upgrade: move its clients.',
  },
  Stale: {
    severity: 'warning',
    documentation: 'A server lists it as Stale: the extension server behind it did not answer, requests get 503.',
    remedy: 'See the condition of its APIService, kubectl describe apiservice VERSION.GROUP, and the pods behind it.',
  },
  ServerNotRead: {
    severity: 'warning',
    documentation: 'The discovery of a server was never read, so that it could not be compared.',
    remedy: 'The reason is in the finding; mvproxy status says what the proxy knows of the server.',
  },
  OnlyNewerReleases: {
    severity: 'info',
    documentation: 'Only servers from some release on serve it: it comes with the upgrade.',
    remedy:
      'Nothing behind mvproxy, which sends requests to servers that serve it. Without it let nobody use it before all servers are upgraded: the others answer 404.',
  },
  PreferredVersionDiffers: {
    severity: 'info',
    documentation: 'Servers prefer different versions of the group, which is what clients get that do not name one.',
    remedy: 'Nothing behind mvproxy, which publishes one order. Without it name the version in clients and manifests.',
  },
} as const satisfies Record<string, SkewKind>;

export type SkewCode = keyof typeof CODES;

/** Every code with its meaning. */
export const SKEW_CODES: Readonly<Record<SkewCode, SkewKind>> = CODES;

/** The gravest first. */
export const SKEW_CODE_NAMES: readonly SkewCode[] = Object.keys(CODES).filter(
  (name): name is SkewCode => name in CODES,
);

/** The gravest first. */
export const SEVERITIES: readonly SkewSeverity[] = ['error', 'warning', 'info'];
