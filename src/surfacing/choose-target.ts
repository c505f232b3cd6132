import { insertApiVersions } from '../kubernetes/kube-version.ts';
import { valueRead } from './answer.ts';
import {
  aggregatedOf,
  groupOfDefinition,
  type KnownServer,
  type ServerDefinitions,
  type ServerRoots,
} from './server-evidence.ts';
import { chooseReading, type Readings, type SurfacingTarget } from './surfacing-target.ts';

/** Whether the proxy knows of a server that serves it. */
export function isInTables({ group, resource }: SurfacingTarget, servers: readonly KnownServer[]): boolean {
  return servers.some(({ tables }) =>
    [...(tables?.api ?? []), ...(tables?.apis ?? [])].some(
      ({ metadata, versions = [] }) =>
        metadata.name === group &&
        (resource === undefined ||
          versions.some(({ resources = [] }) => resources.some((each) => each.resource === resource))),
    ),
  );
}

/** A reading that exists somewhere; else one whose group does, with the resource misspelt; else the likeliest. */
export function chooseTarget(readings: Readings, roots: readonly ServerRoots[]): SurfacingTarget {
  const servers = roots.map((each) => each.server);
  const names = new Set(roots.flatMap(({ definitionNames }) => valueRead(definitionNames) ?? []));
  const groups = new Set([
    ...[...names].map(groupOfDefinition),
    ...roots.flatMap(({ apiServices }) => (valueRead(apiServices) ?? []).map(({ group }) => group)),
    ...roots.flatMap((each) => (aggregatedOf(each) ?? []).map(({ metadata }) => metadata.name)),
  ]);
  const live = roots.map((each) => ({ ...each.server, tables: { api: [], apis: aggregatedOf(each) ?? [] } }));
  const isKnownGroup = ({ group }: SurfacingTarget) => groups.has(group) || isInTables({ group }, servers);
  const exists = (target: SurfacingTarget): boolean =>
    target.resource === undefined
      ? isKnownGroup(target)
      : names.has(`${target.resource}.${target.group}`) || isInTables(target, [...servers, ...live]);
  return readings.find(exists) ?? chooseReading(readings, isKnownGroup);
}

/** Versions of the group that are known anywhere, as Kubernetes prefers them. */
export function versionsOf(
  { group, resource }: SurfacingTarget,
  evidence: readonly ServerDefinitions[],
): readonly string[] {
  const versions = new Set<string>();
  for (const each of evidence) {
    const { tables } = each.server;
    const groups = [...(tables?.api ?? []), ...(tables?.apis ?? []), ...(aggregatedOf(each) ?? [])];
    for (const { metadata, versions: listed = [] } of groups) {
      if (metadata.name !== group) continue;
      for (const { version, resources = [] } of listed) {
        const isSought = resource === undefined || resources.some((entry) => entry.resource === resource);
        if (isSought || resources.length === 0) versions.add(version);
      }
    }
    for (const answer of each.definitions.values()) {
      for (const { name, served } of valueRead(answer)?.versions ?? []) if (served) versions.add(name);
    }
    if (resource !== undefined) continue;
    for (const object of valueRead(each.apiServices) ?? []) if (object.group === group) versions.add(object.version);
  }
  if (versions.size > 0 || resource === undefined) return insertApiVersions([], versions);
  // Nobody has the resource: what there is of its group is where it is missing.
  return versionsOf({ group }, evidence);
}
