import { X509Certificate } from 'node:crypto';

const BLOCK = /-----BEGIN CERTIFICATE-----[\s\S]+?-----END CERTIFICATE-----/g;

/** Every certificate of a PEM bundle that can be read. */
export function certificatesOf(pem: string): X509Certificate[] {
  return (pem.match(BLOCK) ?? []).flatMap((block) => {
    try {
      return [new X509Certificate(block)];
    } catch {
      return [];
    }
  });
}

/**
 * The certificates from the first of `chain` up to one of `authorities`, whatever the time is: expiry is another finding.
 * Of several with the same name and key, as an authority and its renewal are, one that is valid at `now` (epoch milliseconds)
 * counts, as for OpenSSL. undefined: none of `authorities` issued it.
 */
export function issuedBy(
  chain: readonly X509Certificate[],
  authorities: readonly X509Certificate[],
  now: number,
): readonly X509Certificate[] | undefined {
  const [leaf] = chain;
  if (leaf === undefined) return undefined;
  const path = [leaf];
  let current = leaf;
  while (path.length <= chain.length + 1) {
    const issuers = authorities.filter((candidate) => isIssuer(candidate, current));
    const authority = issuers.find((candidate) => isValidAt(candidate, now)) ?? issuers[0];
    if (authority !== undefined) return [...path, authority];
    const next = chain.find((candidate) => !path.includes(candidate) && isIssuer(candidate, current));
    if (next === undefined) return authorities.some(({ raw }) => raw.equals(current.raw)) ? path : undefined;
    path.push(next);
    current = next;
  }
  return undefined;
}

function isIssuer(candidate: X509Certificate, issued: X509Certificate): boolean {
  return issued.checkIssued(candidate) && issued.verify(candidate.publicKey);
}

function isValidAt({ validFromDate, validToDate }: X509Certificate, now: number): boolean {
  return validFromDate.getTime() <= now && now <= validToDate.getTime();
}

/** `CN=kube-apiserver, O=…` on one line. */
export function subjectText({ subject }: X509Certificate): string {
  return subject.split('\n').join(', ') || 'without subject';
}

/** As `subjectText`, of who issued it. */
export function issuerText({ issuer }: X509Certificate): string {
  return issuer.split('\n').join(', ') || 'without name';
}

/** '' when there is none. */
export function commonName({ subject }: X509Certificate): string {
  return /(?:^|\n)CN=(.*)/.exec(subject)?.[1] ?? '';
}
