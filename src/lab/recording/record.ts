import type { ServerDiscovery } from '../../discovery/server-discovery.ts';
import type { APIGroupDiscovery } from '../../kubernetes/aggregated-discovery.ts';
import { fetchDiscovery } from '../../servers/discovery/discovery-fetch.ts';
import type { DiscoveryFetchOptions } from '../../servers/discovery/discovery-fetch-options.ts';
import { askStorageVersions } from '../../surfacing/storage-versions.ts';
import { fetchFrom } from '../../wire/fetch.ts';
import type { JsonObject } from '../api-object.ts';
import { recordedVersion } from './read-recording.ts';
import type { Recording, StorageVersionHashes } from './recording.ts';
import { RecordingError } from './recording-error.ts';
import { fetchSchemas } from './schema-fetch.ts';

export type RecordingStep =
  | { readonly kind: 'version'; readonly version: string }
  /** `shape`: in which form the server told its types. */
  | { readonly kind: 'discovery'; readonly shape: 'v2' | 'v2beta1' | 'legacy'; readonly resources: number }
  | { readonly kind: 'schemas'; readonly done: number; readonly total: number };

export interface Recorded {
  readonly recording: Recording;
  /** What is missing from it and why, one sentence each. */
  readonly warnings: readonly string[];
}

/**
 * Reads from a live server what it serves: its version, discovery and schemas. Types only: no object is ever read.
 * Rejects with FetchError, DiscoveryFetchError or RecordingError when version or discovery cannot be read.
 */
export async function record(
  options: DiscoveryFetchOptions,
  onStep: (step: RecordingStep) => void = () => {},
): Promise<Recorded> {
  const versionInfo = await fetchVersion(options);
  const version = recordedVersion(versionInfo, 'The answer to GET /version');
  onStep({ kind: 'version', version });
  const { discovery, shape } = await fetchDiscovery(options, undefined);
  const api = current(discovery.api);
  const apis = current(discovery.apis);
  onStep({ kind: 'discovery', shape, resources: countResources([...api.groups, ...apis.groups]) });
  const stored = await fetchStorageVersions(options, { api: api.groups, apis: apis.groups });
  const fetched = await fetchSchemas(options, (done, total) => onStep({ kind: 'schemas', done, total }));
  const stale = [...api.stale, ...apis.stale].map(
    (name) => `${name} was left out: the server itself could not ask the extension API server behind it.`,
  );
  const failed = (fetched?.failed ?? []).map(({ path, reason }) => `The schemas of ${path} are missing: ${reason}.`);
  const unserved = 'The server has no /openapi/v3 for this user, so kubectl explain will know no type.';
  return {
    recording: {
      version,
      versionInfo,
      api: api.groups,
      apis: apis.groups,
      storageVersions: stored.hashes,
      schemas: async () => fetched?.schemas,
    },
    warnings: [...stale, ...stored.warnings, ...failed, ...(fetched === undefined ? [unserved] : [])],
  };
}

/** Of what is stored; aggregated discovery does not say how. */
async function fetchStorageVersions(
  { upstream, fields, timeoutMs, maxBytes }: DiscoveryFetchOptions,
  discovery: ServerDiscovery,
): Promise<{ readonly hashes: StorageVersionHashes | undefined; readonly warnings: readonly string[] }> {
  const ask = (target: string, accept: string) =>
    fetchFrom(upstream, { method: 'GET', target, fields: [...fields, 'accept', accept], timeoutMs, maxBytes });
  const { hashes, problem } = await askStorageVersions({ ask, discovery, withinMs: timeoutMs });
  const stored = new Map<string, ReadonlyMap<string, string>>();
  for (const [groupVersion, list] of hashes) {
    const known = [...list].filter(([, hash]) => hash !== '');
    if (known.length > 0) stored.set(groupVersion, new Map(known));
  }
  const warning = `As which versions it stores objects is missing, at least of some types: ${problem}.`;
  return { hashes: stored.size === 0 ? undefined : stored, warnings: problem === '' ? [] : [warning] };
}

async function fetchVersion({ upstream, fields, timeoutMs, maxBytes }: DiscoveryFetchOptions): Promise<JsonObject> {
  const response = await fetchFrom(upstream, {
    method: 'GET',
    target: '/version',
    fields: [...fields, 'accept', 'application/json'],
    timeoutMs,
    maxBytes,
  });
  if (response.status !== 200) {
    throw new RecordingError(
      `GET /version was answered ${response.status}; check the address and that the credentials are valid.`,
    );
  }
  const value: unknown = parsed(response.body);
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new RecordingError(
      'GET /version was not answered with a JSON object; the address is no Kubernetes API server.',
    );
  }
  return { ...value };
}

function parsed(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString('utf8'));
  } catch {
    return undefined;
  }
}

/** Group-versions whose types are unknown at this moment would be unknown in a lab for ever. */
function current(groups: readonly APIGroupDiscovery[]) {
  const stale: string[] = [];
  const kept = groups.flatMap((group) => {
    const { name } = group.metadata;
    const versions = (group.versions ?? []).filter(({ version, freshness }) => {
      if (freshness === 'Stale') stale.push(name === '' ? version : `${name}/${version}`);
      return freshness !== 'Stale';
    });
    return versions.length === 0 ? [] : [{ ...group, versions }];
  });
  return { groups: kept, stale };
}

function countResources(groups: readonly APIGroupDiscovery[]): number {
  return groups
    .flatMap(({ versions = [] }) => versions.map(({ resources = [] }) => resources.length))
    .reduce((sum, count) => sum + count, 0);
}
