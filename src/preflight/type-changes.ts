import type { ServerDiscovery } from '../discovery/server-discovery.ts';
import { compareServerVersions, type ServerVersion, versionText } from '../kubernetes/kube-version.ts';
import type { ChangingType } from './preflight-report.ts';

/** What one server serves. */
export interface ServedBy {
  readonly server: string;
  readonly version: ServerVersion | undefined;
  readonly discovery: ServerDiscovery;
}

export interface TypeChanges {
  /** What is compared with: the release that was asked about, or that of the newest servers; '' when nothing is known. */
  readonly to: string;
  readonly appearing: readonly ChangingType[];
  readonly vanishing: readonly (ChangingType & { readonly instead: readonly string[] })[];
  readonly staying: StayingTypes;
}

/** What the release that is compared with serves. */
export interface StayingTypes {
  has(type: Type): boolean;
  /** Group-versions with the same resource: in its own group first, then in another one that took it over. */
  insteadOf(type: Type): readonly string[];
}

/** What the servers are compared with. */
export interface ComparedRelease {
  readonly name: string;
  readonly discovery: ServerDiscovery;
  /** Groups that it says something about; absent: all. */
  readonly isAbout?: ((group: string) => boolean) | undefined;
}

export interface Type {
  readonly group: string;
  readonly version: string;
  readonly resource: string;
  readonly subresource: string;
}

/**
 * What the servers do not all serve, or the target does not: `vanishing` is served now and not by the target, `appearing` by
 * the target and not by every server. Without a target the servers are compared with the newest of them. A subresource is
 * named only where its resource stays.
 */
export function typeChanges(servers: readonly ServedBy[], target: ComparedRelease | undefined): TypeChanges {
  const goal = target ?? newest(servers);
  const wanted = goal === undefined ? new Map<string, Type>() : typesOf(goal.discovery);
  const staying: StayingTypes = {
    has: (type) => wanted.has(keyOf(type)),
    insteadOf: (type) => insteadOf(type, wanted),
  };
  if (goal === undefined) return { to: '', appearing: [], vanishing: [], staying };
  const holders = new Map<string, { readonly type: Type; readonly servers: string[] }>();
  for (const { server, discovery } of servers) {
    for (const [key, type] of typesOf(discovery)) {
      const held = holders.get(key) ?? { type, servers: [] };
      held.servers.push(server);
      holders.set(key, held);
    }
  }
  const isOurs = ({ group }: Type): boolean => goal.isAbout?.(group) ?? true;
  const vanishing = [...holders.values()]
    .filter(({ type }) => !wanted.has(keyOf(type)) && isOurs(type))
    .filter(({ type }) => type.subresource === '' || wanted.has(keyOf({ ...type, subresource: '' })))
    .map(({ type, servers: names }) => ({ ...type, servers: names, instead: insteadOf(type, wanted) }));
  const appearing = [...wanted]
    .filter(([key, type]) => (holders.get(key)?.servers.length ?? 0) < servers.length && isOurs(type))
    .map(([key, type]) => ({ ...type, servers: holders.get(key)?.servers ?? [] }))
    .filter(({ servers: names, ...type }) => {
      if (type.subresource === '') return true;
      const resource = holders.get(keyOf({ ...type, subresource: '' }));
      return (resource?.servers.length ?? 0) > names.length;
    });
  return { to: goal.name, appearing: sorted(appearing), vanishing: sorted(vanishing), staying };
}

/** `flowschemas in flowcontrol.apiserver.k8s.io/v1beta3`, `pods/resize in v1` */
export function typeText({ group, version, resource, subresource }: Type): string {
  const what = subresource === '' ? resource : `${resource}/${subresource}`;
  return `${what} in ${groupVersion({ group, version })}`;
}

export function groupVersion({ group, version }: Pick<Type, 'group' | 'version'>): string {
  return group === '' ? version : `${group}/${version}`;
}

/** One of the newest servers, by its version. */
function newest(servers: readonly ServedBy[]): ComparedRelease | undefined {
  const known = servers.flatMap(({ version, discovery, server }) =>
    version === undefined ? [] : [{ version, discovery, server }],
  );
  const [first] = known.toSorted((left, right) => -compareServerVersions(left.version, right.version));
  if (first === undefined) return undefined;
  return { name: versionText(first.version), discovery: first.discovery };
}

function typesOf({ api, apis }: ServerDiscovery): Map<string, Type> {
  const types = new Map<string, Type>();
  for (const { metadata, versions = [] } of [...api, ...apis]) {
    for (const { version, resources = [] } of versions) {
      for (const { resource, subresources = [] } of resources) {
        for (const subresource of ['', ...subresources.map((each) => each.subresource)]) {
          const type = { group: metadata.name, version, resource, subresource };
          types.set(keyOf(type), type);
        }
      }
    }
  }
  return types;
}

function insteadOf(
  { group, version, resource, subresource }: Type,
  wanted: ReadonlyMap<string, Type>,
): readonly string[] {
  const same = [...wanted.values()].filter((type) => type.resource === resource && type.subresource === subresource);
  const own = same.filter((type) => type.group === group && type.version !== version);
  const others = same.filter((type) => type.group !== group);
  return (own.length > 0 ? own : others).map(groupVersion);
}

function sorted<T extends Type>(types: readonly T[]): T[] {
  return types.toSorted((left, right) => (keyOf(left) < keyOf(right) ? -1 : 1));
}

function keyOf({ group, version, resource, subresource }: Type): string {
  return `${group}/${version}/${resource}/${subresource}`;
}
