/** Who answers a client: a server itself, the forwarding inside kube-apiserver, our two engines, and other proxies. */
export type RivalName = 'direct' | 'native' | 'own' | 'node' | 'nginx' | 'haproxy' | 'undici';

/** Proxies that run on Node: slower until their code has been compiled. */
export const ON_NODE: ReadonlySet<RivalName> = new Set(['own', 'node', 'undici']);

export const TITLES: Readonly<Record<RivalName, string>> = {
  direct: 'direct',
  native: 'native (kube-apiserver)',
  own: '**mvproxy**',
  node: 'mvproxy, `--http2-engine node`',
  nginx: 'nginx',
  haproxy: 'haproxy',
  undici: 'undici',
};

/** Where a client can connect, and which process is behind. */
export interface Rival {
  readonly name: RivalName;
  /** `https://127.0.0.1:PORT`. */
  readonly url: string;
  /** The process that was put between client and servers; none for the servers themselves. */
  readonly pid: number | undefined;
}

/** What proxies are put in front of. */
export interface Backends {
  /** Who gets every request but those below `otherPaths`. */
  readonly preferred: string;
  readonly other: { readonly url: string; readonly paths: string } | undefined;
}
