import { ProxyError } from '../errors.ts';
import type { Credential } from '../identity/credential.ts';
import type { Upstream } from '../wire/upstream.ts';
import type { ClientState } from './client-state.ts';
import type { Backend } from './proxy-snapshot.ts';

/** The connections over which a request with this credential may travel. */
export function upstreamFor(backend: Backend, credential: Credential, client: ClientState): Upstream {
  switch (credential.kind) {
    case 'own':
      return client.proven === credential.authorization ? backend.own : backend.unproven;
    case 'anonymous':
      return backend.anonymous;
    case 'asserted':
      if (backend.asserted !== undefined) return backend.asserted;
      throw new ProxyError(
        'MVP_UNAUTHORIZED',
        'Unauthorized: client certificates end at this proxy, and it has no front-proxy certificate to vouch for their users. Use a token, or start the proxy with --proxy-client-cert-file and --proxy-client-key-file.',
      );
  }
}

/** Remembers from a server's answer whether the caller's token works; a failing or overloaded server has not looked at it. */
export function learnFrom(status: number, credential: Credential, client: ClientState): void {
  if (credential.kind !== 'own') return;
  if (status === 401) client.proven = client.proven === credential.authorization ? undefined : client.proven;
  else if (status < 429) client.proven = credential.authorization;
}
