import { readFile } from 'node:fs/promises';
import { describeFileError } from './file-error.ts';
import { parseHeaderLines } from './header-lines.ts';
import {
  type Certificates,
  type KeyPair,
  mismatch,
  type PemResult,
  parseCertificates,
  parsePrivateKey,
  validity,
} from './pem.ts';
import { ConfigurationError, type Problem } from './problem.ts';
import type { Configuration } from './schema.ts';

/** The content of every certificate, CA and key file of a configuration, PEM. */
export interface TlsMaterial {
  readonly serving: KeyPair;
  readonly clientCa: string | undefined;
  readonly requestHeaderCa: string | undefined;
  readonly peerCa: string | undefined;
  readonly proxyClient: KeyPair | undefined;
  readonly etcdCa: string | undefined;
  readonly etcdClient: KeyPair | undefined;
  readonly adminClientCa: string | undefined;
  /** For the collector of spans. */
  readonly otlpCa: string | undefined;
  readonly otlpHeaders: Readonly<Record<string, string>>;
  /** Whole sentences for the log: certificates that are not valid now. */
  readonly warnings: readonly string[];
  /** Absolute paths of what was read, for watching. */
  readonly files: readonly string[];
}

/**
 * Reads and checks the files. Their content only: whether others trust a certificate shows when they connect.
 * @param now milliseconds since 1970
 * @throws {ConfigurationError} naming every file that is missing, unreadable, not PEM, empty or not the other one's key
 */
export async function readTlsMaterial(
  {
    serving,
    admin,
    authentication,
    peers,
    publishing,
    tracing,
  }: Pick<Configuration, 'serving' | 'admin' | 'authentication' | 'peers' | 'publishing' | 'tracing'>,
  now: number = Date.now(),
): Promise<TlsMaterial> {
  const reader = new MaterialReader(now);
  const { requestHeader } = authentication;
  const [
    servingPair,
    adminClientCa,
    clientCa,
    requestHeaderCa,
    peerCa,
    proxyClient,
    etcdCa,
    etcdClient,
    otlpCa,
    otlpHeaders,
  ] = await Promise.all([
    reader.pair(
      ['serving', 'tlsCertFile'],
      serving.tlsCertFile,
      ['serving', 'tlsPrivateKeyFile'],
      serving.tlsPrivateKeyFile,
    ),
    reader.bundle(['admin', 'clientCAFile'], admin.enabled ? admin.clientCAFile : undefined),
    reader.bundle(['authentication', 'clientCAFile'], authentication.clientCAFile),
    reader.bundle(['authentication', 'requestHeader', 'clientCAFile'], requestHeader.clientCAFile),
    reader.bundle(['peers', 'caFile'], peers.caFile),
    reader.pair(
      ['peers', 'proxyClientCertFile'],
      peers.proxyClientCertFile,
      ['peers', 'proxyClientKeyFile'],
      peers.proxyClientKeyFile,
    ),
    reader.bundle(['publishing', 'etcdCaFile'], publishing.etcdCaFile),
    reader.pair(
      ['publishing', 'etcdCertFile'],
      publishing.etcdCertFile,
      ['publishing', 'etcdKeyFile'],
      publishing.etcdKeyFile,
    ),
    reader.bundle(['tracing', 'otlpCaFile'], tracing.otlpCaFile),
    reader.headers(['tracing', 'otlpHeadersFile'], tracing.otlpHeadersFile),
  ]);
  if (reader.problems.length > 0 || servingPair === undefined) throw new ConfigurationError(reader.problems);
  const { warnings, files } = reader;
  return {
    serving: servingPair,
    adminClientCa,
    clientCa,
    requestHeaderCa,
    peerCa,
    proxyClient,
    etcdCa,
    etcdClient,
    otlpCa,
    otlpHeaders: otlpHeaders ?? {},
    warnings,
    files,
  };
}

type Key = readonly string[];

class MaterialReader {
  readonly problems: Problem[] = [];
  readonly warnings: string[] = [];
  readonly files: string[] = [];
  readonly #now: number;

  constructor(now: number) {
    this.#now = now;
  }

  async pair(
    certKey: Key,
    certFile: string | undefined,
    keyKey: Key,
    keyFile: string | undefined,
  ): Promise<KeyPair | undefined> {
    if (certFile === undefined || keyFile === undefined) return undefined;
    const [cert, key] = await Promise.all([
      this.#read(certKey, certFile, parseCertificates),
      this.#read(keyKey, keyFile, parsePrivateKey),
    ]);
    if (cert === undefined || key === undefined) return undefined;
    this.#warn(certFile, { ...cert, certificates: cert.certificates.slice(0, 1) });
    const problem = mismatch(key.key, cert);
    if (problem !== undefined) {
      this.#problem(keyKey, `${keyFile} ${problem} (${certFile})`);
      return undefined;
    }
    return { cert: cert.pem, key: key.pem };
  }

  async bundle(key: Key, file: string | undefined): Promise<string | undefined> {
    if (file === undefined) return undefined;
    const bundle = await this.#read(key, file, parseCertificates);
    if (bundle !== undefined) this.#warn(file, bundle);
    return bundle?.pem;
  }

  async headers(key: Key, file: string | undefined): Promise<Readonly<Record<string, string>> | undefined> {
    return file === undefined ? undefined : await this.#read(key, file, parseHeaderLines);
  }

  async #read<T>(key: Key, file: string, parse: (text: string) => PemResult<T>): Promise<T | undefined> {
    this.files.push(file);
    let text: string;
    try {
      text = await readFile(file, 'utf8');
    } catch (error) {
      this.#problem(key, `${file} ${describeFileError(error)}`);
      return undefined;
    }
    const result = parse(text);
    if (result.ok) return result.value;
    this.#problem(key, `${file} ${result.problem}`);
    return undefined;
  }

  #problem(path: Key, message: string): void {
    this.problems.push({ location: { kind: 'nowhere' }, path, message });
  }

  #warn(file: string, { certificates }: Certificates): void {
    for (const certificate of certificates) {
      const reason = validity(certificate, this.#now);
      if (reason !== undefined) this.warnings.push(`In ${file} ${reason}, or connections that rely on it fail.`);
    }
  }
}
