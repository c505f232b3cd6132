import { compareServerVersions, type ServerVersion } from '../kubernetes/kube-version.ts';
import type { PreflightFacts } from './preflight-facts.ts';
import type { TypeUsage } from './preflight-report.ts';
import type { RequestedAPI } from './requested-deprecated-apis.ts';
import { type Type, typeText } from './type-changes.ts';

/** A type that is about to vanish, and that somebody uses. */
export interface UsedType {
  readonly type: Type & { readonly instead: readonly string[] };
  readonly usage: readonly TypeUsage[];
  /** The release in which servers say that it is gone, where no release was asked about; undefined: it vanishes with what was. */
  readonly announced: string | undefined;
  /** A server says that it is gone by then, whatever is switched on. */
  readonly isRemoved: boolean;
}

/**
 * What vanishes and is used. What servers say is gone by the target counts as well, unless the target serves it; where no
 * release was asked about, what is gone by the next minor version.
 */
export async function usedTypes(facts: PreflightFacts): Promise<readonly UsedType[]> {
  const { vanishing, staying } = await facts.changes();
  const requested = await Promise.all(
    facts.servers.map(async (server) => {
      const read = await server.requestedAPIs();
      return { name: server.name, apis: read.kind === 'read' ? read.value : [] };
    }),
  );
  const isAsked = facts.target !== undefined;
  const horizon = isAsked ? facts.target?.version : await nextMinor(facts);
  const announced = requested
    .flatMap(({ apis }) => apis)
    .filter((api) => isGoneBy(api, horizon) && !(isAsked && staying.has(api)))
    .filter((api) => !vanishing.some((type) => isSame(type, api)))
    .map((api) => ({
      type: { ...api, instead: staying.insteadOf(api) },
      announced: isAsked ? undefined : api.removedRelease,
    }));
  const all = [...vanishing.map((type) => ({ type, announced: undefined })), ...announced];
  const distinct = new Map(all.map((each) => [typeText(each.type), each]));
  return [...distinct.values()].flatMap(({ type, announced: release }) => {
    const usage = [
      ...proxyUsage(facts, type),
      ...requested
        .filter(({ apis }) => apis.some((api) => isSame(type, api)))
        .map(({ name }): TypeUsage => ({ source: 'server', server: name, client: '', requests: null })),
    ];
    const isRemoved = requested.some(({ apis }) => apis.some((api) => isSame(type, api) && isGoneBy(api, horizon)));
    return usage.length === 0 ? [] : [{ type, usage, announced: release, isRemoved }];
  });
}

async function nextMinor({ servers }: PreflightFacts): Promise<Pick<ServerVersion, 'major' | 'minor'> | undefined> {
  const read = await Promise.all(servers.map((server) => server.version()));
  const versions = read.flatMap((each) => (each.kind === 'read' ? [each.value] : []));
  const [newest] = versions.toSorted((one, other) => -compareServerVersions(one, other));
  return newest && { major: newest.major, minor: newest.minor + 1 };
}

function proxyUsage({ usage }: PreflightFacts, type: Type): TypeUsage[] {
  // The proxy counts resources; what a subresource was asked for cannot be told.
  if (type.subresource !== '') return [];
  return (usage?.entries ?? [])
    .filter(({ group, version, resource }) => isSame(type, { group, version, resource, subresource: '' }))
    .map(({ client, requests }) => ({ source: 'proxy', server: '', client, requests }));
}

function isGoneBy({ removedRelease }: RequestedAPI, target: Pick<ServerVersion, 'major' | 'minor'> | undefined) {
  const [major, minor] = removedRelease.split('.').map(Number);
  if (target === undefined || major === undefined || minor === undefined) return false;
  return major < target.major || (major === target.major && minor <= target.minor);
}

function isSame(left: Type, right: Type): boolean {
  return typeText(left) === typeText(right);
}
