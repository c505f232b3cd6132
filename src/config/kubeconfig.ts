import { readFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { describeFileError } from './file-error.ts';
import { chosenContext, type KubeconfigFile, type KubeconfigSection, readKubeconfigFiles } from './kubeconfig-files.ts';
import { type KeyPair, mismatch, type PemResult, parseCertificates, parsePrivateKey } from './pem.ts';
import { ConfigurationError, type Problem } from './problem.ts';

/** One context of a kubeconfig. */
export interface KubeconfigAccess {
  /** URL of the server. */
  readonly server: string;
  /** PEM bundle that signs the server's certificate; `undefined`: the file names none. */
  readonly ca: string | undefined;
  /** Name the server's certificate must contain, if it is not the host of the URL. */
  readonly serverName: string | undefined;
  readonly certificate: KeyPair | undefined;
  readonly token: string | undefined;
  /** Where `token` comes from, if from a file that is renewed in place. */
  readonly tokenFile: string | undefined;
  /** Absolute paths of what was read, for watching; the kubeconfig itself first. */
  readonly files: readonly string[];
}

/** What would silently weaken or change who the proxy is, or cannot work without a person. */
const REFUSED: Readonly<Record<string, string>> = {
  exec: 'runs a credential plug-in, which mvproxy does not do; give a client certificate or a token',
  'auth-provider': 'uses a credential plug-in, which mvproxy does not do; give a client certificate or a token',
  username: 'uses a password, which kube-apiserver no longer accepts; give a client certificate or a token',
  password: 'uses a password, which kube-apiserver no longer accepts; give a client certificate or a token',
  as: 'impersonates another user, which is not supported; give the credentials of the user that is meant',
  'insecure-skip-tls-verify': 'turns off the verification of the server; give certificate-authority instead',
  'proxy-url': 'goes through a proxy, which is not supported; only configured servers are ever connected to',
};

/**
 * Reads one context, the current one unless `context` names another, and the files it names; relative paths are relative
 * to the kubeconfig that has them, inline data wins over files, a token file over an inline token (as in client-go).
 * @param files one kubeconfig, or several as $KUBECONFIG lists them, which are used as one.
 * @throws {ConfigurationError} if something is missing, unusable, or would need a credential plug-in
 */
export async function readKubeconfig(
  files: string | readonly [string, ...string[]],
  context?: string,
): Promise<KubeconfigAccess> {
  const paths = typeof files === 'string' ? [files] : files;
  const read = await readKubeconfigFiles(paths.map((file) => resolve(file)));
  return new KubeconfigReader(read, context).read();
}

class KubeconfigReader {
  readonly #kubeconfigs: readonly KubeconfigFile[];
  readonly #problems: Problem[] = [];
  readonly #files: string[];
  readonly #context: string | undefined;

  constructor(kubeconfigs: readonly KubeconfigFile[], context: string | undefined) {
    this.#kubeconfigs = kubeconfigs;
    this.#files = kubeconfigs.map(({ source }) => source.file);
    this.#context = context;
  }

  async read(): Promise<KubeconfigAccess> {
    const { cluster, user } = chosenContext(this.#kubeconfigs, this.#context);
    this.#refuse(cluster);
    this.#refuse(user);
    const server = this.#text(cluster, 'server');
    if (server === undefined || !URL.canParse(server)) {
      this.#problem(cluster, ['server'], 'must be the URL of a server, for example https://10.0.0.1:6443');
    }
    const ca = await this.#content(cluster, 'certificate-authority');
    const bundle = ca === undefined ? undefined : this.#parsed(ca, parseCertificates);
    const certificate = await this.#certificate(user);
    const tokenFile = this.#file(user, 'tokenFile');
    const token = await this.#token(user, tokenFile);
    if (certificate === undefined && token === undefined && this.#problems.length === 0) {
      this.#problem(user, [], 'has no credentials; give a client certificate or a token');
    }
    if (this.#problems.length > 0) throw new ConfigurationError(this.#problems);
    return {
      server: server ?? '',
      ca: bundle?.pem,
      serverName: this.#text(cluster, 'tls-server-name'),
      certificate,
      token,
      tokenFile,
      files: this.#files,
    };
  }

  #refuse(section: KubeconfigSection): void {
    for (const [key, reason] of Object.entries(REFUSED)) {
      const value = section.values[key];
      if (value !== undefined && value !== null && value !== false && value !== '')
        this.#problem(section, [key], reason);
    }
  }

  async #certificate(user: KubeconfigSection): Promise<KeyPair | undefined> {
    const [cert, key] = [await this.#content(user, 'client-certificate'), await this.#content(user, 'client-key')];
    if (cert === undefined && key === undefined) return undefined;
    if (cert === undefined || key === undefined) {
      this.#problem(user, [], 'needs client-certificate and client-key together');
      return undefined;
    }
    const certificates = this.#parsed(cert, parseCertificates);
    const privateKey = this.#parsed(key, parsePrivateKey);
    if (certificates === undefined || privateKey === undefined) return undefined;
    const problem = mismatch(privateKey.key, certificates);
    if (problem !== undefined) this.#problem(user, [key.key], problem);
    return { cert: certificates.pem, key: privateKey.pem };
  }

  async #token(user: KubeconfigSection, file: string | undefined): Promise<string | undefined> {
    const key = file === undefined ? 'token' : 'tokenFile';
    const token = (file === undefined ? this.#text(user, key) : await this.#readFile(user, key, file))?.trim();
    if (token !== undefined && !/^[!-~]+$/.test(token)) {
      this.#problem(
        user,
        [key],
        'does not hold a bearer token: it is empty or has characters that cannot stand in a header',
      );
    }
    return token;
  }

  /** The content of KEY-data (base64), or else of the file that KEY names. */
  async #content(section: KubeconfigSection, key: string): Promise<Content | undefined> {
    const data = this.#text(section, `${key}-data`);
    if (data !== undefined) {
      return { section, key: `${key}-data`, text: Buffer.from(data, 'base64').toString('utf8') };
    }
    const file = this.#file(section, key);
    if (file === undefined) return undefined;
    const content = await this.#readFile(section, key, file);
    return content === undefined ? undefined : { section, key, text: content };
  }

  #parsed<T>(content: Content, parse: (text: string) => PemResult<T>): T | undefined {
    const result = parse(content.text);
    if (result.ok) return result.value;
    this.#problem(content.section, [content.key], result.problem);
    return undefined;
  }

  async #readFile(section: KubeconfigSection, key: string, file: string): Promise<string | undefined> {
    this.#files.push(file);
    try {
      return await readFile(file, 'utf8');
    } catch (error) {
      this.#problem(section, [key], `${file} ${describeFileError(error)}`);
      return undefined;
    }
  }

  #file(section: KubeconfigSection, key: string): string | undefined {
    const file = this.#text(section, key);
    return file === undefined ? undefined : resolve(dirname(section.source.file), file);
  }

  #text(section: KubeconfigSection, key: string): string | undefined {
    const value = section.values[key];
    if (value === undefined || value === null || value === '') return undefined;
    if (typeof value === 'string') return value;
    this.#problem(section, [key], 'must be text');
    return undefined;
  }

  #problem({ source, path: sectionPath }: KubeconfigSection, keys: readonly string[], message: string): void {
    const path = [...sectionPath, ...keys];
    this.#problems.push({ location: source.locate(path), path, message });
  }
}

interface Content {
  readonly section: KubeconfigSection;
  readonly key: string;
  readonly text: string;
}
