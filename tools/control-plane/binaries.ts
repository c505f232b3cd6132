import { execFile } from 'node:child_process';
import { constants } from 'node:fs';
import { access, mkdir } from 'node:fs/promises';
import { homedir } from 'node:os';
import { delimiter, join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { ControlPlaneError } from './control-plane-error.ts';
import { withDirectoryLock } from './directory-lock.ts';
import { buildGoCommand, type GoCommand } from './go-build.ts';
import { type Reporter, reportToStandardError } from './reporter.ts';
import { parseVersion } from './version.ts';

/** The etcd that is built when there is none. Every Kubernetes version of interest works with it. */
export const ETCD_VERSION = '3.6.5';

export type BinaryName = 'kube-apiserver' | 'kubectl' | 'etcd';

export interface BinaryOptions {
  /** Searched first; holds programs named like `kube-apiserver-1.34.4`, `kubectl-1.34.4`, `etcd-3.6.5` or `etcd`. */
  readonly directory?: string;
  /** Default: see {@link cacheDirectory}. */
  readonly cache?: string;
  readonly env?: NodeJS.ProcessEnv;
  readonly report?: Reporter;
}

/** `$MVPROXY_CACHE`, else `mixed-version-proxy/bin` in the user's cache directory. */
export function cacheDirectory(env: NodeJS.ProcessEnv = process.env): string {
  const { MVPROXY_CACHE, XDG_CACHE_HOME } = env;
  return MVPROXY_CACHE || join(XDG_CACHE_HOME || join(homedir(), '.cache'), 'mixed-version-proxy', 'bin');
}

/**
 * The path of a program of that version: from `options.directory`, from `$KUBEBUILDER_ASSETS` when the program there
 * says it is that version (for etcd: 3.5 or newer), from the cache, or built into the cache.
 *
 * @throws {ControlPlaneError} `GoMissing` when it would have to be built without Go, `BuildFailed`, `BadUsage`.
 */
export async function findBinary(name: BinaryName, version: string, options: BinaryOptions = {}): Promise<string> {
  const { directory, env = process.env, cache = cacheDirectory(env), report = reportToStandardError } = options;
  if (name !== 'etcd') parseVersion(version);
  const file = `${name}-${version}`;
  const cached = join(cache, file);
  const given =
    directory === undefined ? [] : [resolve(directory, file), ...(name === 'etcd' ? [resolve(directory, name)] : [])];
  for (const path of given) if (await isProgram(path)) return path;
  const { KUBEBUILDER_ASSETS: assets } = env;
  if (assets && (await saysVersion(name, version, join(assets, name)))) return join(assets, name);
  if (await isProgram(cached)) return cached;
  await requireGo(`${name} ${version}`, file, [...given, ...(assets ? [join(assets, name)] : []), cached], env);
  await mkdir(cache, { recursive: true });
  const waiting = (): void =>
    report(`Another process is building ${name} ${version}; waiting for it (${cached}.lock).`);
  await withDirectoryLock(`${cached}.lock`, waiting, async () => {
    if (!(await isProgram(cached))) await buildGoCommand(goCommand(name, version), cached, report);
  });
  return cached;
}

function goCommand(name: BinaryName, version: string): GoCommand {
  const title = `${name} ${version}`;
  return name === 'etcd'
    ? { title, version, module: 'go.etcd.io/etcd/server/v3', command: 'go.etcd.io/etcd/server/v3' }
    : { title, version, module: 'k8s.io/kubernetes', command: `k8s.io/kubernetes/cmd/${name}` };
}

async function isProgram(path: string): Promise<boolean> {
  return access(path, constants.X_OK).then(
    () => true,
    () => false,
  );
}

/** kubectl has no `--version`; the other two have no `version` command. */
async function saysVersion(name: BinaryName, version: string, path: string): Promise<boolean> {
  const args = name === 'kubectl' ? ['version', '--client'] : ['--version'];
  const output = await promisify(execFile)(path, args).then(
    ({ stdout }) => stdout,
    () => '',
  );
  if (name === 'etcd') return /etcd Version: (3\.([5-9]|\d\d)|[4-9])\b/.test(output);
  return new RegExp(`\\bv${version.replaceAll('.', '\\.')}\\s`).test(output);
}

async function requireGo(
  title: string,
  file: string,
  searched: readonly string[],
  env: NodeJS.ProcessEnv,
): Promise<void> {
  const { PATH = '' } = env;
  const found = await Promise.all(PATH.split(delimiter).map((directory) => isProgram(join(directory, 'go'))));
  if (found.includes(true)) return;
  throw new ControlPlaneError(
    'GoMissing',
    `${title} is not there (looked for ${searched.join(', ')}) and cannot be built, because no "go" is on PATH. ` +
      `Install Go (https://go.dev/dl), or put ${file} into a directory and name it with --binaries DIR.`,
  );
}
