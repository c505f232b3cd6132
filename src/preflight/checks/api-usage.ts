import type { Read } from '../answer.ts';
import { blocked, type Check, type Finding, finding, listed, listedBriefly, pass } from '../check.ts';
import { type PreflightFacts, releaseText } from '../preflight-facts.ts';
import type { TypeUsage } from '../preflight-report.ts';
import type { ServerProbe } from '../server-probe.ts';
import { groupVersion, typeText } from '../type-changes.ts';
import { type UsedType, usedTypes } from '../used-types.ts';

/** Clients that list anew now and then have done so by then. */
const LEAST_SECONDS = 3600;

/** Who still uses what vanishes: the servers' own metrics, and what this proxy has counted. */
export const apiUsage: Check = {
  code: 'APIUsage',
  async run(facts) {
    const changes = await facts.changes();
    const readings = await Promise.all(
      facts.servers.map(async (server) => ({ server, read: await server.requestedAPIs() })),
    );
    const unread = readings.flatMap(({ server, read }) => (read.kind === 'read' ? [] : [unreadable(server, read)]));
    const by = releaseText(facts, changes.to);
    const used = (await usedTypes(facts)).map((each) =>
      each.announced === undefined ? usedFinding(each, by, facts) : announcedFinding(each, each.announced),
    );
    if (used.length > 0) return [...used, ...unread];
    if (facts.servers.length === 0 || unread.length === facts.servers.length) return unread;
    return [unusedFinding(facts, changes), ...unread];
  },
};

function unusedFinding({ usage, target }: PreflightFacts, { vanishing, to, unread }: Changes): Finding {
  if (to === '') return finding('unknown', 'What vanishes is not known, and so is who uses it.', '');
  if (unread.length > 0) {
    const read = vanishing.length === 0 ? 'Nothing vanishes' : 'Nobody asked for what vanishes';
    return finding('unknown', `${read} of what could be read; what ${listedBriefly(unread)} has is not known.`, '');
  }
  if (vanishing.length === 0) return pass('Nothing vanishes.');
  if (usage === undefined) {
    return finding(
      'unknown',
      'Nobody asked for what vanishes and is deprecated, since each of the servers started; of what is not deprecated they do not count requests.',
      `A running proxy counts them: mvproxy preflight${target === undefined ? '' : ` --to ${target.name}`} without --config.`,
    );
  }
  const text = `Nobody asked for what vanishes, as far as the servers can tell, since each of them started, nor did a client of this proxy in ${timeText(usage.sinceSeconds)}`;
  return usage.sinceSeconds >= LEAST_SECONDS
    ? pass(`${text}.`)
    : finding(
        'unknown',
        `${text}, which is too short to tell.`,
        'Ask again when the proxy has run for an hour, or a day.',
      );
}

function timeText(seconds: number): string {
  const hours = Math.floor(seconds / 3600);
  return hours < 2 ? `${Math.round(seconds / 60)} minutes` : `${hours} hours`;
}

type Changes = Awaited<ReturnType<PreflightFacts['changes']>>;

/** Its garbage collector, quota and namespace controllers watch whatever discovery lists, and leave it with the type. */
const FOLLOWER = 'kube-controller-manager';

function usedFinding({ type, usage, isRemoved }: UsedType, by: string, facts: PreflightFacts): Finding {
  const isOnlyFollowed = usage.every(({ source, client }) => source === 'proxy' && client === FOLLOWER);
  if (isOnlyFollowed) {
    return finding(
      'warn',
      `${typeText(type)}, which ${by} does not serve, was asked for by ${FOLLOWER} alone through this proxy: its garbage collector, quota and namespace controllers watch whatever is listed, and leave it with the type.`,
      'Nothing, unless clients reach the servers past this proxy.',
    );
  }
  return finding(
    'fail',
    `${typeText(type)}, which ${by} does not serve, was asked for ${askers(usage)}. These clients fail once the last server that serves it is replaced.`,
    `${move(type)} before that.${whereToLook(type, usage)}${isRemoved ? '' : orKeepIt(type, facts)}`,
  );
}

/** Nobody asked about a release, so that this is not of today, but of the next upgrade. */
function announcedFinding({ type, usage }: UsedType, release: string): Finding {
  return finding(
    'warn',
    `${typeText(type)} is gone in ${release}, as the servers say, and was asked for ${askers(usage)}.`,
    `${move(type)} before an upgrade to ${release}.${whereToLook(type, usage)}`,
  );
}

function askers(usage: readonly TypeUsage[]): string {
  const clients = usage.filter(({ source }) => source === 'proxy');
  const servers = usage.filter(({ source }) => source === 'server');
  const who = [
    clients.length === 0
      ? ''
      : `by ${listedBriefly(clients.map(({ client, requests }) => `${client} (${requests})`))} through this proxy`,
    servers.length === 0
      ? ''
      : `of ${listed(servers.map(({ server }) => server))} since ${servers.length === 1 ? 'it' : 'they'} started`,
  ];
  return who.filter((part) => part !== '').join(', and ');
}

function move({ instead }: UsedType['type']): string {
  return instead.length === 0 ? 'Nothing takes its place: stop using it' : `Move these clients to ${listed(instead)}`;
}

function whereToLook(type: UsedType['type'], usage: readonly TypeUsage[]): string {
  if (usage.some(({ source, client }) => source === 'proxy' && client !== FOLLOWER)) return '';
  return ` The audit log names them: requests for ${groupVersion(type)} with the annotation k8s.io/deprecated.`;
}

/** What comes with the program has every feature at its default. */
function orKeepIt({ version }: UsedType['type'], { target }: PreflightFacts): string {
  if (target?.isAbout === undefined || !/alpha|beta/.test(version)) return '';
  return ` Where --runtime-config or a feature gate switches it on, it may stay: compare with a recording or a context of the release as you run it (--to).`;
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
