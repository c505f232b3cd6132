import type { CallerTrust } from '../admin/certified-callers.ts';
import { readTlsMaterial, type TlsMaterial } from '../config/files.ts';
import { type KubeconfigAccess, readKubeconfig } from '../config/kubeconfig.ts';
import { needsSeed } from '../config/membership-rules.ts';
import type { Configuration } from '../config/schema.ts';
import type { CertificateTrust } from '../identity/client-certificate.ts';
import { parseTrustAnchors } from '../identity/trust-anchors.ts';
import type { CollectorAccess } from '../observe/tracing/tracing.ts';
import type { EtcdAccess } from '../publishing/etcd.ts';
import type { PeerTrust } from '../servers/peer-trust.ts';
import type { ListenerTls } from '../wire/listener.ts';
import { type SeedAccess, seedAccess } from './seed.ts';

/** Everything that is read from files besides the configuration, in the form its users take. */
export interface Material {
  readonly listener: ListenerTls;
  readonly clients: CertificateTrust;
  /** Who may read the admin listener; undefined: whoever reaches it. */
  readonly admin: (CallerTrust & { readonly bundle: string }) | undefined;
  /** The PEM bundles of client CA and request-header CA that `clients` was made of. */
  readonly clientBundles: readonly (string | undefined)[];
  readonly peers: PeerTrust;
  /** Where membership is read before any server is known; undefined unless nothing else says. */
  readonly seed: SeedAccess | undefined;
  /** For publishing. */
  readonly etcd: Pick<EtcdAccess, 'ca' | 'certificate'>;
  /** For the collector of spans. */
  readonly collector: CollectorAccess;
  readonly warnings: readonly string[];
  /** Absolute paths, for watching. */
  readonly files: readonly string[];
}

/** Reads and checks all files. Throws `ConfigurationError` naming every one that cannot be used. */
export async function readMaterial(configuration: Configuration): Promise<Material> {
  const [tls, access] = await Promise.all([
    readTlsMaterial(configuration),
    configuration.kubeconfig === undefined ? undefined : readKubeconfig(configuration.kubeconfig),
  ]);
  const bundles = [tls.clientCa, tls.requestHeaderCa].filter((bundle) => bundle !== undefined);
  return {
    listener: {
      cert: tls.serving.cert,
      key: tls.serving.key,
      clientCa: bundles.length === 0 ? undefined : bundles.join('\n'),
    },
    clients: {
      clientCa: tls.clientCa === undefined ? [] : parseTrustAnchors(tls.clientCa),
      requestHeaderCa: tls.requestHeaderCa === undefined ? [] : parseTrustAnchors(tls.requestHeaderCa),
      allowedNames: configuration.authentication.requestHeader.allowedNames,
    },
    admin: tls.adminClientCa === undefined ? undefined : adminTrust(tls.adminClientCa, configuration),
    clientBundles: [tls.clientCa, tls.requestHeaderCa],
    peers: peerTrust(tls, access),
    seed:
      access === undefined || !needsSeed(configuration)
        ? undefined
        : seedAccess(access, { ca: tls.peerCa, serverName: configuration.peers.serverName }),
    etcd: { ca: tls.etcdCa, certificate: tls.etcdClient },
    collector: { ca: tls.otlpCa, headers: tls.otlpHeaders },
    warnings: tls.warnings,
    files: [...tls.files, ...(access?.files ?? [])],
  };
}

/** Whether a reload would change nothing; writers touch directories without changing certificates. */
export function isSameMaterial(one: Material, other: Material): boolean {
  const essence = ({ listener, admin, clientBundles, peers, seed, etcd, collector }: Material) =>
    JSON.stringify([listener, admin?.bundle, admin?.allowedNames, clientBundles, peers, seed, etcd, collector]);
  return essence(one) === essence(other);
}

function adminTrust(bundle: string, { admin: { allowedNames } }: Configuration): Material['admin'] {
  return { bundle, clientCa: parseTrustAnchors(bundle), allowedNames };
}

/** The kubeconfig stands in where the flags give nothing: its CA verifies servers, its credential reads their health. */
function peerTrust(tls: TlsMaterial, access: KubeconfigAccess | undefined): PeerTrust {
  return {
    ca: tls.peerCa ?? access?.ca,
    frontProxy: tls.proxyClient,
    isConfigured: tls.peerCa !== undefined,
    control: access === undefined ? undefined : { certificate: access.certificate, token: access.token },
  };
}
