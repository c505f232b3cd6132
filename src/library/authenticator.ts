import { type CertificateVerdict, judgeCertificate } from '../identity/client-certificate.ts';
import { type Credential, identify } from '../identity/credential.ts';
import type { ClientCertificate } from '../wire/exchange.ts';
import type { Caller } from './fetch-handler.ts';
import type { ClientTrustOptions } from './options.ts';
import { clientTrust, headerNames } from './settings.ts';

/**
 * Says who sent a request, as kube-apiserver does: a front proxy's X-Remote-* headers count only on connections that
 * present its certificate, then a user's client certificate, then a token, which is for the server to judge.
 * Throws `ProxyError` (401) for a certificate that is worth nothing without a token beside it.
 */
export type Authenticator = (caller: Pick<Caller, 'certificate' | 'fields'>) => Credential;

/** Throws `ProxyError` (MVP_CONFIG) that names an option that cannot be used. */
export function createAuthenticator(options: ClientTrustOptions): Authenticator {
  const trust = clientTrust(options);
  const names = headerNames(options);
  const verdicts = new WeakMap<ClientCertificate, CertificateVerdict>();
  return ({ certificate, fields }) => {
    const now = Date.now();
    const known = verdicts.get(certificate);
    const verdict = known !== undefined && now <= known.validUntil ? known : judgeCertificate(certificate, trust, now);
    verdicts.set(certificate, verdict);
    return identify(verdict, fields, names);
  };
}
