import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { CertificateAuthority, type CertificateRequest, type KeyPair, writeBareKeys } from './certificate-authority.ts';

/** The names clients inside a cluster and kube-apiservers among themselves verify, and those a developer types. */
const SERVING_NAMES = ['kubernetes.default.svc', 'kubernetes', 'localhost', '127.0.0.1'];

/**
 * The certificates of one control plane. Serving, client and front-proxy certificates come from three authorities, so
 * that mixing up two CA flags fails instead of working by chance.
 */
export interface Pki {
  readonly directory: string;
  /** `ca.crt`: signs what servers and the proxy present. */
  readonly servingCa: CertificateAuthority;
  /** `client-ca.crt`: signs users. */
  readonly clientCa: CertificateAuthority;
  /** `front-proxy-ca.crt`: signs who may assert another user's identity. */
  readonly frontProxyCa: CertificateAuthority;
  readonly serviceAccount: { readonly publicKeyFile: string; readonly privateKeyFile: string };
  /** CN `front-proxy-client`, the only name the servers allow. */
  readonly frontProxyClient: KeyPair;
  /** In group `system:masters`. */
  readonly admin: KeyPair;
  /** User `jane` in groups `dev` and `ops`. */
  readonly jane: KeyPair;
  readonly proxyServing: KeyPair;
  /** The serving certificate of the server called `name`, made on first use; `address` joins its names. */
  serving(name: string, address: string): Promise<KeyPair>;
  /** Issues any further certificate into the directory, from the client CA unless `ca` is given. */
  issue(name: string, request: CertificateRequest, ca?: CertificateAuthority): Promise<KeyPair>;
  /** An authority nobody trusts. */
  untrustedCa(name?: string): Promise<CertificateAuthority>;
}

/** Creates everything in `directory`, which is made if it is missing. Private keys get mode 0600. */
export async function createPki(directory: string): Promise<Pki> {
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const at = (name: string): string => join(directory, name);
  const [servingCa, clientCa, frontProxyCa, serviceAccount] = await Promise.all([
    CertificateAuthority.create(at('ca')),
    CertificateAuthority.create(at('client-ca')),
    CertificateAuthority.create(at('front-proxy-ca')),
    writeBareKeys(at('service-account')),
  ]);
  const [frontProxyClient, admin, jane, proxyServing] = await Promise.all([
    frontProxyCa.issue(at('front-proxy-client'), { commonName: 'front-proxy-client' }),
    clientCa.issue(at('admin'), { commonName: 'admin', organizations: ['system:masters'] }),
    clientCa.issue(at('jane'), { commonName: 'jane', organizations: ['dev', 'ops'] }),
    servingCa.issue(at('proxy-serving'), serving('mvproxy', [])),
  ]);
  const servers = new Map<string, Promise<KeyPair>>();
  return {
    directory,
    servingCa,
    clientCa,
    frontProxyCa,
    serviceAccount,
    frontProxyClient,
    admin,
    jane,
    proxyServing,
    serving(name, address) {
      const pair = servers.get(name) ?? servingCa.issue(at(`${name}-serving`), serving('kube-apiserver', [address]));
      servers.set(name, pair);
      return pair;
    },
    issue: (name, request, ca = clientCa) => ca.issue(at(name), request),
    untrustedCa: (name = 'untrusted-ca') => CertificateAuthority.create(at(name)),
  };
}

function serving(commonName: string, addresses: readonly string[]): CertificateRequest {
  return { commonName, altNames: [...new Set([...SERVING_NAMES, ...addresses])], usages: ['server'] };
}
