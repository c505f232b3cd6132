import { webcrypto } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import '../../../src/lab/pki/empty-reflect-metadata.ts';
import {
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  type JsonName,
  PemConverter,
  X509Certificate,
  X509CertificateGenerator,
} from '@peculiar/x509';

const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
const HOUR_MS = 3_600_000;

/** The subject attribute from which kube-apiserver takes a user's UID. */
export const UID_ATTRIBUTE = '1.3.6.1.4.1.57683.2';

/** A client certificate with any subject, which the control plane's own authority does not offer. */
export async function issueClientCertificate(
  ca: { readonly cert: string; readonly keyFile: string },
  subject: JsonName,
): Promise<{ readonly cert: string; readonly key: string }> {
  const keys = await webcrypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify']);
  const pkcs8 = PemConverter.decodeFirst(await readFile(ca.keyFile, 'utf8'));
  const certificate = await X509CertificateGenerator.create({
    subject,
    issuer: new X509Certificate(ca.cert).subjectName,
    publicKey: keys.publicKey,
    signingKey: await webcrypto.subtle.importKey('pkcs8', pkcs8, ALGORITHM, false, ['sign']),
    signingAlgorithm: ALGORITHM,
    notBefore: new Date(Date.now() - HOUR_MS),
    notAfter: new Date(Date.now() + HOUR_MS),
    extensions: [new ExtendedKeyUsageExtension([ExtendedKeyUsage.clientAuth])],
  });
  const key = PemConverter.encode(await webcrypto.subtle.exportKey('pkcs8', keys.privateKey), 'PRIVATE KEY');
  return { cert: certificate.toString('pem'), key };
}
