import { mkdir } from 'node:fs/promises';
import { homedir } from 'node:os';
import { basename, delimiter, dirname, join, resolve } from 'node:path';
import { isProgram, saysVersion } from '../../src/lab/control-plane/program-version.ts';
import type { ProgramFinder, ProgramName } from '../../src/lab/control-plane/programs.ts';
import { type Reporter, reportToStandardError } from '../../src/lab/control-plane/reporter.ts';
import { parseVersion } from '../../src/lab/control-plane/version.ts';
import { BuildError } from './build-error.ts';
import { withDirectoryLock } from './directory-lock.ts';
import { buildGoCommand, type GoCommand } from './go-build.ts';

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
 * @throws {BuildError} `GoMissing` when it would have to be built without Go, `BuildFailed`.
 * @throws {ControlPlaneError} `BadUsage` for a version that is none.
 */
export async function findBinary(name: ProgramName, version: string, options: BinaryOptions = {}): Promise<string> {
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
  await buildInto(cached, goCommand(name, version), [...given, ...(assets ? [join(assets, name)] : [])], env, report);
  return cached;
}

/**
 * The path of a command that {@link findBinary} does not know, from the cache or built into it.
 *
 * @throws {BuildError} `GoMissing`, `BuildFailed`.
 */
export async function findGoCommand(command: GoCommand, file: string, options: BinaryOptions = {}): Promise<string> {
  const { env = process.env, cache = cacheDirectory(env), report = reportToStandardError } = options;
  const cached = join(cache, file);
  if (!(await isProgram(cached))) await buildInto(cached, command, [], env, report);
  return cached;
}

async function buildInto(
  cached: string,
  command: GoCommand,
  searched: readonly string[],
  env: NodeJS.ProcessEnv,
  report: Reporter,
): Promise<void> {
  await requireGo(command.title, basename(cached), [...searched, cached], env);
  await mkdir(dirname(cached), { recursive: true });
  const waiting = (): void => report(`Another process is building ${command.title}; waiting for it (${cached}.lock).`);
  await withDirectoryLock(`${cached}.lock`, waiting, async () => {
    if (!(await isProgram(cached))) await buildGoCommand(command, cached, report);
  });
}

/** Programs as {@link findBinary} finds them. */
export function builtPrograms(options: BinaryOptions = {}): ProgramFinder {
  return (program, version) => findBinary(program, version, options);
}

function goCommand(name: ProgramName, version: string): GoCommand {
  const title = `${name} ${version}`;
  return name === 'etcd'
    ? { title, version, module: 'go.etcd.io/etcd/server/v3', command: 'go.etcd.io/etcd/server/v3' }
    : { title, version, module: 'k8s.io/kubernetes', command: `k8s.io/kubernetes/cmd/${name}` };
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
  throw new BuildError(
    'GoMissing',
    `${title} is not there (looked for ${searched.join(', ')}) and cannot be built, because no "go" is on PATH. ` +
      `Install Go (https://go.dev/dl), or put ${file} into a directory and name it with --binaries DIR.`,
  );
}
