/** A PEM certificate chain and its key. */
export interface ClientKeyPair {
  readonly cert: string;
  readonly key: string;
}

/** How servers are verified and how we prove ourselves to them. */
export interface PeerTrust {
  /** PEM issuers of the servers' certificates. Without them no server can be verified, and none is dialled. */
  readonly ca: string | undefined;
  /** `ca` was given for peer traffic (`--peer-ca-file`) and not only found in a kubeconfig. */
  readonly isConfigured: boolean;
  /** The front-proxy certificate (`--proxy-client-cert-file`). */
  readonly frontProxy: ClientKeyPair | undefined;
  /** What this proxy calls itself in requests that pass it; absent where none can come back. */
  readonly proxyName?: string | undefined;
  /** The kubeconfig's credential for our own requests, used when there is no front-proxy certificate. */
  readonly control: { readonly certificate: ClientKeyPair | undefined; readonly token: string | undefined } | undefined;
}

/** Whether requests may be moved between servers, and if not, what is missing. */
export type PeerView = { readonly kind: 'merged' } | { readonly kind: 'server-local'; readonly missing: string };

/** Product rule "Without peer trust": the proxy runs on, with the server-local view. */
export function peerView(trust: PeerTrust): PeerView {
  if (!trust.isConfigured) return { kind: 'server-local', missing: '--peer-ca-file' };
  if (trust.frontProxy === undefined) {
    return { kind: 'server-local', missing: '--proxy-client-cert-file and --proxy-client-key-file' };
  }
  return { kind: 'merged' };
}
