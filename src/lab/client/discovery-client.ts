import { parseAggregatedDiscovery } from '../../kubernetes/aggregated-discovery.ts';
import { aggregateResourceList } from '../../kubernetes/legacy-conversion.ts';
import { parseAPIGroupList, parseAPIResourceList, parseAPIVersions } from '../../kubernetes/legacy-discovery.ts';
import type { GroupVersionResource } from '../api-object.ts';
import { groupVersion, groupVersionPath } from '../api-object.ts';
import { parseGroupVersion } from './api-path.ts';
import { asClientError, errorOfAnswer, isNotFound } from './client-error.ts';
import type { LabClient } from './lab-client.ts';

/** One resource as a client learns of it; subresources are left out. */
export interface DiscoveredResource extends GroupVersionResource {
  readonly kind: string;
  readonly namespaced: boolean;
  readonly verbs: readonly string[];
}

export interface DiscoveredGroup {
  readonly name: string;
  readonly versions: readonly string[];
  /** Undefined when every version is stale. */
  readonly preferredVersion: string | undefined;
}

export interface Discovered {
  readonly groups: readonly DiscoveredGroup[];
  /** By group-version (`apps/v1`). */
  readonly resources: ReadonlyMap<string, readonly DiscoveredResource[]>;
  /** Group-versions that are listed but whose resources could not be learnt, with the reason. */
  readonly failed: ReadonlyMap<string, string>;
}

/** What kubectl and controllers ask with since 1.30 (client-go discovery/discovery_client.go). */
export const AGGREGATED_ACCEPT = [
  'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList',
  'application/json;g=apidiscovery.k8s.io;v=v2beta1;as=APIGroupDiscoveryList',
  'application/json',
].join(',');

/** Only the unaggregated documents, as clients before 1.26 read them. */
export const LEGACY_ACCEPT = 'application/json';

interface Half {
  readonly groups: readonly DiscoveredGroup[];
  /** Undefined: unaggregated, the resources must be asked for. */
  readonly resources: ReadonlyMap<string, readonly DiscoveredResource[]> | undefined;
  readonly failed: ReadonlyMap<string, string>;
}

/**
 * Everything the API offers, as client-go's ServerGroupsAndResources learns it: `/api` then `/apis`, and when one of them
 * is not aggregated, every group-version by itself. Rejects with ClientError when one of the two does not answer.
 */
export async function discover(client: LabClient, accept = AGGREGATED_ACCEPT): Promise<Discovered> {
  const core = await half(client, '/api', accept);
  const named = await half(client, '/apis', accept);
  const groups = [...core.groups, ...named.groups];
  if (core.resources !== undefined && named.resources !== undefined) {
    const resources = new Map([...core.resources, ...named.resources]);
    return { groups, resources, failed: new Map([...core.failed, ...named.failed]) };
  }
  return { groups, ...(await askForEach(client, groups)) };
}

/**
 * Each resource once, in the version its group prefers or, where that lacks it, in the first that has it (client-go
 * ServerPreferredResources).
 */
export function preferredResources({ groups, resources }: Discovered): readonly DiscoveredResource[] {
  const chosen = new Map<string, DiscoveredResource>();
  for (const { name, versions, preferredVersion } of groups) {
    for (const version of versions) {
      for (const found of resources.get(groupVersion({ group: name, version })) ?? []) {
        const key = `${name}/${found.resource}`;
        if (!chosen.has(key) || version === preferredVersion) chosen.set(key, found);
      }
    }
  }
  return [...chosen.values()];
}

async function half(client: LabClient, path: '/api' | '/apis', accept: string): Promise<Half> {
  const { status, contentType, body } = await client.request('GET', path, { accept });
  const text = body.toString('utf8');
  if (status !== 200) {
    const error = errorOfAnswer(status, 'GET', text);
    // Extension API servers have no core group.
    if (path === '/api' && isNotFound(error)) return { groups: [], resources: new Map(), failed: new Map() };
    throw error;
  }
  const document: unknown = JSON.parse(text);
  if (contentType.includes('as=APIGroupDiscoveryList')) return aggregatedHalf(document);
  return {
    groups: path === '/api' ? coreGroup(document) : listedGroups(document),
    resources: undefined,
    failed: new Map(),
  };
}

/** client-go discovery/aggregated_discovery.go: a stale version is a failed one and never preferred. */
function aggregatedHalf(document: unknown): Half {
  const resources = new Map<string, readonly DiscoveredResource[]>();
  const failed = new Map<string, string>();
  const groups: DiscoveredGroup[] = [];
  for (const { metadata, versions = [] } of parseAggregatedDiscovery(document).items) {
    const fresh: string[] = [];
    for (const { version, freshness, resources: listed = [] } of versions) {
      const type = { group: metadata.name, version };
      if (freshness === 'Stale') {
        failed.set(groupVersion(type), `stale GroupVersion discovery: ${groupVersion(type)}`);
        continue;
      }
      fresh.push(version);
      const found: DiscoveredResource[] = [];
      for (const { resource, responseKind, scope, verbs } of listed) {
        if (!responseKind?.kind) continue;
        found.push({ ...type, resource, kind: responseKind.kind, namespaced: scope === 'Namespaced', verbs });
      }
      resources.set(groupVersion(type), found);
    }
    groups.push({ name: metadata.name, versions: fresh, preferredVersion: fresh[0] });
  }
  return { groups, resources, failed };
}

function coreGroup(document: unknown): readonly DiscoveredGroup[] {
  const { versions } = parseAPIVersions(document);
  return versions.length === 0 ? [] : [{ name: '', versions, preferredVersion: versions[0] }];
}

function listedGroups(document: unknown): readonly DiscoveredGroup[] {
  return parseAPIGroupList(document).groups.map(({ name, versions, preferredVersion }) => ({
    name,
    versions: versions.map(({ version }) => version),
    preferredVersion: preferredVersion?.version,
  }));
}

async function askForEach(
  client: LabClient,
  groups: readonly DiscoveredGroup[],
): Promise<Pick<Discovered, 'resources' | 'failed'>> {
  const resources = new Map<string, readonly DiscoveredResource[]>();
  const failed = new Map<string, string>();
  const types = groups.flatMap(({ name, versions }) => versions.map((version) => ({ group: name, version })));
  await Promise.all(
    types.map(async (type) => {
      const name = groupVersion(type);
      try {
        resources.set(name, await askFor(client, name));
      } catch (error) {
        failed.set(name, asClientError(error).message);
      }
    }),
  );
  return { resources, failed };
}

async function askFor(client: LabClient, name: string): Promise<readonly DiscoveredResource[]> {
  const type = parseGroupVersion(name);
  const document = await client.json('GET', groupVersionPath(type), { accept: LEGACY_ACCEPT });
  const { resources = [] } = aggregateResourceList(type.version, parseAPIResourceList(document));
  return resources.flatMap(({ resource, responseKind, scope, verbs }) =>
    responseKind?.kind
      ? [{ ...type, resource, kind: responseKind.kind, namespaced: scope === 'Namespaced', verbs }]
      : [],
  );
}
