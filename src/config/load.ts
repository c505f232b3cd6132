import { readFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { ENGINE_VARIABLE, engineOfEnvironment } from '../wire/engine-name.ts';
import { configurationFields } from './fields.ts';
import { describeFileError } from './file-error.ts';
import { type FlagValues, readFlags } from './flag-values.ts';
import { describeIssue } from './issue.ts';
import { isRecord, overlap, type Path, removeAt, setAt, valueAt } from './path.ts';
import { ConfigurationError, type Location, type Problem } from './problem.ts';
import { violations } from './rules.ts';
import { API_VERSION, type Configuration, configurationSchema, type Immutable, KIND, type Settings } from './schema.ts';
import { parseYaml, type YamlSource } from './yaml-source.ts';

const HTTP2_ENGINE = ['http2', 'engine'];

/** Where a configuration comes from. Flags win over the file, and that over the environment (MVPROXY_HTTP2_ENGINE alone). */
export interface ConfigurationSources {
  /** YAML file; relative paths in it are relative to its directory. */
  readonly configFile?: string | undefined;
  readonly flags?: FlagValues | undefined;
  /** Relative paths in flags, and `configFile` itself, are relative to it. Default: the working directory. */
  readonly directory?: string | undefined;
}

/**
 * Reads, merges and checks a configuration and freezes it deeply. Of the files it names only the configuration file is
 * read.
 * @throws {ConfigurationError} with every problem of file and flags
 */
export async function loadConfiguration(sources: ConfigurationSources): Promise<Configuration> {
  const directory = sources.directory ?? process.cwd();
  const flags = readFlags(sources.flags ?? new Map());
  const file = sources.configFile === undefined ? undefined : await readSource(resolve(directory, sources.configFile));

  const input = file === undefined ? { apiVersion: API_VERSION, kind: KIND } : mergeable(file);
  if (file !== undefined) resolveFilePaths(input, dirname(file.file));
  for (const { field, value } of flags.settings) {
    const absolute = field.filePath && typeof value === 'string' && value !== '' ? resolve(directory, value) : value;
    setAt(input, field.path, absolute);
  }

  const named = valueAt(input, HTTP2_ENGINE) === undefined ? engineOfEnvironment() : undefined;
  if (named !== undefined) setAt(input, HTTP2_ENGINE, named);

  const locate = locator(file, flags.settings, named === undefined ? undefined : HTTP2_ENGINE);
  const checked = check(input, flags.problems, locate);
  if (checked.problems.length > 0) throw new ConfigurationError(inReadingOrder(checked.problems));
  return deepFreeze(narrow(checked.settings));
}

async function readSource(path: string): Promise<YamlSource> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    throw new ConfigurationError([
      { location: { kind: 'flag', flag: 'config' }, path: [], message: `${path} ${describeFileError(error)}` },
    ]);
  }
  const { source, problems } = parseYaml(path, text);
  if (problems.length > 0) throw new ConfigurationError(problems);
  return source;
}

function mergeable(source: YamlSource): Record<string, unknown> {
  if (isRecord(source.value)) return structuredClone(source.value);
  const message = `must be a mapping that begins with "apiVersion: ${API_VERSION}" and "kind: ${KIND}"`;
  throw new ConfigurationError([{ location: source.locate([]), path: [], message }]);
}

function resolveFilePaths(input: Record<string, unknown>, directory: string): void {
  for (const { path } of configurationFields.filter(({ filePath }) => filePath)) {
    const value = valueAt(input, path);
    if (typeof value === 'string' && value !== '') setAt(input, path, resolve(directory, value));
  }
}

type Locate = (path: Path, key: 'known' | 'unknown') => Location;

function locator(
  file: YamlSource | undefined,
  flags: ReturnType<typeof readFlags>['settings'],
  ofEnvironment: Path | undefined,
): Locate {
  return (path, key) => {
    if (ofEnvironment?.join() === path.join()) return { kind: 'environment', variable: ENGINE_VARIABLE };
    const given = flags.find(({ field }) => field.path.every((part, index) => part === path[index]));
    if (given !== undefined) return { kind: 'flag', flag: given.flag };
    if (file !== undefined) return key === 'unknown' ? file.locateKey(path) : file.locate(path);
    const flag = configurationFields.find((field) => overlap(field.path, path))?.flag;
    return flag === undefined ? { kind: 'nowhere' } : { kind: 'flag', flag };
  };
}

interface Checked {
  readonly settings: Settings;
  readonly problems: readonly Problem[];
}

/**
 * Rules between fields also run when the schema complains, on what is left without the faulty values, so that one run
 * shows everything. A rule that reads a faulty value keeps quiet.
 */
function check(input: Record<string, unknown>, earlier: readonly Problem[], locate: Locate): Checked {
  const problems: Problem[] = [...earlier];
  const repaired = structuredClone(input);
  let result = configurationSchema.safeParse(repaired, { reportInput: true });
  while (!result.success) {
    for (const { path, key, message } of result.error.issues.flatMap(describeIssue)) {
      problems.push({ location: locate(path, key), path, message });
      removeAt(repaired, path);
    }
    Object.assign(repaired, { apiVersion: API_VERSION, kind: KIND });
    result = configurationSchema.safeParse(repaired, { reportInput: true });
  }
  const faulty = problems.map(({ path }) => path).filter((path) => path.length > 0);
  for (const { paths, message } of violations(result.data)) {
    if (paths.some((path) => faulty.some((other) => overlap(path, other)))) continue;
    problems.push({ location: locate(paths[0], 'known'), path: paths[0], message });
  }
  return { settings: result.data, problems };
}

/** File before flags, top to bottom. */
function inReadingOrder(problems: readonly Problem[]): Problem[] {
  const line = ({ location }: Problem): number =>
    location.kind === 'file' ? location.line + location.column / 1e6 : Number.MAX_SAFE_INTEGER;
  return problems.toSorted((one, other) => line(one) - line(other));
}

function narrow(settings: Settings): Configuration {
  const { tlsCertFile, tlsPrivateKeyFile } = settings.serving;
  if (tlsCertFile === undefined || tlsPrivateKeyFile === undefined) {
    throw new TypeError('the rules let a configuration without serving certificate pass');
  }
  return { ...settings, serving: { ...settings.serving, tlsCertFile, tlsPrivateKeyFile } };
}

function deepFreeze<T>(value: T): Immutable<T> & T {
  if (typeof value === 'object' && value !== null) {
    for (const inner of Object.values(value)) deepFreeze(inner);
    Object.freeze(value);
  }
  return value as Immutable<T> & T;
}
