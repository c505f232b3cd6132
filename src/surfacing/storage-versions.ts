import type { ServerDiscovery } from '../discovery/server-discovery.ts';
import type { StorageVersions } from '../skew/skew-server.ts';
import type { FailedAnswer } from './answer.ts';
import { type Ask, askResourceList } from './server-questions.ts';

/** Questions to one server at once. */
const PARALLEL = 8;

export interface StorageQuestion {
  readonly ask: Ask;
  /** What the server serves: its resource lists are asked for, those of Stale group-versions left out. */
  readonly discovery: ServerDiscovery;
  /** This group alone; '' is the core group. Default: all. */
  readonly group?: string | undefined;
  /** Milliseconds after which no further question is begun. */
  readonly withinMs: number;
}

/**
 * As which version a server writes each resource, from its unaggregated resource lists: aggregated discovery does not say.
 * Never rejects; how long one question may take is up to `ask`. A server that does not answer the first question gets no
 * other.
 */
export async function askStorageVersions({
  ask,
  discovery,
  group,
  withinMs,
}: StorageQuestion): Promise<StorageVersions> {
  const hashes = new Map<string, ReadonlyMap<string, string>>();
  const problems: string[] = [];
  const paths = listPaths(discovery, group);
  const deadline = performance.now() + withinMs;
  const read = async (groupVersion: string, path: string): Promise<FailedAnswer | undefined> => {
    const answer = await askResourceList(ask, path);
    if (answer.kind === 'read') {
      hashes.set(groupVersion, new Map(answer.value.resources.map((each) => [each.name, each.storageVersionHash])));
    } else problems.push(answer.kind === 'failed' ? answer.message : `GET ${path} was answered ${STATUS[answer.kind]}`);
    return answer.kind === 'failed' ? answer : undefined;
  };
  const [first, ...others] = paths;
  const failed = first && (await read(...first));
  if (failed !== undefined && failed.reason !== 'unavailable' && failed.reason !== 'unusable') {
    return { hashes, problem: failed.message };
  }
  const worker = async () => {
    for (let next = others.shift(); next !== undefined; next = others.shift()) {
      if (performance.now() < deadline) await read(...next);
      else problems.push(`it did not answer everything within ${withinMs / 1000} s`);
    }
  };
  await Promise.all(Array.from({ length: PARALLEL }, worker));
  return { hashes, problem: problems[0] ?? '' };
}

const STATUS = { absent: 404, 'not-offered': 406 } as const;

/** Group-versions with the paths of their lists. */
function listPaths({ api, apis }: ServerDiscovery, only: string | undefined): [groupVersion: string, path: string][] {
  return [...api, ...apis].flatMap(({ metadata: { name }, versions = [] }) =>
    (only === undefined || only === name ? versions : [])
      .filter(({ freshness }) => freshness !== 'Stale')
      .map(({ version }): [string, string] =>
        name === '' ? [version, `/api/${version}`] : [`${name}/${version}`, `/apis/${name}/${version}`],
      ),
  );
}
