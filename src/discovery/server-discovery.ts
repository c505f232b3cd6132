import {
  type APIGroupDiscovery,
  type APIResourceDiscovery,
  type APISubresourceDiscovery,
  type APIVersionDiscovery,
  apiGroup,
  apiResource,
  apiSubresource,
  apiVersion,
} from '../kubernetes/aggregated-discovery.ts';

/** What one server serves by itself. Made by `serverDiscovery`, which gives equal content one form. */
export interface ServerDiscovery {
  /** From `/api`: the core group, its name ''. */
  readonly api: readonly APIGroupDiscovery[];
  /** From `/apis`. */
  readonly apis: readonly APIGroupDiscovery[];
}

/**
 * Brings documents of any origin into one form: fields in Go's order, empty optional ones left out, freshness always
 * there, no name twice in a list. Extension API servers do list a resource twice; the first entry then leads and the
 * others add their verbs and subresources.
 */
export function serverDiscovery(
  api: readonly APIGroupDiscovery[],
  apis: readonly APIGroupDiscovery[],
): ServerDiscovery {
  return { api: normalGroups(api), apis: normalGroups(apis) };
}

function normalGroups(groups: readonly APIGroupDiscovery[]): readonly APIGroupDiscovery[] {
  return fold(groups, nameOf, (name, same) =>
    apiGroup(
      name,
      fold(
        same.flatMap((group) => group.versions ?? []),
        versionOf,
        normalVersion,
      ),
    ),
  );
}

function normalVersion(version: string, same: readonly APIVersionDiscovery[]): APIVersionDiscovery {
  return apiVersion({
    version,
    resources: fold(
      same.flatMap((entry) => entry.resources ?? []),
      resourceOf,
      normalResource,
    ),
    freshness: same.some((entry) => entry.freshness !== 'Stale') ? 'Current' : 'Stale',
  });
}

function normalResource(
  _: string,
  same: readonly [APIResourceDiscovery, ...APIResourceDiscovery[]],
): APIResourceDiscovery {
  return apiResource({
    ...same[0],
    verbs: unique(same.flatMap((entry) => entry.verbs)),
    subresources: fold(
      same.flatMap((entry) => entry.subresources ?? []),
      subresourceOf,
      normalSubresource,
    ),
  });
}

function normalSubresource(
  _: string,
  same: readonly [APISubresourceDiscovery, ...APISubresourceDiscovery[]],
): APISubresourceDiscovery {
  return apiSubresource({ ...same[0], verbs: unique(same.flatMap((entry) => entry.verbs)) });
}

const nameOf = (group: APIGroupDiscovery) => group.metadata.name;
const versionOf = (entry: APIVersionDiscovery) => entry.version;
const resourceOf = (entry: APIResourceDiscovery) => entry.resource;
const subresourceOf = (entry: APISubresourceDiscovery) => entry.subresource;

function unique(names: readonly string[]): readonly string[] {
  return [...new Set(names)];
}

/** One entry per name, in the order of first appearance. */
function fold<T>(
  items: readonly T[],
  name: (item: T) => string,
  combine: (name: string, same: readonly [T, ...T[]]) => T,
): readonly T[] {
  const byName = new Map<string, [T, ...T[]]>();
  for (const item of items) {
    const same = byName.get(name(item));
    if (same === undefined) byName.set(name(item), [item]);
    else same.push(item);
  }
  return [...byName].map(([key, same]) => combine(key, same));
}
