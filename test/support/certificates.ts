import type { webcrypto } from 'node:crypto';
import '../../src/lab/pki/empty-reflect-metadata.ts';
import {
  BasicConstraintsExtension,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  type Extension,
  KeyUsageFlags,
  KeyUsagesExtension,
  PemConverter,
  SubjectAlternativeNameExtension,
  type X509Certificate,
  X509CertificateGenerator,
} from '@peculiar/x509';

const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
const HOUR = 3_600_000;

export interface LeafSubject {
  readonly commonName: string;
  /** Kubernetes groups. */
  readonly organizations?: readonly string[];
  readonly dnsNames?: readonly string[];
  readonly ips?: readonly string[];
  readonly usage?: 'server' | 'client';
  /** Default: valid from an hour ago to an hour ahead. */
  readonly notAfter?: Date;
}

/** A certificate and its key in PEM. */
export interface Issued {
  readonly cert: string;
  readonly key: string;
}

/** A certificate authority that exists only in memory, for tests. */
export class TestCa {
  /** PEM of the authority's own certificate. */
  readonly cert: string;
  readonly #certificate: X509Certificate;
  readonly #keys: webcrypto.CryptoKeyPair;

  private constructor(certificate: X509Certificate, keys: webcrypto.CryptoKeyPair) {
    this.#certificate = certificate;
    this.#keys = keys;
    this.cert = certificate.toString('pem');
  }

  /** `notAfter`: default an hour ahead. */
  static async create(commonName: string, notAfter?: Date): Promise<TestCa> {
    const keys = await generateKeys();
    const validity = notAfter === undefined ? {} : { notAfter };
    return new TestCa(await certify({ subject: `CN=${commonName}`, keys, extensions: AUTHORITY, ...validity }), keys);
  }

  /** This authority anew: its name and key, valid for another time. */
  async renewed(notAfter: Date): Promise<TestCa> {
    const { subject } = this.#certificate;
    return new TestCa(await certify({ subject, keys: this.#keys, extensions: AUTHORITY, notAfter }), this.#keys);
  }

  /** An intermediate authority under this one. */
  async intermediate(commonName: string): Promise<TestCa> {
    const keys = await generateKeys();
    const issuer = { certificate: this.#certificate, keys: this.#keys };
    return new TestCa(await certify({ subject: `CN=${commonName}`, keys, issuer, extensions: AUTHORITY }), keys);
  }

  async issue(leaf: LeafSubject): Promise<Issued> {
    const keys = await generateKeys();
    const usage = leaf.usage === 'client' ? ExtendedKeyUsage.clientAuth : ExtendedKeyUsage.serverAuth;
    const names = [
      ...(leaf.dnsNames ?? []).map((value) => ({ type: 'dns' as const, value })),
      ...(leaf.ips ?? []).map((value) => ({ type: 'ip' as const, value })),
    ];
    const certificate = await certify({
      subject: [...(leaf.organizations ?? []).map((name) => ({ O: [name] })), { CN: [leaf.commonName] }],
      keys,
      issuer: { certificate: this.#certificate, keys: this.#keys },
      extensions: [
        new BasicConstraintsExtension(false),
        new KeyUsagesExtension(KeyUsageFlags.digitalSignature, true),
        new ExtendedKeyUsageExtension([usage]),
        ...(names.length === 0 ? [] : [new SubjectAlternativeNameExtension(names)]),
      ],
      ...(leaf.notAfter === undefined ? {} : { notAfter: leaf.notAfter }),
    });
    return { cert: certificate.toString('pem'), key: await privateKeyPem(keys) };
  }
}

const AUTHORITY = [
  new BasicConstraintsExtension(true, undefined, true),
  new KeyUsagesExtension(KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign, true),
];

interface Certification {
  readonly subject: string | Record<string, string[]>[];
  readonly keys: webcrypto.CryptoKeyPair;
  /** Absent: self-signed. */
  readonly issuer?: { readonly certificate: X509Certificate; readonly keys: webcrypto.CryptoKeyPair };
  readonly extensions: readonly Extension[];
  readonly notAfter?: Date;
}

function certify({ subject, keys, issuer, extensions, notAfter }: Certification): Promise<X509Certificate> {
  const until = notAfter ?? new Date(Date.now() + HOUR);
  return X509CertificateGenerator.create({
    subject,
    issuer: issuer === undefined ? subject : issuer.certificate.subjectName,
    publicKey: keys.publicKey,
    signingKey: (issuer?.keys ?? keys).privateKey,
    signingAlgorithm: ALGORITHM,
    notBefore: new Date(Math.min(Date.now(), until.getTime()) - HOUR),
    notAfter: until,
    extensions: [...extensions],
  });
}

function generateKeys(): Promise<webcrypto.CryptoKeyPair> {
  return crypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify']);
}

async function privateKeyPem(keys: webcrypto.CryptoKeyPair): Promise<string> {
  return PemConverter.encode(await crypto.subtle.exportKey('pkcs8', keys.privateKey), 'PRIVATE KEY');
}
