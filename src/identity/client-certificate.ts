import { createHash, X509Certificate } from 'node:crypto';
import type { ClientCertificate } from '../wire/exchange.ts';
import { certificateSubject } from './subject.ts';
import { chainsTo, type TrustAnchors } from './trust-anchors.ts';
import type { User } from './user.ts';

/** The extra under which kube-apiserver ≥ 1.32 records which credential was used. */
export const CREDENTIAL_ID = 'authentication.kubernetes.io/credential-id';

/** What one client certificate entitles its connection to; computed once per connection. */
export interface CertificateVerdict {
  /** Chains to the request-header CA and carries an allowed name: its identity headers are believed. */
  readonly frontProxy: boolean;
  /** The user of a certificate that chains to the client CA. */
  readonly user: User | undefined;
  /** Why a presented certificate is worth nothing; kube-apiserver answers 401 to it unless another credential works. */
  readonly rejected: string | undefined;
  /** Epoch milliseconds until which this holds. */
  readonly validUntil: number;
}

export interface CertificateTrust {
  readonly clientCa: TrustAnchors;
  readonly requestHeaderCa: TrustAnchors;
  /** Empty: every name under the request-header CA is allowed, as in kube-apiserver. */
  readonly allowedNames: readonly string[];
}

const NOTHING: CertificateVerdict = {
  frontProxy: false,
  user: undefined,
  rejected: undefined,
  validUntil: Number.POSITIVE_INFINITY,
};

/**
 * Judges a client certificate as kube-apiserver's union of request-header and x509 authenticators does
 * (apiserver/pkg/authentication/request/x509).
 */
export function judgeCertificate(
  certificate: ClientCertificate,
  trust: CertificateTrust,
  now: number,
): CertificateVerdict {
  if (certificate.kind === 'none') return NOTHING;
  // Without any CA kube-apiserver has no certificate authenticator, so a certificate is not looked at.
  if (trust.clientCa.length === 0 && trust.requestHeaderCa.length === 0) return NOTHING;
  if (!certificate.authorized) {
    return { ...NOTHING, rejected: certificate.error ?? 'the chain does not verify' };
  }
  try {
    const chain = certificate.chain.map((der) => new X509Certificate(der));
    const leaf = chain[0];
    if (leaf === undefined) return NOTHING;
    const subject = certificateSubject(leaf.raw);
    const validUntil = leaf.validToDate.getTime();
    if (validUntil < now) return { ...NOTHING, rejected: 'it has expired' };
    const frontProxy =
      chainsTo(chain, trust.requestHeaderCa, now) &&
      (trust.allowedNames.length === 0 || trust.allowedNames.includes(subject.commonName));
    if (!chainsTo(chain, trust.clientCa, now)) {
      return { ...NOTHING, frontProxy, validUntil, rejected: 'it was not issued by the client CA (--client-ca-file)' };
    }
    if (subject.commonName === '') {
      // No credential to one authenticator, but an error to the other, which expects nobody but front proxies.
      const isFault = !frontProxy && trust.requestHeaderCa.length > 0;
      return { ...NOTHING, frontProxy, validUntil, rejected: isFault ? 'its subject names no user (CN)' : undefined };
    }
    if (subject.uids.length > 1) {
      return { ...NOTHING, frontProxy, validUntil, rejected: 'its subject carries more than one user UID' };
    }
    const user: User = {
      name: subject.commonName,
      uid: subject.uids[0] ?? '',
      groups: subject.organizations,
      extra: [[CREDENTIAL_ID, [`X509SHA256=${createHash('sha256').update(leaf.raw).digest('hex')}`]]],
    };
    return { frontProxy, user, rejected: undefined, validUntil };
  } catch (error) {
    return { ...NOTHING, rejected: error instanceof Error ? error.message : 'it cannot be read' };
  }
}
