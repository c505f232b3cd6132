import { X509Certificate } from 'node:crypto';
import { rename, writeFile } from 'node:fs/promises';
import { isIP } from 'node:net';
import { basename } from 'node:path';
import './empty-reflect-metadata.ts';
import {
  AuthorityKeyIdentifierExtension,
  BasicConstraintsExtension,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  type Extension,
  type JsonName,
  KeyUsageFlags,
  KeyUsagesExtension,
  SubjectAlternativeNameExtension,
  SubjectKeyIdentifierExtension,
  X509CertificateGenerator,
} from '@peculiar/x509';

const KEY_ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256' };
const SIGNATURE = { name: 'ECDSA', hash: 'SHA-256' };
const DAY_MS = 86_400_000;
/** Servers on machines whose clock is a little behind accept a certificate of this minute. */
const BACKDATE_MS = 3_600_000;

/** A certificate with its key, on disk and in memory (PEM). */
export interface KeyPair {
  readonly certFile: string;
  readonly keyFile: string;
  readonly cert: string;
  readonly key: string;
}

export interface CertificateRequest {
  /** The user name, in a client certificate. */
  readonly commonName: string;
  /** The user's groups, in a client certificate. */
  readonly organizations?: readonly string[];
  /** DNS names and IP addresses. */
  readonly altNames?: readonly string[];
  /** Extended key usages. Default: `['client']`. */
  readonly usages?: readonly ('client' | 'server')[];
  /** Default: an hour ago. */
  readonly notBefore?: Date;
  /** Default: in a year. */
  readonly notAfter?: Date;
}

/** As WebCrypto's types have them: Node's here, a browser's where a test that drives one is checked. */
type CryptoKeys = Awaited<ReturnType<typeof generateKeys>>;

/** A certificate authority with its own EC P-256 key. */
export class CertificateAuthority {
  readonly certFile: string;
  readonly keyFile: string;
  readonly cert: string;
  readonly #keys: CryptoKeys;

  private constructor(files: KeyPair, keys: CryptoKeys) {
    this.certFile = files.certFile;
    this.keyFile = files.keyFile;
    this.cert = files.cert;
    this.#keys = keys;
  }

  /** Makes a self-signed authority and writes it to `path`.crt and `path`.key. */
  static async create(path: string, commonName: string = basename(path)): Promise<CertificateAuthority> {
    const keys = await generateKeys();
    const certificate = await X509CertificateGenerator.createSelfSigned({
      name: [{ CN: [commonName] }],
      keys,
      signingAlgorithm: SIGNATURE,
      notBefore: new Date(Date.now() - BACKDATE_MS),
      notAfter: new Date(Date.now() + 365 * DAY_MS),
      extensions: [
        new BasicConstraintsExtension(true, undefined, true),
        new KeyUsagesExtension(
          KeyUsageFlags.digitalSignature | KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign,
          true,
        ),
        await SubjectKeyIdentifierExtension.create(keys.publicKey),
      ],
    });
    return new CertificateAuthority(await writeKeyPair(path, certificate.toString('pem'), keys), keys);
  }

  /**
   * Issues a certificate with a new key and writes both to `path`.crt and `path`.key, replacing what is there: each
   * file by a rename, as tools that renew certificates do.
   */
  async issue(path: string, request: CertificateRequest): Promise<KeyPair> {
    const { commonName, organizations = [], altNames = [], usages = ['client'] } = request;
    const keys = await generateKeys();
    const name: JsonName = [...organizations.map((organization) => ({ O: [organization] })), { CN: [commonName] }];
    const extensions: Extension[] = [
      new BasicConstraintsExtension(false, undefined, true),
      new KeyUsagesExtension(KeyUsageFlags.digitalSignature, true),
      new ExtendedKeyUsageExtension(
        usages.map((usage) => (usage === 'client' ? ExtendedKeyUsage.clientAuth : ExtendedKeyUsage.serverAuth)),
      ),
      await AuthorityKeyIdentifierExtension.create(this.#keys.publicKey),
    ];
    if (altNames.length > 0) {
      const names = altNames.map((value) => ({ type: isIP(value) === 0 ? ('dns' as const) : ('ip' as const), value }));
      extensions.push(new SubjectAlternativeNameExtension(names));
    }
    const certificate = await X509CertificateGenerator.create({
      subject: name,
      issuer: [{ CN: [commonNameOf(this.cert)] }],
      publicKey: keys.publicKey,
      signingKey: this.#keys.privateKey,
      signingAlgorithm: SIGNATURE,
      notBefore: request.notBefore ?? new Date(Date.now() - BACKDATE_MS),
      notAfter: request.notAfter ?? new Date(Date.now() + 365 * DAY_MS),
      extensions,
    });
    return writeKeyPair(path, certificate.toString('pem'), keys);
  }
}

/** Writes a new EC P-256 key pair without certificate to `path`.pub and `path`.key. */
export async function writeBareKeys(path: string): Promise<{ publicKeyFile: string; privateKeyFile: string }> {
  const keys = await generateKeys();
  const spki = new Uint8Array(await crypto.subtle.exportKey('spki', keys.publicKey));
  await replaceFile(`${path}.pub`, pem('PUBLIC KEY', spki), 0o644);
  await replaceFile(`${path}.key`, await privateKeyPem(keys), 0o600);
  return { publicKeyFile: `${path}.pub`, privateKeyFile: `${path}.key` };
}

function generateKeys() {
  return crypto.subtle.generateKey(KEY_ALGORITHM, true, ['sign', 'verify']);
}

function commonNameOf(cert: string): string {
  return new X509Certificate(cert).subject.replace(/^CN=/, '');
}

async function writeKeyPair(path: string, certificate: string, keys: CryptoKeys): Promise<KeyPair> {
  const files = {
    certFile: `${path}.crt`,
    keyFile: `${path}.key`,
    cert: `${certificate}\n`,
    key: await privateKeyPem(keys),
  };
  await replaceFile(files.keyFile, files.key, 0o600);
  await replaceFile(files.certFile, files.cert, 0o644);
  return files;
}

async function privateKeyPem(keys: CryptoKeys): Promise<string> {
  return pem('PRIVATE KEY', new Uint8Array(await crypto.subtle.exportKey('pkcs8', keys.privateKey)));
}

function pem(label: string, der: Uint8Array): string {
  const lines =
    Buffer.from(der)
      .toString('base64')
      .match(/.{1,64}/g) ?? [];
  return `-----BEGIN ${label}-----\n${lines.join('\n')}\n-----END ${label}-----\n`;
}

async function replaceFile(file: string, text: string, mode: number): Promise<void> {
  const temporary = `${file}.new`;
  await writeFile(temporary, text, { mode });
  await rename(temporary, file);
}
