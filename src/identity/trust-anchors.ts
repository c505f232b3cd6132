import { X509Certificate } from 'node:crypto';

/** The certificates of one PEM bundle, each a possible end of a chain (as in Go's `x509.CertPool`). */
export type TrustAnchors = readonly X509Certificate[];

const MAX_CHAIN = 10;

export function parseTrustAnchors(pem: string): TrustAnchors {
  const blocks = pem.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? [];
  return blocks.map((block) => new X509Certificate(block));
}

/**
 * Whether `chain` (leaf first, then what the client sent with it) leads to one of `anchors` by signatures.
 *
 * The listener verifies against the union of the client CA and the request-header CA, because one TLS handshake has one
 * store; OpenSSL has therefore already checked dates, purposes and constraints before this is called. What is left is
 * *which* of the two trusts the client has, and that must not rest on names alone: every step checks the signature.
 */
export function chainsTo(chain: readonly X509Certificate[], anchors: TrustAnchors, now: number): boolean {
  const [leaf, ...intermediates] = chain.slice(0, MAX_CHAIN);
  if (leaf === undefined) return false;
  const seen = new Set<X509Certificate>();
  const pending = [leaf];
  for (let current = pending.pop(); current !== undefined; current = pending.pop()) {
    if (seen.has(current)) continue;
    seen.add(current);
    if (!isCurrent(current, now)) continue;
    for (const anchor of anchors) {
      if (anchor.raw.equals(current.raw)) return true;
      if (isCurrent(anchor, now) && issued(anchor, current)) return true;
    }
    for (const issuer of intermediates) {
      if (issuer.ca && issued(issuer, current)) pending.push(issuer);
    }
  }
  return false;
}

function issued(issuer: X509Certificate, subject: X509Certificate): boolean {
  return subject.checkIssued(issuer) && subject.verify(issuer.publicKey);
}

function isCurrent(certificate: X509Certificate, now: number): boolean {
  return certificate.validFromDate.getTime() <= now && now <= certificate.validToDate.getTime();
}
