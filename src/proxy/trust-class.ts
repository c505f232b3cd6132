import { ProxyError } from '../errors.ts';
import type { Credential } from '../identity/credential.ts';
import type { Upstream } from '../wire/upstream.ts';
import type { Backend } from './proxy-snapshot.ts';

/** The connections over which a request with this credential may travel. */
export function upstreamFor(backend: Backend, credential: Credential): Upstream {
  switch (credential.kind) {
    case 'own':
      return backend.own;
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
