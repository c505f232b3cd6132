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
  /** User `stranger` in group `strangers`, whom nobody gave any right. */
  readonly stranger: Pick<KeyPair, 'cert' | 'key'>;
  close(): Promise<void>;
}

/** The first server of a control plane. */
export async function targetOf(plane: LabPlane): Promise<ContractTarget> {
  const [server] = plane.servers;
  if (server === undefined) throw new Error('A contract needs a control plane with one server.');
  return {
    kind: plane.kind,
    version: server.version,
    url: server.url,
    ca: plane.pki.servingCa.cert,
    token: plane.adminToken,
    stranger: await plane.pki.issue('stranger', { commonName: 'stranger', organizations: ['strangers'] }),
    close: () => plane.close(),
  };
}
