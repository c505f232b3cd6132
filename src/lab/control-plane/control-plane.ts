import { randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { type KubeconfigUser, singleKubeconfig } from '../pki/kubeconfig.ts';
import { createPki, type Pki } from '../pki/pki.ts';
import { grantAccess, requestServiceAccountToken } from './access.ts';
import { ControlPlaneError } from './control-plane-error.ts';
import { Etcd } from './etcd.ts';
import { KubeApiserver, type KubeApiserverContext, type KubeApiserverSpec } from './kube-apiserver.ts';
import { ETCD_VERSION, type ProgramFinder } from './programs.ts';
import { Reaper } from './reaper.ts';
import { elapsed, type Reporter, reportToStandardError } from './reporter.ts';
import type { ProcessContext, ServerProcess } from './server-process.ts';

export interface ControlPlaneOptions {
  readonly servers: readonly KubeApiserverSpec[];
  /** Work directory, kept at the end; must be empty or missing. Default: a temporary one, removed at the end. */
  readonly directory?: string;
  /** Where the programs come from. */
  readonly programs: ProgramFinder;
  /** Gets progress and crashes. Default: standard error. */
  readonly report?: Reporter;
}

export interface KubeconfigOptions {
  /** URL of a server or of the proxy. */
  readonly server: string;
  readonly user: 'admin' | 'jane' | { readonly token: string };
  /** Default: the serving CA. */
  readonly caFile?: string;
  /** File name without `.conf`. Default: `kubeconfig-` and a number. */
  readonly name?: string;
}

/** Real kube-apiservers of several versions on one real etcd. */
export class ControlPlane {
  readonly directory: string;
  readonly pki: Pki;
  /** Bearer token of a user in `system:masters`. */
  readonly adminToken: string;
  readonly etcd: Etcd;
  readonly servers: readonly KubeApiserver[];
  readonly #reaper: Reaper;
  readonly #report: Reporter;
  readonly #temporary: boolean;
  readonly #adopted: ServerProcess[] = [];
  #kubeconfigs = 0;

  /** Made by {@link startControlPlane}. */
  constructor(parts: {
    directory: string;
    temporary: boolean;
    pki: Pki;
    adminToken: string;
    etcd: Etcd;
    servers: readonly KubeApiserver[];
    reaper: Reaper;
    report: Reporter;
  }) {
    this.directory = parts.directory;
    this.pki = parts.pki;
    this.adminToken = parts.adminToken;
    this.etcd = parts.etcd;
    this.servers = parts.servers;
    this.#reaper = parts.reaper;
    this.#report = parts.report;
    this.#temporary = parts.temporary;
  }

  /** The server of that name. */
  server(name: string): KubeApiserver {
    const server = this.servers.find((candidate) => candidate.name === name);
    if (server !== undefined) return server;
    const names = this.servers.map((candidate) => candidate.name).join(', ');
    throw new ControlPlaneError('BadUsage', `There is no server "${name}". The servers are: ${names}.`);
  }

  /** Writes a kubeconfig (mode 0600) and returns its path. */
  async kubeconfig({ server, user, caFile, name }: KubeconfigOptions): Promise<string> {
    this.#kubeconfigs += 1;
    const file = join(this.directory, `${name ?? `kubeconfig-${this.#kubeconfigs}`}.conf`);
    const ca = caFile === undefined ? this.pki.servingCa.cert : await readFile(caFile, 'utf8');
    const credentials: KubeconfigUser =
      typeof user === 'string'
        ? { kind: 'certificate', cert: this.pki[user].cert, key: this.pki[user].key }
        : { kind: 'token', token: user.token };
    await writeFile(file, singleKubeconfig(server, ca, credentials), { mode: 0o600 });
    return file;
  }

  /** A bearer token of the service account, valid for an hour; namespace and account are created when missing. */
  async serviceAccountToken(namespace: string, name: string, server = this.servers[0]): Promise<string> {
    if (server === undefined) throw new ControlPlaneError('BadUsage', 'A control plane without servers has no tokens.');
    return requestServiceAccountToken(server, this.pki, namespace, name);
  }

  /** What a further process of this control plane is made with. */
  processContext(name: string): ProcessContext {
    return { name, logFile: logFile(this.directory, name), reaper: this.#reaper, report: this.#report };
  }

  /** Makes `stop()` end that process too, before the servers. */
  adopt<T extends ServerProcess>(serverProcess: T): T {
    this.#adopted.push(serverProcess);
    return serverProcess;
  }

  /** Kills everything, clients first, and removes a temporary directory. There is no state worth a graceful end. */
  async stop(): Promise<void> {
    await Promise.all(this.#adopted.map((each) => each.kill()));
    await Promise.all(this.servers.map((each) => each.kill()));
    await this.etcd.kill();
    if (this.#temporary) await rm(this.directory, { recursive: true, force: true });
    this.#reaper.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }
}

/**
 * Starts etcd, then all servers at once, and gives jane her roles. Resolves when every server is ready; on failure
 * nothing is left behind.
 *
 * A starting kube-apiserver deletes the APIService objects of group-versions it does not know, so after any start of
 * an older server the unaggregated `/apis` of all servers may lack groups that only newer ones serve, as it does in a
 * real upgrade. The order of starts is left to chance because nothing here may rely on that document.
 *
 * @throws {ControlPlaneError}
 */
export async function startControlPlane(options: ControlPlaneOptions): Promise<ControlPlane> {
  const { servers: specs, programs, report = reportToStandardError } = options;
  const names = specs.map(({ name }) => name);
  if (specs.length === 0 || new Set(names).size < names.length) {
    throw new ControlPlaneError('BadUsage', 'A control plane needs one or more servers, each with a name of its own.');
  }
  // One after the other: a finder that builds programs would only take turns on the processors.
  const etcdProgram = await programs('etcd', ETCD_VERSION);
  for (const version of new Set(specs.map((spec) => spec.version))) await programs('kube-apiserver', version);

  const started = performance.now();
  const temporary = options.directory === undefined;
  const directory = await workDirectory(options.directory);
  const reaper = new Reaper(temporary ? directory : undefined);
  const context = (name: string): ProcessContext => ({ name, logFile: logFile(directory, name), reaper, report });
  const etcd = await Etcd.create(context('etcd'), etcdProgram, join(directory, 'etcd'));
  const servers: KubeApiserver[] = [];
  try {
    const adminToken = randomBytes(32).toString('hex');
    const tokenFile = join(directory, 'tokens.csv');
    await writeFile(tokenFile, `${adminToken},admin,admin,system:masters\n`, { mode: 0o600 });
    const [pki] = await Promise.all([createPki(join(directory, 'pki')), etcd.start()]);
    for (const spec of specs) {
      const serverContext: KubeApiserverContext = {
        ...context(spec.name),
        pki,
        etcdUrl: etcd.url,
        programs,
        tokenFile,
      };
      servers.push(await KubeApiserver.create(serverContext, spec));
    }
    await Promise.all(
      servers.map(async (server) => {
        await server.start();
        report(`${server.name} (kube-apiserver ${server.version}) is ready after ${elapsed(started)}.`);
      }),
    );
    await grantAccess(servers, pki);
    return new ControlPlane({ directory, temporary, pki, adminToken, etcd, servers, reaper, report });
  } catch (error) {
    await Promise.all([...servers, etcd].map((each) => each.kill()));
    if (temporary) await rm(directory, { recursive: true, force: true });
    reaper.close();
    throw error;
  }
}

async function workDirectory(given: string | undefined): Promise<string> {
  const directory = given === undefined ? await mkdtemp(join(tmpdir(), 'mvproxy-control-plane-')) : resolve(given);
  await mkdir(directory, { recursive: true });
  if ((await readdir(directory)).length > 0) {
    throw new ControlPlaneError(
      'DirectoryNotEmpty',
      `${directory} is not empty. A control plane starts from nothing: name another directory, or empty this one.`,
    );
  }
  await mkdir(join(directory, 'logs'));
  return directory;
}

function logFile(directory: string, name: string): string {
  return join(directory, 'logs', `${name}.log`);
}
