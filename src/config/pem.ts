import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto';

/** A certificate chain (leaf first) with its key, PEM. */
export interface KeyPair {
  readonly cert: string;
  readonly key: string;
}

/** `problem` ends a sentence that begins with the name of the file. */
export type PemResult<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly problem: string };

export interface Certificates {
  /** The certificates alone, without comments or keys that stood in the same file. */
  readonly pem: string;
  readonly certificates: readonly X509Certificate[];
}

interface PemBlock {
  readonly label: string;
  readonly text: string;
  readonly line: number;
}

/** Every certificate in `text`; at least one. */
export function parseCertificates(text: string): PemResult<Certificates> {
  const blocks = pemBlocks(text);
  const own = blocks.filter(({ label }) => label === 'CERTIFICATE');
  if (own.length === 0) return { ok: false, problem: withoutCertificate(text, blocks) };
  const certificates: X509Certificate[] = [];
  for (const [index, block] of own.entries()) {
    try {
      certificates.push(new X509Certificate(block.text));
    } catch {
      const which = own.length === 1 ? 'a certificate' : `certificate ${index + 1} of ${own.length}`;
      return { ok: false, problem: `has ${which} at line ${block.line} that cannot be parsed; get a fresh copy of it` };
    }
  }
  return { ok: true, value: { pem: `${own.map((block) => block.text).join('\n')}\n`, certificates } };
}

/** The private key in `text`, as PEM and parsed. */
export function parsePrivateKey(text: string): PemResult<{ readonly pem: string; readonly key: KeyObject }> {
  const blocks = pemBlocks(text);
  const block = blocks.find(({ label }) => label.endsWith('PRIVATE KEY'));
  if (block === undefined) {
    const swapped = blocks.some(({ label }) => label === 'CERTIFICATE');
    const problem = swapped
      ? 'contains a certificate, not a private key; were the two files exchanged?'
      : 'contains no private key in PEM form (-----BEGIN PRIVATE KEY-----)';
    return { ok: false, problem };
  }
  if (block.label.startsWith('ENCRYPTED') || block.text.includes('Proc-Type: 4,ENCRYPTED')) {
    const problem =
      'is protected by a passphrase, which a daemon cannot type; write it unencrypted with: openssl pkey -in FILE -out NEW';
    return { ok: false, problem };
  }
  try {
    return { ok: true, value: { pem: `${block.text}\n`, key: createPrivateKey(block.text) } };
  } catch {
    return {
      ok: false,
      problem: `has a private key at line ${block.line} that cannot be parsed; get a fresh copy of it`,
    };
  }
}

/** Why `key` does not belong to the first certificate; `undefined` if it does. Ends a sentence that begins with the key. */
export function mismatch(key: KeyObject, { certificates }: Certificates): string | undefined {
  const index = certificates.findIndex((certificate) => certificate.checkPrivateKey(key));
  if (index === 0) return undefined;
  return index === -1
    ? 'is not the key of the certificate'
    : `is the key of certificate ${index + 1}, which must be the first one: reorder the certificates, leaf first`;
}

/** Why a certificate is not valid at `now` (milliseconds since 1970); `undefined` if it is. */
export function validity(certificate: X509Certificate, now: number): string | undefined {
  const subject = certificate.subject.split('\n').join(', ') || 'without subject';
  if (certificate.validToDate.getTime() < now) {
    return `the certificate ${subject} expired on ${certificate.validToDate.toISOString()}; renew it`;
  }
  if (certificate.validFromDate.getTime() > now) {
    return `the certificate ${subject} is not valid before ${certificate.validFromDate.toISOString()}; check the clock`;
  }
  return undefined;
}

function pemBlocks(text: string): PemBlock[] {
  return [...text.matchAll(/-----BEGIN ([A-Z0-9 ]+)-----[\s\S]*?-----END \1-----/g)].map((match) => ({
    label: match[1] ?? '',
    text: match[0],
    line: text.slice(0, match.index).split('\n').length,
  }));
}

function withoutCertificate(text: string, blocks: readonly PemBlock[]): string {
  if (text.trim() === '') return 'is empty; it must contain at least one certificate in PEM form';
  if (blocks.some(({ label }) => label.endsWith('PRIVATE KEY'))) {
    return 'contains a private key, not a certificate; were the two files exchanged?';
  }
  const binary = text.includes('\u0000') || text.includes('\ufffd');
  return binary
    ? 'is not in PEM form; if it is DER, convert it with: openssl x509 -inform der -in FILE -out NEW'
    : 'contains no certificate in PEM form (-----BEGIN CERTIFICATE-----)';
}
