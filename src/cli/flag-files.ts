import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { describeFileError } from '../config/file-error.ts';
import { mismatch, type PemResult, parseCertificates, parsePrivateKey } from '../config/pem.ts';
import { ConfigurationError } from '../config/problem.ts';

/** A file that a flag names, relative to `directory`. */
export interface FlagFile {
  readonly flag: string;
  readonly file: string;
}

/** Reads what flags of a command name. Everything throws ConfigurationError, which names flag and file. */
export class FlagFiles {
  readonly #directory: string;

  constructor(directory: string) {
    this.#directory = directory;
  }

  async text({ flag, file }: FlagFile): Promise<string> {
    try {
      return await readFile(resolve(this.#directory, file), 'utf8');
    } catch (error) {
      throw refusedFlag(flag, `${file} ${describeFileError(error)}`);
    }
  }

  /** PEM of a CA bundle. */
  async authority(of: FlagFile): Promise<string> {
    return (await this.#pem(of, parseCertificates)).pem;
  }

  /** PEM of a certificate and the key that fits it. */
  async keyPair(certificate: FlagFile, key: FlagFile): Promise<{ readonly cert: string; readonly key: string }> {
    const certificates = await this.#pem(certificate, parseCertificates);
    const parsed = await this.#pem(key, parsePrivateKey);
    const problem = mismatch(parsed.key, certificates);
    if (problem !== undefined) throw refusedFlag(key.flag, `${key.file} ${problem}`);
    return { cert: certificates.pem, key: parsed.pem };
  }

  async #pem<T>(of: FlagFile, parse: (text: string) => PemResult<T>): Promise<T> {
    const result = parse(await this.text(of));
    if (result.ok) return result.value;
    throw refusedFlag(of.flag, `${of.file} ${result.problem}`);
  }
}

export function refusedFlag(flag: string, message: string): ConfigurationError {
  return new ConfigurationError([{ location: { kind: 'flag', flag }, path: [], message }]);
}
