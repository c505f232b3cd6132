import type { ServerDiscovery } from '../../discovery/server-discovery.ts';
import type { APIGroupDiscovery } from '../../kubernetes/aggregated-discovery.ts';
import { aggregateLegacyDiscovery, type LegacyVersionAnswer } from '../../kubernetes/legacy-conversion.ts';
import { type FetchedResponse, fetchFrom } from '../../wire/fetch.ts';
import { DiscoveryFetchError, discoveryErrorReason } from './discovery-fetch-error.ts';
import type { DiscoveryFetchOptions } from './discovery-fetch-options.ts';
import type { DiscoveryDocuments, UnaggregatedDocumentKind } from './parse-document.ts';
import { readDocument } from './read-document.ts';

/** Requests under way at once while walking one server. */
const PARALLEL = 8;

export interface WalkedDiscovery {
  readonly api: readonly APIGroupDiscovery[];
  readonly apis: readonly APIGroupDiscovery[];
  /** Why a group-version, Stale and without resources for that, could not be read; undefined when all were. */
  readonly problem: DiscoveryFetchError | undefined;
}

/**
 * Reads the documents of a server that has no aggregated discovery, one per group-version.
 * `/apis` alone is not the truth (an older server's start deletes APIService objects for all), so group-versions known
 * from `previous` are asked for too, and the answer of each `/apis/G/V` decides.
 * What is not read within `timeoutMs`, all together, counts as not answered.
 * Rejects when `/api` or `/apis` fails.
 */
export async function walkLegacyDiscovery(
  options: DiscoveryFetchOptions,
  previous: ServerDiscovery | undefined,
): Promise<WalkedDiscovery> {
  const [core, groups] = await Promise.all([
    document(options, '/api', 'APIVersions'),
    document(options, '/apis', 'APIGroupList'),
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
  const problems: DiscoveryFetchError[] = [];
  const answers = new Map<string, LegacyVersionAnswer>();
  const pending = [...paths];
  const time = new AbortController();
  const timer = setTimeout(() => time.abort(), options.timeoutMs);
  const worker = async () => {
    for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
      const [groupVersion, path] = next;
      answers.set(groupVersion, await versionAnswer(options, path, time.signal, problems));
    }
  };
  await Promise.all(Array.from({ length: PARALLEL }, worker)).finally(() => clearTimeout(timer));
  const { api, apis, rejected } = aggregateLegacyDiscovery(core, groups, answers);
  for (const { groupVersion, error } of rejected) {
    problems.push(new DiscoveryFetchError('malformed', `/apis/${groupVersion}: ${error.message}`, { cause: error }));
  }
  return { api, apis, problem: summary(problems) };
}

async function document<K extends UnaggregatedDocumentKind>(
  options: DiscoveryFetchOptions,
  path: string,
  kind: K,
): Promise<DiscoveryDocuments[K]> {
  const response = await get(options, path);
  if (response.status !== 200) throw DiscoveryFetchError.ofStatus(path, response.status);
  return readDocument(kind, path, response, options);
}

/** Whatever goes wrong with one group-version says nothing about the others. */
async function versionAnswer(
  options: DiscoveryFetchOptions,
  path: string,
  signal: AbortSignal,
  problems: DiscoveryFetchError[],
): Promise<LegacyVersionAnswer> {
  try {
    const response = await get(options, path, signal);
    if (response.status === 404) return { kind: 'absent' };
    if (response.status !== 200) throw DiscoveryFetchError.ofStatus(path, response.status);
    return { kind: 'served', list: await readDocument('APIResourceList', path, response, options) };
  } catch (error) {
    problems.push(signal.aborted ? late(path, options.timeoutMs) : asFetchError(error));
    return { kind: 'unavailable' };
  }
}

function late(path: string, timeoutMs: number): DiscoveryFetchError {
  return new DiscoveryFetchError(
    'timeout',
    `GET ${path} had no turn, or no answer, within the ${timeoutMs} ms for all lists`,
  );
}

function asFetchError(error: unknown): DiscoveryFetchError {
  if (error instanceof DiscoveryFetchError) return error;
  const message = error instanceof Error ? error.message : String(error);
  return new DiscoveryFetchError(discoveryErrorReason(error), message, { cause: error });
}

/** The first of them in the order of their messages, so that one cause is logged once, and how many there are. */
function summary(problems: readonly DiscoveryFetchError[]): DiscoveryFetchError | undefined {
  const [first, ...others] = [...problems].sort((left, right) => (left.message < right.message ? -1 : 1));
  if (first === undefined || others.length === 0) return first;
  const message = `${first.message} (and ${others.length} more like it)`;
  return new DiscoveryFetchError(first.reason, message, { status: first.status, cause: first });
}

/** A proxy of ours in front of the server would answer for all servers without the profile; a server of that age ignores it. */
const ACCEPT = 'application/json;profile=nopeer';

function get(
  { upstream, fields, timeoutMs, maxBytes }: DiscoveryFetchOptions,
  target: string,
  signal?: AbortSignal,
): Promise<FetchedResponse> {
  return fetchFrom(upstream, {
    method: 'GET',
    target,
    fields: [...fields, 'accept', ACCEPT],
    timeoutMs,
    maxBytes,
    signal,
  });
}
