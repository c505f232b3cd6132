import { type ServerDiscovery, serverDiscovery } from '../discovery/server-discovery.ts';
import { aggregateLegacyDiscovery, type LegacyVersionAnswer } from '../kubernetes/legacy-conversion.ts';
import { parseAPIGroupList, parseAPIResourceList, parseAPIVersions } from '../kubernetes/legacy-discovery.ts';
import { fetchFrom } from '../wire/fetch.ts';
import { DiscoveryFetchError } from './discovery-fetch-error.ts';
import type { DiscoveryFetchOptions } from './discovery-fetch-options.ts';

/** Requests under way at once while walking one server. */
const PARALLEL = 8;

/**
 * Reads the documents of a server that has no aggregated discovery, one per group-version.
 * `/apis` alone is not the truth (an older server's start deletes APIService objects for all), so group-versions known
 * from `previous` are asked for too, and the answer of each `/apis/G/V` decides.
 */
export async function walkLegacyDiscovery(
  options: DiscoveryFetchOptions,
  previous: ServerDiscovery | undefined,
): Promise<ServerDiscovery> {
  const [core, groups] = await Promise.all([
    document(options, '/api', parseAPIVersions),
    document(options, '/apis', parseAPIGroupList),
  ]);
  const paths = new Map<string, string>();
  for (const version of core.versions) paths.set(version, `/api/${version}`);
  for (const group of groups.groups) {
    for (const { groupVersion } of group.versions) paths.set(groupVersion, `/apis/${groupVersion}`);
  }
  for (const group of previous?.apis ?? []) {
    for (const { version } of group.versions ?? []) {
      const groupVersion = `${group.metadata.name}/${version}`;
      paths.set(groupVersion, `/apis/${groupVersion}`);
    }
  }
  const answers = new Map<string, LegacyVersionAnswer>();
  const pending = [...paths];
  const worker = async () => {
    for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
      const [groupVersion, path] = next;
      answers.set(groupVersion, await versionAnswer(options, path));
    }
  };
  await Promise.all(Array.from({ length: PARALLEL }, worker));
  const { api, apis } = aggregateLegacyDiscovery(core, groups, answers);
  return serverDiscovery(api, apis);
}

async function document<T>(options: DiscoveryFetchOptions, path: string, parse: (value: unknown) => T): Promise<T> {
  const response = await get(options, path);
  const { status } = response;
  if (status !== 200) throw new DiscoveryFetchError(`GET ${path} was answered ${status}`, { status });
  return parse(JSON.parse(response.body.toString('utf8')));
}

/** Whatever goes wrong with one group-version says nothing about the others; it becomes Stale. */
async function versionAnswer(options: DiscoveryFetchOptions, path: string): Promise<LegacyVersionAnswer> {
  try {
    const response = await get(options, path);
    if (response.status === 404) return { kind: 'absent' };
    if (response.status !== 200) return { kind: 'unavailable' };
    return { kind: 'served', list: parseAPIResourceList(JSON.parse(response.body.toString('utf8'))) };
  } catch {
    return { kind: 'unavailable' };
  }
}

/** A proxy of ours in front of the server would answer for all servers without the profile; a server of that age ignores it. */
const ACCEPT = 'application/json;profile=nopeer';

function get({ upstream, fields, timeoutMs, maxBytes }: DiscoveryFetchOptions, target: string) {
  return fetchFrom(upstream, {
    method: 'GET',
    target,
    fields: [...fields, 'accept', ACCEPT],
    timeoutMs,
    maxBytes,
  });
}
