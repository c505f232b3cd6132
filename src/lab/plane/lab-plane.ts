import type { Pki } from '../pki/pki.ts';
import type { LabServer } from './lab-server.ts';

/** What runs inside each server besides the API: nothing, our proxy as a library, or kube-apiserver's own mixed version proxy. */
export type BuiltIn = 'none' | 'library' | 'native';

/** A control plane of several versions: servers with one store. */
export interface LabPlane {
  readonly kind: 'embedded' | 'real';
  readonly builtIn: BuiltIn;
  readonly servers: readonly LabServer[];
  readonly pki: Pki;
  /** Bearer token of a user in `system:masters`, accepted by every server. */
  readonly adminToken: string;
  /** The versions that can be started, oldest first. */
  readonly versions: readonly string[];
  /** Stops everything and removes what was temporary. */
  close(): Promise<void>;
}
