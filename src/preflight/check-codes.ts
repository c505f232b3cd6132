export interface CheckKind {
  /** What it proves, in one line. */
  readonly title: string;
  /** What it means when it does not pass. */
  readonly meaning: string;
  /** What to do then, in general. */
  readonly fix: string;
}

/** What preflight proves, in the order of the report. Codes are stable: never renamed, never another meaning. */
const CODES = {
  Configuration: {
    title: 'The configuration and the files it names can be used.',
    meaning: 'A start or a reload with these files fails; a running proxy goes on with what it read before.',
    fix: 'Correct what the message names; mvproxy serve --check-config checks it alone.',
  },
  OwnCertificates: {
    title: 'Our certificates and CA bundles are there, valid now and for 30 days, and for what they are used for.',
    meaning: 'Whoever has to verify an expired certificate, or one for another use, ends the connection.',
    fix: 'Renew the file that the message names; it is read again when it changes, without a restart.',
  },
  Membership: {
    title: 'The API servers are known, and every source that says who they are can be read.',
    meaning: 'A server that the proxy does not know gets no requests, and types that only it serves stay 404.',
    fix: 'Name servers with --server NAME=URL, or see docs/membership.md for what each source needs.',
  },
  MergedView: {
    title: 'Peer traffic can be authenticated, so that the proxy merges and routes.',
    meaning: "Every client sees its preferred server's own view, with the false 404s of a mixed control plane.",
    fix: 'Give --peer-ca-file, --proxy-client-cert-file and --proxy-client-key-file.',
  },
  ServerReachable: {
    title: 'The server accepts TCP connections.',
    meaning: 'The server is down, its address is wrong, or something between drops packets.',
    fix: 'Start the server, let this machine through to it, or correct its address in --server NAME=URL.',
  },
  ServerTLS: {
    title: 'The server completes a TLS handshake, with HTTP/2.',
    meaning: 'The server hangs, or what listens there is no kube-apiserver.',
    fix: 'Restart a server that hangs; correct the port of --server NAME=URL.',
  },
  ServerCA: {
    title: "The server's certificate was issued by --peer-ca-file.",
    meaning: 'Nothing is ever sent to a server that nobody vouches for.',
    fix: "Add the CA of the server's --tls-cert-file to --peer-ca-file.",
  },
  ServerName: {
    title: "The server's certificate carries the name that is expected of it.",
    meaning: 'Any holder of a certificate of that CA could pass for the server, so that nothing is sent to it.',
    fix: 'Give --server-tls-name (or servers[].serverName) a name of the certificate, or add the name to it.',
  },
  ServerExpiry: {
    title: "The server's certificate and those that issued it are valid now and for 30 days.",
    meaning: 'Once it expires no client that verifies it, this proxy included, connects any more.',
    fix: 'Renew the serving certificate of the server (kubeadm certs renew apiserver), or rotate the CA if it is the CA that expires.',
  },
  FrontProxyTrust: {
    title:
      'The server believes whom the proxy vouches for, name and groups: X-Remote-* over the front-proxy certificate.',
    meaning: 'Requests of clients with certificates, and all of our own, are refused or run as somebody else.',
    fix: "The certificate of --proxy-client-cert-file must be issued by the server's --requestheader-client-ca-file, and its common name be in --requestheader-allowed-names; --requestheader-{username,group}-headers must name X-Remote-User and X-Remote-Group.",
  },
  ProxyRBAC: {
    title: 'The proxy may read and watch what it needs.',
    meaning:
      'It works without, but sees changes up to discovery.intervalSeconds later, and finds no servers by itself.',
    fix: 'kubectl apply -f deploy/rbac.yaml',
  },
  ServerReady: {
    title: 'The server says that it is ready.',
    meaning: 'It gets no requests until it is.',
    fix: "The server's own checks say why: kubectl get --raw '/readyz?verbose', asked of that server.",
  },
  ClockSkew: {
    title: "The server's clock agrees with ours to 5 seconds.",
    meaning: 'Certificates, tokens and Leases are judged by different times.',
    fix: 'Synchronise the clocks of both hosts (chrony, systemd-timesyncd).',
  },
  ServerVersion: {
    title: 'The server tells its version.',
    meaning: 'Clients cannot be kept away from servers older than themselves, and the skew is not known.',
    fix: 'See why /version cannot be read.',
  },
  VersionSkew: {
    title: 'API servers are at most one minor version apart, as Kubernetes supports.',
    meaning: 'The proxy routes any distance, but what servers of such versions store for each other is not tested.',
    fix: 'Upgrade one minor version at a time.',
  },
  NativeProxy: {
    title: "Whether the server's own mixed version proxy (KEP-4020) is on.",
    meaning: 'Both work beside each other; see docs/native.md.',
    fix: 'Nothing has to be done.',
  },
  ChangingAPIs: {
    title: 'Which types appear and which vanish, between the servers of now and on to --to VERSION.',
    meaning: 'While versions differ, only the proxy keeps these types from being 404 on some servers.',
    fix: 'Types that vanish have to be left by their clients before the last server that has them is upgraded.',
  },
  APIUsage: {
    title: 'Nobody uses what vanishes, or is gone in the next minor version.',
    meaning: 'These clients fail once the last server that serves the type is upgraded.',
    fix: 'Move them to a version that stays before that.',
  },
} as const satisfies Record<string, CheckKind>;

export type CheckCode = keyof typeof CODES;

/** Every check with what it proves, what it means when it does not pass and what to do then. */
export const CHECK_KINDS: Readonly<Record<CheckCode, CheckKind>> = CODES;
