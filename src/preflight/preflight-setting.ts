import type { ServerDiscovery } from '../discovery/server-discovery.ts';
import type { ServerVersion } from '../kubernetes/kube-version.ts';
import type { PeerTrust } from '../servers/peer-trust.ts';
import type { RequiredRight } from './required-rights.ts';
import type { ServerProbe } from './server-probe.ts';

/** What is to be proved. */
export interface PreflightSetting {
  readonly servers: readonly ServerProbe[];
  readonly trust: PeerTrust;
  readonly certificates: readonly OwnCertificate[];
  /** There is a CA by which clients with certificates are known. */
  readonly knowsClients: boolean;
  /** What is wrong with the configuration and its files, in whole sentences; empty: nothing. */
  readonly configuration: () => Promise<readonly string[]>;
  readonly membership: MembershipFacts;
  readonly rights: readonly RequiredRight[];
  /** What this proxy has counted; undefined where none is running. */
  readonly usage: ProxyUsage | undefined;
  /** The release that is to come; undefined: nobody asked. */
  readonly target: TargetRelease | undefined;
  /** Epoch milliseconds. */
  readonly now: () => number;
}

/** A certificate file of ours. */
export interface OwnCertificate {
  /** `the serving certificate` */
  readonly what: string;
  /** The flag that names the file: `--tls-cert-file`. */
  readonly flag: string;
  readonly pem: string;
  readonly use: 'server' | 'client' | 'authority';
}

export interface MembershipFacts {
  /** Sources beside the static list that cannot be read, each with why. */
  readonly failing: readonly { readonly source: string; readonly condition: string }[];
  /** Sources that can be read, and name nobody. */
  readonly empty: readonly string[];
  readonly refused: readonly { readonly id: string; readonly address: string; readonly reason: string }[];
}

/** Requests of clients since the start, by type and family of the client. */
export interface ProxyUsage {
  readonly sinceSeconds: number;
  readonly entries: readonly {
    readonly group: string;
    readonly version: string;
    readonly resource: string;
    readonly client: string;
    readonly requests: number;
  }[];
}

export interface TargetRelease {
  /** `1.37.2`, or what the user called it. */
  readonly name: string;
  readonly version: ServerVersion | undefined;
  readonly discovery: ServerDiscovery;
  /** Groups that it says something about; absent: all. A release as it is shipped says nothing of what a cluster adds to it. */
  readonly isAbout?: ((group: string) => boolean) | undefined;
}
