import { type webcrypto, X509Certificate } from 'node:crypto';
import '../../src/lab/pki/empty-reflect-metadata.ts';
import {
  BasicConstraintsExtension,
  type JsonNameParams,
  KeyUsageFlags,
  KeyUsagesExtension,
  Name,
  X509CertificateGenerator,
} from '@peculiar/x509';

const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
const HOUR = 3_600_000;

/** Somebody with a name and a key, who may be certified by several others, or by nobody. */
export interface Holder {
  readonly name: JsonNameParams;
  readonly keys: webcrypto.CryptoKeyPair;
}

export async function holder(name: JsonNameParams | string): Promise<Holder> {
  const keys = await crypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify']);
  return { name: typeof name === 'string' ? [{ CN: [name] }] : name, keys };
}

export interface CertificateShape {
  /** Default: an end entity. */
  readonly ca?: boolean;
  /** Whether it says what its key is for. Default true. */
  readonly keyUsage?: boolean;
  /** Default: an hour ago. */
  readonly notBefore?: Date;
  /** Default: an hour ahead. */
  readonly notAfter?: Date;
}

/** `issuer`'s word that `subject`'s key is that of its name. Names nobody by key identifier, so that names can be confused. */
export async function certify(
  subject: Holder,
  issuer: Holder,
  { ca = false, keyUsage = true, notBefore, notAfter }: CertificateShape = {},
): Promise<X509Certificate> {
  const usage = ca ? KeyUsageFlags.keyCertSign : KeyUsageFlags.digitalSignature;
  const certificate = await X509CertificateGenerator.create({
    subject: new Name(subject.name),
    issuer: new Name(issuer.name),
    publicKey: subject.keys.publicKey,
    signingKey: issuer.keys.privateKey,
    signingAlgorithm: ALGORITHM,
    notBefore: notBefore ?? new Date(Date.now() - HOUR),
    notAfter: notAfter ?? new Date(Date.now() + HOUR),
    extensions: [new BasicConstraintsExtension(ca), ...(keyUsage ? [new KeyUsagesExtension(usage, true)] : [])],
  });
  return new X509Certificate(Buffer.from(certificate.rawData));
}
