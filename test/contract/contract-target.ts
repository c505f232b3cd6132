import type { KeyPair } from '../../src/lab/pki/certificate-authority.ts';
import type { LabPlane } from '../../src/lab/plane/lab-plane.ts';

/** One API server that the contract is held against; nobody else writes to its control plane. */
export interface ContractTarget {
  readonly kind: LabPlane['kind'];
  /** Of Kubernetes: `1.37.2`. */
  readonly version: string;
  readonly url: string;
  /** PEM of the authority that signed its certificate. */
  readonly ca: string;
  /** Of a user in `system:masters`. */
  readonly token: string;
  /** User `jane` in groups `dev` and `ops`, who may do nothing of her own. */
  readonly jane: Pick<KeyPair, 'cert' | 'key'>;
  close(): Promise<void>;
}

/** The first server of a control plane. */
export function targetOf(plane: LabPlane): ContractTarget {
  const [server] = plane.servers;
  if (server === undefined) throw new Error('A contract needs a control plane with one server.');
  return {
    kind: plane.kind,
    version: server.version,
    url: server.url,
    ca: plane.pki.servingCa.cert,
    token: plane.adminToken,
    jane: plane.pki.jane,
    close: () => plane.close(),
  };
}
