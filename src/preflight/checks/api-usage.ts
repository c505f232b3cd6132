import type { Read } from '../answer.ts';
import { blocked, type Check, type Finding, finding, listed, listedBriefly, pass } from '../check.ts';
import type { PreflightFacts } from '../preflight-facts.ts';
import type { TypeUsage } from '../preflight-report.ts';
import type { RequestedAPI } from '../requested-deprecated-apis.ts';
import type { ServerProbe } from '../server-probe.ts';
import { groupVersion, typeText } from '../type-changes.ts';

/** Who still uses what vanishes: the servers' own metrics, and what this proxy has counted. */
export const apiUsage: Check = {
  code: 'APIUsage',
  async run(facts) {
    const { vanishing, to } = await facts.changes();
    const readings = await Promise.all(
      facts.servers.map(async (server) => ({ server, read: await server.requestedAPIs() })),
    );
    const unread = readings.flatMap(({ server, read }) => (read.kind === 'read' ? [] : [unreadable(server, read)]));
    const used = (await usedTypes(facts)).map(({ type, usage }) => usedFinding(type, usage, to));
    if (used.length > 0) return [...used, ...unread];
    if (facts.servers.length === 0 || unread.length === facts.servers.length) return unread;
    const count = vanishing.length === 0 ? 'Nothing vanishes' : `Nobody asked for what vanishes`;
    const counted =
      facts.usage === undefined
        ? ''
        : `, nor did a client of this proxy in ${Math.round(facts.usage.sinceSeconds / 60)} minutes`;
    const since =
      vanishing.length === 0 ? '' : `, as far as the servers can tell, since each of them started${counted}`;
    return [pass(`${count}${since}.`), ...unread];
  },
};

interface UsedType {
  readonly type: {
    readonly group: string;
    readonly version: string;
    readonly resource: string;
    readonly subresource: string;
    readonly instead: readonly string[];
  };
  readonly usage: readonly TypeUsage[];
}

/** What vanishes and is used, or was announced to be removed by then, as the servers themselves say. */
export async function usedTypes(facts: PreflightFacts): Promise<readonly UsedType[]> {
  const { vanishing } = await facts.changes();
  const requested = await Promise.all(
    facts.servers.map(async (server) => {
      const read = await server.requestedAPIs();
      return { name: server.name, apis: read.kind === 'read' ? read.value : [] };
    }),
  );
  const announced = requested
    .flatMap(({ apis }) => apis)
    .filter((api) => isGoneBy(api, facts.target?.version))
    .filter((api) => !vanishing.some((type) => isSame(type, api)))
    .map((api) => ({ ...api, instead: [] }));
  const distinct = new Map([...vanishing, ...announced].map((type) => [typeText(type), type]));
  return [...distinct.values()].flatMap((type) => {
    const usage = [
      ...proxyUsage(facts, type),
      ...requested
        .filter(({ apis }) => apis.some((api) => isSame(type, api)))
        .map(({ name }): TypeUsage => ({ source: 'server', server: name, client: '', requests: null })),
    ];
    return usage.length === 0 ? [] : [{ type, usage }];
  });
}

function proxyUsage({ usage }: PreflightFacts, type: UsedType['type']): TypeUsage[] {
  // The proxy counts resources; what a subresource was asked for cannot be told.
  if (type.subresource !== '') return [];
  return (usage?.entries ?? [])
    .filter(({ group, version, resource }) => isSame(type, { group, version, resource, subresource: '' }))
    .map(({ client, requests }) => ({ source: 'proxy', server: '', client, requests }));
}

function usedFinding(type: UsedType['type'], usage: readonly TypeUsage[], to: string): Finding {
  const clients = usage.filter(({ source }) => source === 'proxy');
  const servers = usage.filter(({ source }) => source === 'server');
  const who = [
    clients.length === 0
      ? ''
      : `by ${listedBriefly(clients.map(({ client, requests }) => `${client} (${requests})`))} through this proxy`,
    servers.length === 0
      ? ''
      : `of ${listed(servers.map(({ server }) => server))} since ${servers.length === 1 ? 'it' : 'they'} started`,
  ].filter((part) => part !== '');
  const move =
    type.instead.length === 0
      ? 'Nothing takes its place: stop using it'
      : `Move these clients to ${listed(type.instead)}`;
  const find =
    clients.length > 0
      ? ''
      : ` The audit log names them: requests for ${groupVersion(type)} with the annotation k8s.io/deprecated.`;
  return finding(
    'fail',
    `${typeText(type)}, which ${to} does not serve, was asked for ${who.join(', and ')}. These clients fail once the last server that serves it is replaced.`,
    `${move} before that.${find}`,
  );
}

function unreadable(server: ServerProbe, why: Unread): Finding {
  if (why.kind === 'blocked') return blocked(why.by, server);
  return finding(
    'unknown',
    `Whether somebody asks it for what vanishes is not known: ${why.text}.`,
    why.status === 403 ? 'kubectl apply -f deploy/rbac.yaml' : '',
    server.name,
  );
}

type Unread = Exclude<Read<unknown>, { kind: 'read' }>;

function isGoneBy(
  { removedRelease }: RequestedAPI,
  target: { readonly major: number; readonly minor: number } | undefined,
) {
  const [major, minor] = removedRelease.split('.').map(Number);
  if (target === undefined || major === undefined || minor === undefined) return false;
  return major < target.major || (major === target.major && minor <= target.minor);
}

function isSame(left: Omit<UsedType['type'], 'instead'>, right: Omit<UsedType['type'], 'instead'>): boolean {
  return typeText(left) === typeText(right);
}
