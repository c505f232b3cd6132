/** Names of the headers that assert an identity; kube-apiserver's `--requestheader-*` flags. All in lower case. */
export interface IdentityHeaderNames {
  readonly username: readonly string[];
  readonly uid: readonly string[];
  readonly group: readonly string[];
  readonly extraPrefix: readonly string[];
}

/**
 * The names under which this proxy asserts users to servers, whatever names it reads itself: those every installer
 * configures and kube-apiserver's own peer proxy sends.
 */
export const ASSERTED_NAMES = {
  username: 'x-remote-user',
  uid: 'x-remote-uid',
  group: 'x-remote-group',
  extraPrefix: 'x-remote-extra-',
} as const;

/** Says that a forwarded request has already been routed; a server that sees it does not route again (KEP-4020). */
export const PEER_PROXIED = 'x-kubernetes-peer-proxied';

const DEFAULT_PREFIX = 'x-remote-';

/**
 * Whether a client could claim an identity, or a routing decision, with the header `name` (lower case).
 * The default names count always, whatever is configured: a server behind us may trust them although we do not
 * (kubernetes#119631).
 */
export function assertsIdentity(name: string, names: IdentityHeaderNames): boolean {
  return (
    name === PEER_PROXIED ||
    names.username.includes(name) ||
    names.uid.includes(name) ||
    names.group.includes(name) ||
    hasIdentityPrefix(name, names)
  );
}

/** The same of names that are told by their beginning. */
export function hasIdentityPrefix(name: string, { extraPrefix }: IdentityHeaderNames): boolean {
  if (name.startsWith(DEFAULT_PREFIX)) return true;
  for (const prefix of extraPrefix) if (name.startsWith(prefix)) return true;
  return false;
}
