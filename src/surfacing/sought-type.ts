import type { APIGroupDiscovery, APIVersionDiscovery } from '../kubernetes/aggregated-discovery.ts';
import type { APIGroup } from '../kubernetes/legacy-discovery.ts';
import { LISTED, type ShapeFinding } from './shape.ts';

/** One group-version, or one of its resources. */
export interface SoughtType {
  readonly group: string;
  /** '': none is known. */
  readonly version: string;
  readonly resource: string | undefined;
}

/** `example.com/v1`, core `v1`; the group alone without a version. */
export function groupVersion({ group, version }: Pick<SoughtType, 'group' | 'version'>): string {
  if (version === '') return group;
  return group === '' ? version : `${group}/${version}`;
}

/** What aggregated discovery says of it. */
export function findingIn(groups: readonly APIGroupDiscovery[], sought: SoughtType): ShapeFinding {
  const group = groups.find(({ metadata }) => metadata.name === sought.group);
  if (group === undefined) return { state: 'missing', note: 'the group is not in it' };
  const version = versionIn(group, sought.version);
  if (version === undefined) return { state: 'missing', note: 'the version is not in it' };
  const isStale = version.freshness === 'Stale';
  if (!hasResource(version, sought.resource)) {
    // An extension server that was down when it was asked may have it.
    if (isStale && !version.resources?.length) return { state: 'stale', note: 'Stale, without resources' };
    return { state: 'missing', note: 'the resource is not in it' };
  }
  return isStale ? { state: 'stale', note: 'Stale' } : LISTED;
}

/** Names of the resources of the group-version. */
export function resourcesIn(
  groups: readonly APIGroupDiscovery[],
  { group, version }: Pick<SoughtType, 'group' | 'version'>,
): readonly string[] {
  const found = groups.find(({ metadata }) => metadata.name === group);
  return (found && versionIn(found, version)?.resources?.map(({ resource }) => resource)) ?? [];
}

/** What the group-versions say that an unaggregated document names. */
export function foundIn(names: readonly string[], sought: SoughtType): ShapeFinding {
  const wanted = groupVersion(sought);
  const isThere = sought.version === '' ? names.some((name) => name.startsWith(`${wanted}/`)) : names.includes(wanted);
  return isThere ? LISTED : { state: 'missing', note: `${wanted} is not in it` };
}

export function versionNames({ versions }: APIGroup): readonly string[] {
  return versions.map((version) => version.groupVersion);
}

function versionIn(group: APIGroupDiscovery, name: string): APIVersionDiscovery | undefined {
  return group.versions?.find(({ version }) => version === name);
}

function hasResource({ resources = [] }: APIVersionDiscovery, name: string | undefined): boolean {
  return name === undefined || resources.some(({ resource }) => resource === name);
}
