import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { describeFileError } from './file-error.ts';
import type { Path } from './path.ts';
import { ConfigurationError } from './problem.ts';
import { parseYaml, type YamlSource } from './yaml-source.ts';

const text = z.string().nullish();
const kubeconfigSchema = z.looseObject({
  kind: z.literal('Config', { error: ({ input }) => `its kind is ${JSON.stringify(input)}, not Config` }).nullish(),
  'current-context': text,
  clusters: z.array(z.looseObject({ name: z.string(), cluster: z.record(z.string(), z.unknown()) })).nullish(),
  users: z.array(z.looseObject({ name: z.string(), user: z.record(z.string(), z.unknown()).nullish() })).nullish(),
  contexts: z
    .array(z.looseObject({ name: z.string(), context: z.looseObject({ cluster: z.string(), user: text }) }))
    .nullish(),
});

/** One kubeconfig as it was written. */
export interface KubeconfigFile {
  readonly source: YamlSource;
  readonly content: z.output<typeof kubeconfigSchema>;
}

/** A cluster or user, and where it stands. */
export interface KubeconfigSection {
  readonly source: YamlSource;
  readonly path: Path;
  readonly values: Readonly<Record<string, unknown>>;
}

/**
 * Reads kubeconfigs that are used together, as $KUBECONFIG lists them. One that does not exist is left out while there is
 * another (as client-go does).
 *
 * @param paths absolute, at least one.
 * @throws {ConfigurationError} when one cannot be read or is none, or when none exists
 */
export async function readKubeconfigFiles(paths: readonly string[]): Promise<readonly KubeconfigFile[]> {
  const sources: YamlSource[] = [];
  const absent: ConfigurationError[] = [];
  for (const path of new Set(paths)) {
    try {
      sources.push(readSource(path, await readFile(path, 'utf8')));
    } catch (error) {
      if (error instanceof ConfigurationError) throw error;
      const refused = problem({ kind: 'nowhere' }, ['kubeconfig'], `${path} ${describeFileError(error)}`);
      if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) throw refused;
      absent.push(refused);
    }
  }
  if (sources.length === 0) throw new ConfigurationError(absent.flatMap(({ problems }) => problems));
  return sources.map((source) => ({ source, content: contentOf(source) }));
}

/**
 * Cluster and user of a context, the current one unless `name` says another. Of what several files have under one name the
 * first file's holds, whole; context, cluster and user may each be in another one (client-go tools/clientcmd, loader.go).
 *
 * @throws {ConfigurationError} when one of them is not there
 */
export function chosenContext(
  files: readonly KubeconfigFile[],
  name: string | undefined,
): { readonly cluster: KubeconfigSection; readonly user: KubeconfigSection } {
  const nowhere = files.length === 1 ? 'which is not in the file' : 'which is in none of the files';
  const holder = files.find(({ content }) => content['current-context']) ?? files[0];
  const current = holder?.content['current-context'];
  const chosen = name ?? (current || undefined);
  if (chosen === undefined) throw at(holder, ['current-context'], 'is required');
  const context = entry(files, ({ contexts }) => contexts, chosen);
  if (context === undefined && name !== undefined) {
    const known = [...new Set(files.flatMap(({ content }) => content.contexts ?? []).map((each) => each.name))];
    const others = known.length === 0 ? 'and no other one' : `only ${known.join(', ')}; name one of these`;
    throw at(files[0], ['contexts'], `has no context ${JSON.stringify(name)}, ${others}`);
  }
  if (context === undefined) {
    throw at(holder, ['current-context'], `names the context ${JSON.stringify(chosen)}, ${nowhere}`);
  }
  const { cluster: clusterName, user: userName } = context.value.context;
  const cluster = entry(files, ({ clusters }) => clusters, clusterName);
  if (cluster === undefined) {
    throw at(context.file, ['contexts'], `needs the cluster ${JSON.stringify(clusterName)}, ${nowhere}`);
  }
  const user = entry(files, ({ users }) => users, userName ?? '');
  if (user === undefined) {
    throw at(context.file, ['contexts'], `needs the user ${JSON.stringify(userName ?? '')}, ${nowhere}`);
  }
  return {
    cluster: {
      source: cluster.file.source,
      path: ['clusters', cluster.index, 'cluster'],
      values: cluster.value.cluster,
    },
    user: { source: user.file.source, path: ['users', user.index, 'user'], values: user.value.user ?? {} },
  };
}

function entry<Value extends { readonly name: string }>(
  files: readonly KubeconfigFile[],
  entriesOf: (content: KubeconfigFile['content']) => readonly Value[] | null | undefined,
  name: string,
): { readonly file: KubeconfigFile; readonly index: number; readonly value: Value } | undefined {
  for (const file of files) {
    const entries = entriesOf(file.content) ?? [];
    const index = entries.findIndex((each) => each.name === name);
    const value = entries[index];
    if (value !== undefined) return { file, index, value };
  }
  return undefined;
}

function readSource(path: string, content: string): YamlSource {
  const { source, problems } = parseYaml(path, content);
  if (problems.length > 0) throw new ConfigurationError(problems);
  return source;
}

function contentOf(source: YamlSource): KubeconfigFile['content'] {
  const result = kubeconfigSchema.safeParse(source.value ?? {});
  if (result.success) return result.data;
  throw new ConfigurationError(
    result.error.issues.map((issue) => {
      const path = issue.path.filter((part) => typeof part !== 'symbol');
      return { location: source.locate(path), path, message: `is not a kubeconfig: ${issue.message}` };
    }),
  );
}

function at(file: KubeconfigFile | undefined, path: Path, message: string): ConfigurationError {
  return problem(file?.source.locate(path) ?? { kind: 'nowhere' }, path, message);
}

function problem(
  location: ConfigurationError['problems'][number]['location'],
  path: Path,
  message: string,
): ConfigurationError {
  return new ConfigurationError([{ location, path, message }]);
}
