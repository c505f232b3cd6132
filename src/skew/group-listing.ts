import { fullKind } from '../discovery/conflict.ts';
import type { ServerDiscovery } from '../discovery/server-discovery.ts';
import type {
  APIGroupDiscovery,
  APIResourceDiscovery,
  APISubresourceDiscovery,
  APIVersionDiscovery,
} from '../kubernetes/aggregated-discovery.ts';
import { compareApiVersions } from '../kubernetes/kube-version.ts';
import type { Scope, SkewCell, SkewRow } from './skew-report.ts';
import type { SkewServer } from './skew-server.ts';

/** What one server says of one group-version. */
export type VersionListing =
  | { readonly state: 'current' | 'stale'; readonly resources: ReadonlyMap<string, APIResourceDiscovery> }
  | { readonly state: 'absent' | 'unknown' };

/** One group as every server describes it. */
export interface GroupListing {
  readonly group: string;
  /** By position of the server; the group is undefined where it is absent or not known. */
  readonly servers: readonly { readonly isKnown: boolean; readonly group: APIGroupDiscovery | undefined }[];
  /** As Kubernetes prefers them. */
  readonly versions: readonly { readonly version: string; readonly listings: readonly VersionListing[] }[];
}

/** A row that has no findings yet. */
export type PlainRow = Omit<SkewRow, 'findings'>;

const UNKNOWN: VersionListing = { state: 'unknown' };
const ABSENT: VersionListing = { state: 'absent' };
const NOT_KNOWN: SkewCell = { serves: 'unknown', verbs: [] };
const NOT_SERVED: SkewCell = { serves: 'no', verbs: [] };

/** Names of all groups, the core group first. */
export function groupNames(servers: readonly Pick<SkewServer, 'discovery'>[]): readonly string[] {
  const names = new Set(
    servers.flatMap(({ discovery }) =>
      [...(discovery?.api ?? []), ...(discovery?.apis ?? [])].map(({ metadata }) => metadata.name),
    ),
  );
  return [...names].sort(ascending);
}

export function listGroup(group: string, servers: readonly SkewServer[]): GroupListing {
  const found = servers.map(({ discovery, isAbout = () => true }) => {
    const own = discovery === undefined ? undefined : groupsByName(discovery).get(group);
    return { isKnown: own !== undefined || (discovery !== undefined && isAbout(group)), group: own };
  });
  const names = new Set(found.flatMap((each) => (each.group?.versions ?? []).map(({ version }) => version)));
  // Servers of one release have one document.
  const made = new Map<APIVersionDiscovery, VersionListing>();
  return {
    group,
    servers: found,
    versions: [...names].sort(compareApiVersions).map((version) => ({
      version,
      listings: found.map((each) => {
        if (!each.isKnown) return UNKNOWN;
        const list = each.group?.versions?.find((entry) => entry.version === version);
        if (list === undefined) return ABSENT;
        const listing = made.get(list) ?? listingOf(list);
        made.set(list, listing);
        return listing;
      }),
    })),
  };
}

/** One row for each resource and subresource of the version that any server lists. */
export function rowsOf(group: string, version: string, listings: readonly VersionListing[]): readonly PlainRow[] {
  const entriesOf = (listing: VersionListing) => ('resources' in listing ? listing.resources : undefined);
  const all = listings.map(entriesOf);
  const resources = new Set(all.flatMap((entries) => (entries === undefined ? [] : [...entries.keys()])));
  return [...resources].sort(ascending).flatMap((resource) => {
    const entries = all.map((each) => each?.get(resource));
    const place = { group, version, resource };
    const row = rowOf({ ...place, subresource: '' }, listings, entries, entries);
    const subresources = new Set(entries.flatMap((entry) => entry?.subresources?.map(subresourceName) ?? []));
    return [
      row,
      ...[...subresources].sort(ascending).map((subresource) => {
        const subs = entries.map((entry) => entry?.subresources?.find((each) => each.subresource === subresource));
        return rowOf({ ...place, subresource }, listings, subs, entries);
      }),
    ];
  });
}

/** The version that clients of the server take when they name none. */
export function preferredVersion({ versions = [] }: APIGroupDiscovery): string | undefined {
  return (versions.find(({ freshness }) => freshness !== 'Stale') ?? versions[0])?.version;
}

const byName = new WeakMap<ServerDiscovery, ReadonlyMap<string, APIGroupDiscovery>>();

function groupsByName(discovery: ServerDiscovery): ReadonlyMap<string, APIGroupDiscovery> {
  const known = byName.get(discovery);
  if (known !== undefined) return known;
  const made = new Map([...discovery.api, ...discovery.apis].map((group) => [group.metadata.name, group]));
  byName.set(discovery, made);
  return made;
}

function listingOf({ freshness, resources = [] }: APIVersionDiscovery): VersionListing {
  // What an extension server that did not answer has is not known.
  if (freshness === 'Stale' && resources.length === 0) return UNKNOWN;
  const named = new Map(resources.map((entry) => [entry.resource, entry]));
  return { state: freshness === 'Stale' ? 'stale' : 'current', resources: named };
}

/** `entries` by server; `holders` say the scope, which a subresource has of its resource. */
function rowOf(
  place: Pick<SkewRow, 'group' | 'version' | 'resource' | 'subresource'>,
  listings: readonly VersionListing[],
  entries: readonly (APIResourceDiscovery | APISubresourceDiscovery | undefined)[],
  holders: readonly (APIResourceDiscovery | undefined)[],
): PlainRow {
  const kinds = entries.map((entry) => kindText(place, entry));
  const scopes = entries.map((entry, at) => (entry === undefined ? '' : scopeOf(holders[at])));
  const kind = kinds.find((each) => each !== '') ?? '';
  const scope = scopes.find((each) => each !== '') ?? '';
  const servers = entries.map((entry, at): SkewCell => {
    const state = listings[at]?.state ?? 'unknown';
    if (entry === undefined) return state === 'unknown' ? NOT_KNOWN : NOT_SERVED;
    const [ownKind = '', ownScope = ''] = [kinds[at], scopes[at]];
    return {
      serves: state === 'stale' ? 'stale' : 'yes',
      verbs: entry.verbs,
      ...(ownKind !== '' && ownKind !== kind && { kind: ownKind }),
      ...(ownScope !== '' && ownScope !== scope && { scope: ownScope }),
    };
  });
  return { ...place, kind, scope, servers };
}

/** The kind alone where it is of the group-version that it is listed under. */
function kindText(
  listedUnder: { readonly group: string; readonly version: string },
  entry: APIResourceDiscovery | APISubresourceDiscovery | undefined,
): string {
  const kind = entry?.responseKind;
  if (kind === undefined || kind.kind === '') return '';
  const full = fullKind(listedUnder, kind);
  return full === fullKind(listedUnder, { ...listedUnder, kind: kind.kind }) ? kind.kind : full;
}

function scopeOf(entry: APIResourceDiscovery | undefined): Scope {
  return entry?.scope === 'Namespaced' || entry?.scope === 'Cluster' ? entry.scope : '';
}

function subresourceName({ subresource }: APISubresourceDiscovery): string {
  return subresource;
}

function ascending(left: string, right: string): number {
  return left < right ? -1 : Number(left > right);
}
