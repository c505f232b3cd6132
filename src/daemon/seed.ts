import type { KubeconfigAccess } from '../config/kubeconfig.ts';
import type { ApiReader } from '../membership/api-source.ts';
import { canonicalAddress } from '../membership/ip-address.ts';
import { controlIdentity } from '../servers/control-identity.ts';
import type { ConnectionSettings } from '../servers/server-connections.ts';
import type { Upstream } from '../wire/upstream.ts';
import { openUpstream } from '../wire/upstream-pool.ts';

/** Where membership is read before any server is known, and as whom. */
export interface SeedAccess {
  readonly host: string;
  readonly port: number;
  readonly servername: string;
  /** PEM. */
  readonly ca: string;
  readonly certificate: KubeconfigAccess['certificate'];
  readonly token: string | undefined;
}

/**
 * The cluster of a kubeconfig as a seed; undefined when nothing says which CA signs it. A cluster at an IP address has the
 * certificate of an API server, whose addresses it need not contain.
 */
export function seedAccess(
  { server, ca, serverName, certificate, token }: KubeconfigAccess,
  peers: { readonly ca: string | undefined; readonly serverName: string },
): SeedAccess | undefined {
  const { protocol, hostname, port } = new URL(server);
  const bundle = ca ?? peers.ca;
  if (protocol !== 'https:' || bundle === undefined) return undefined;
  const host = hostname.replace(/^\[|\]$/g, '');
  const servername = serverName ?? (canonicalAddress(host) === undefined ? host : peers.serverName);
  return { host, port: port === '' ? 443 : Number(port), servername, ca: bundle, certificate, token };
}

/**
 * Connections to a seed. No request of a client goes there: it may be a balancer, behind which nobody knows who answers, and
 * it is seldom the address of a server.
 */
export class Seed {
  readonly #settings: ConnectionSettings;
  #open: { readonly access: SeedAccess; readonly upstream: Upstream } | undefined;

  constructor(settings: ConnectionSettings) {
    this.#settings = settings;
  }

  /** Through `access`, with connections of its own once they are used. */
  reader(access: SeedAccess): ApiReader {
    const { host, port, servername, ca, certificate, token } = access;
    if (this.#open?.access !== access) {
      this.close();
      const upstream = openUpstream({ host, port, servername, ca, certificate, ...this.#settings, onEvent: undefined });
      this.#open = { access, upstream };
    }
    const { fields } = controlIdentity({
      ca,
      isConfigured: true,
      frontProxy: undefined,
      control: { certificate, token },
    });
    return { name: `the cluster of the kubeconfig (${host}:${port})`, upstream: this.#open.upstream, fields };
  }

  close(): void {
    void this.#open?.upstream.close(0);
    this.#open = undefined;
  }
}
