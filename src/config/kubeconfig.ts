import { readFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { z } from 'zod';
import { describeFileError } from './file-error.ts';
import type { Path } from './path.ts';
import { type KeyPair, mismatch, type PemResult, parseCertificates, parsePrivateKey } from './pem.ts';
import { ConfigurationError, type Problem } from './problem.ts';
import { parseYaml, type YamlSource } from './yaml-source.ts';

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

const text = z.string().nullish();
const kubeconfigSchema = z.looseObject({
  'current-context': text,
  clusters: z.array(z.looseObject({ name: z.string(), cluster: z.record(z.string(), z.unknown()) })).nullish(),
  users: z.array(z.looseObject({ name: z.string(), user: z.record(z.string(), z.unknown()).nullish() })).nullish(),
  contexts: z
    .array(z.looseObject({ name: z.string(), context: z.looseObject({ cluster: z.string(), user: text }) }))
    .nullish(),
});

/** What would silently weaken or change who the proxy is, or cannot work without a person. */
const REFUSED: Readonly<Record<string, string>> = {
  exec: 'runs a credential plug-in, which a daemon does not do; give a client certificate or a token',
  'auth-provider': 'uses a credential plug-in, which a daemon does not do; give a client certificate or a token',
  username: 'uses a password, which kube-apiserver no longer accepts; give a client certificate or a token',
  password: 'uses a password, which kube-apiserver no longer accepts; give a client certificate or a token',
  as: 'impersonates another user, which is not supported; give the credentials of the user that is meant',
  'insecure-skip-tls-verify': 'turns off the verification of the server; give certificate-authority instead',
  'proxy-url': 'goes through a proxy, which is not supported; only configured servers are ever connected to',
};

/**
 * Reads one context, the current one unless `context` names another, and the files it names; relative paths are relative
 * to the kubeconfig, inline data wins over files, a token file over an inline token (as in client-go).
 * @throws {ConfigurationError} if something is missing, unusable, or would need a credential plug-in
 */
export async function readKubeconfig(file: string, context?: string): Promise<KubeconfigAccess> {
  const path = resolve(file);
  const source = await readSource(path);
  return new KubeconfigReader(source, context).read();
}

async function readSource(path: string): Promise<YamlSource> {
  let content: string;
  try {
    content = await readFile(path, 'utf8');
  } catch (error) {
    const message = `${path} ${describeFileError(error)}`;
    throw new ConfigurationError([{ location: { kind: 'nowhere' }, path: ['kubeconfig'], message }]);
  }
  const { source, problems } = parseYaml(path, content);
  if (problems.length > 0) throw new ConfigurationError(problems);
  return source;
}

interface Section {
  readonly path: Path;
  readonly values: Readonly<Record<string, unknown>>;
}

class KubeconfigReader {
  readonly #source: YamlSource;
  readonly #problems: Problem[] = [];
  readonly #files: string[];
  readonly #context: string | undefined;

  constructor(source: YamlSource, context: string | undefined) {
    this.#source = source;
    this.#files = [source.file];
    this.#context = context;
  }

  async read(): Promise<KubeconfigAccess> {
    const { cluster, user } = this.#chosenContext();
    this.#refuse(cluster);
    this.#refuse(user);
    const server = this.#text(cluster, 'server');
    if (server === undefined || !URL.canParse(server)) {
      this.#problem([...cluster.path, 'server'], 'must be the URL of a server, for example https://10.0.0.1:6443');
    }
    const ca = await this.#content(cluster, 'certificate-authority');
    const bundle = ca === undefined ? undefined : this.#parsed(ca, parseCertificates);
    const certificate = await this.#certificate(user);
    const tokenFile = this.#file(user, 'tokenFile');
    const token = await this.#token(user, tokenFile);
    if (certificate === undefined && token === undefined && this.#problems.length === 0) {
      this.#problem(user.path, 'has no credentials; give a client certificate or a token');
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

  #chosenContext(): { readonly cluster: Section; readonly user: Section } {
    const result = kubeconfigSchema.safeParse(this.#source.value);
    if (!result.success) {
      for (const issue of result.error.issues)
        this.#problem(issue.path.filter(isKey), `is not a kubeconfig: ${issue.message}`);
      throw new ConfigurationError(this.#problems);
    }
    const { clusters, users, contexts, 'current-context': current } = result.data;
    if (this.#context !== undefined && !contexts?.some(({ name }) => name === this.#context)) {
      const known = (contexts ?? []).map(({ name }) => name).join(', ');
      throw this.#fatal(['contexts'], `has no context ${JSON.stringify(this.#context)}, only ${known || 'none'}`);
    }
    const context = contexts?.find(({ name }) => name === (this.#context ?? current))?.context;
    if (context === undefined) {
      throw this.#fatal(
        ['current-context'],
        current ? `names the context ${JSON.stringify(current)}, which is not in the file` : 'is required',
      );
    }
    const cluster = (clusters ?? []).findIndex(({ name }) => name === context.cluster);
    const user = (users ?? []).findIndex(({ name }) => name === context.user);
    const clusterValues = clusters?.[cluster]?.cluster;
    if (clusterValues === undefined) {
      throw this.#fatal(['contexts'], `needs the cluster ${JSON.stringify(context.cluster)}, which is not in the file`);
    }
    if (user === -1) {
      throw this.#fatal(['contexts'], `needs the user ${JSON.stringify(context.user ?? '')}, which is not in the file`);
    }
    return {
      cluster: { path: ['clusters', cluster, 'cluster'], values: clusterValues },
      user: { path: ['users', user, 'user'], values: users?.[user]?.user ?? {} },
    };
  }

  #refuse({ path, values }: Section): void {
    for (const [key, reason] of Object.entries(REFUSED)) {
      const value = values[key];
      if (value !== undefined && value !== null && value !== false && value !== '')
        this.#problem([...path, key], reason);
    }
  }

  async #certificate(user: Section): Promise<KeyPair | undefined> {
    const [cert, key] = [await this.#content(user, 'client-certificate'), await this.#content(user, 'client-key')];
    if (cert === undefined && key === undefined) return undefined;
    if (cert === undefined || key === undefined) {
      this.#problem(user.path, 'needs client-certificate and client-key together');
      return undefined;
    }
    const certificates = this.#parsed(cert, parseCertificates);
    const privateKey = this.#parsed(key, parsePrivateKey);
    if (certificates === undefined || privateKey === undefined) return undefined;
    const problem = mismatch(privateKey.key, certificates);
    if (problem !== undefined) this.#problem(key.path, problem);
    return { cert: certificates.pem, key: privateKey.pem };
  }

  async #token(user: Section, file: string | undefined): Promise<string | undefined> {
    const path = [...user.path, file === undefined ? 'token' : 'tokenFile'];
    const token = (file === undefined ? this.#text(user, 'token') : await this.#readFile(path, file))?.trim();
    if (token !== undefined && !/^[!-~]+$/.test(token)) {
      this.#problem(path, 'does not hold a bearer token: it is empty or has characters that cannot stand in a header');
    }
    return token;
  }

  /** The content of KEY-data (base64), or else of the file that KEY names. */
  async #content(section: Section, key: string): Promise<Content | undefined> {
    const data = this.#text(section, `${key}-data`);
    if (data !== undefined) {
      return { path: [...section.path, `${key}-data`], text: Buffer.from(data, 'base64').toString('utf8') };
    }
    const file = this.#file(section, key);
    if (file === undefined) return undefined;
    const path = [...section.path, key];
    const content = await this.#readFile(path, file);
    return content === undefined ? undefined : { path, text: content };
  }

  #parsed<T>(content: Content, parse: (text: string) => PemResult<T>): T | undefined {
    const result = parse(content.text);
    if (result.ok) return result.value;
    this.#problem(content.path, result.problem);
    return undefined;
  }

  async #readFile(path: Path, file: string): Promise<string | undefined> {
    this.#files.push(file);
    try {
      return await readFile(file, 'utf8');
    } catch (error) {
      this.#problem(path, `${file} ${describeFileError(error)}`);
      return undefined;
    }
  }

  #file(section: Section, key: string): string | undefined {
    const file = this.#text(section, key);
    return file === undefined ? undefined : resolve(dirname(this.#source.file), file);
  }

  #text({ path, values }: Section, key: string): string | undefined {
    const value = values[key];
    if (value === undefined || value === null || value === '') return undefined;
    if (typeof value === 'string') return value;
    this.#problem([...path, key], 'must be text');
    return undefined;
  }

  #fatal(path: Path, message: string): ConfigurationError {
    this.#problem(path, message);
    return new ConfigurationError(this.#problems);
  }

  #problem(path: Path, message: string): void {
    this.#problems.push({ location: this.#source.locate(path), path, message });
  }
}

interface Content {
  readonly path: Path;
  readonly text: string;
}

function isKey(part: PropertyKey): part is string | number {
  return typeof part !== 'symbol';
}
