import { compareServerVersions, type ServerVersion, versionText } from '../kubernetes/kube-version.ts';
import { OWN_GROUPS } from '../kubernetes/own-groups.ts';
import type { RawFinding } from './finding-list.ts';
import type { PlainRow, VersionListing } from './group-listing.ts';
import type { SkewCode } from './skew-codes.ts';
import type { SkewCell } from './skew-report.ts';
import { type SkewServer, serversText } from './skew-server.ts';

/** What there is to say of one row but for how it is stored. `listings` are those of its group-version. */
export function rowFindings(
  row: PlainRow,
  listings: readonly VersionListing[],
  servers: readonly SkewServer[],
): readonly RawFinding[] {
  return [
    // A subresource has the scope of its resource.
    ...(row.subresource === '' ? valueConflict(row, servers, 'scope', 'ScopeConflict') : []),
    ...valueConflict(row, servers, 'kind', 'KindConflict'),
    ...served(row, listings, servers),
    ...verbs(row, servers),
    ...stale(row, servers),
  ];
}

/** `clustertrustbundles in certificates.k8s.io/v1`. */
export function subjectOf(group: string, version: string, resources: readonly string[] = []): string {
  const groupVersion = [group, version].filter((part) => part !== '').join('/') || 'the core group';
  return resources.length === 0 ? groupVersion : `${listText(resources)} in ${groupVersion}`;
}

const SHOWN = 6;

/** The first of them by name. */
export function listText(names: readonly string[]): string {
  const more = names.length - SHOWN;
  return more > 1 ? `${names.slice(0, SHOWN).join(', ')} and ${more} more` : names.join(', ');
}

/** `serves` of one server, `serve` of several. */
export function verb(servers: readonly unknown[], one: string, several: string): string {
  return servers.length === 1 ? one : several;
}

export function hasIt({ serves }: SkewCell): boolean {
  return serves === 'yes' || serves === 'stale';
}

export function resourceName({ resource, subresource }: PlainRow): string {
  return subresource === '' ? resource : `${resource}/${subresource}`;
}

function served(
  row: PlainRow,
  listings: readonly VersionListing[],
  servers: readonly SkewServer[],
): readonly RawFinding[] {
  const having = servers.filter((_, at) => row.servers[at] !== undefined && hasIt(row.servers[at]));
  const lacking = servers.filter((_, at) => row.servers[at]?.serves === 'no');
  if (having.length === 0 || lacking.length === 0) return [];
  const { group, version } = row;
  const release = OWN_GROUPS.has(group) ? releaseCode(having, lacking) : undefined;
  const code = release?.code ?? 'ServersDiffer';
  // Nobody who lacks one of the resources has the version at all.
  const isWhole = servers.every((_, at) => row.servers[at]?.serves !== 'no' || listings[at]?.state === 'absent');
  const say = (resources: readonly string[]) => {
    const subject = subjectOf(group, version, isWhole ? [] : resources);
    const what = isWhole ? `${subject} (${listText(resources)})` : subject;
    const serve = `${serversText(having)} ${verb(having, 'serves', 'serve')} ${what}`;
    const fact = `${serve}, ${serversText(lacking)} ${verb(lacking, 'does', 'do')} not`;
    return { subject, text: `${fact}: ${release?.text ?? unexplained(group)}.` };
  };
  const key = row.servers.map(({ serves }) => serves).join();
  return [{ code, group, version, resource: resourceName(row), key, servers: lacking.map(nameOf), say }];
}

function unexplained(group: string): string {
  return OWN_GROUPS.has(group)
    ? 'their releases do not explain that, so that --runtime-config or --feature-gates of the servers differ'
    : 'what all servers read from the same objects some of them have not taken up yet, or cannot';
}

/** What the releases of the servers say, if they say it. */
function releaseCode(
  having: readonly SkewServer[],
  lacking: readonly SkewServer[],
): { readonly code: SkewCode; readonly text: string } | undefined {
  const [leastHaving, mostHaving] = range(having);
  const [leastLacking, mostLacking] = range(lacking);
  if (leastHaving !== undefined && mostLacking !== undefined && compareServerVersions(leastHaving, mostLacking) > 0) {
    const text = `among these servers it exists from ${versionText(leastHaving)} on, so that it comes with the upgrade`;
    return { code: 'OnlyNewerReleases', text };
  }
  if (mostHaving !== undefined && leastLacking !== undefined && compareServerVersions(mostHaving, leastLacking) < 0) {
    const text = `among these servers it exists up to ${versionText(mostHaving)}, so that it goes away with the upgrade`;
    return { code: 'OnlyOlderReleases', text };
  }
  return undefined;
}

/** Oldest and newest release; both undefined when a server has not told its own. */
function range(servers: readonly SkewServer[]): readonly [ServerVersion | undefined, ServerVersion | undefined] {
  const versions = servers.flatMap(({ version }) => version ?? []);
  if (versions.length < servers.length) return [undefined, undefined];
  const sorted = versions.toSorted(compareServerVersions);
  return [sorted[0], sorted.at(-1)];
}

function verbs(row: PlainRow, servers: readonly SkewServer[]): readonly RawFinding[] {
  const [first, ...others] = row.servers.filter(hasIt);
  if (first === undefined || others.every((cell) => areSame(cell.verbs, first.verbs))) return [];
  const all = [...new Set(row.servers.flatMap((cell) => cell.verbs))].sort();
  const missing = row.servers.map((cell) => (hasIt(cell) ? all.filter((each) => !cell.verbs.includes(each)) : []));
  const without = servers.filter((_, at) => (missing[at]?.length ?? 0) > 0);
  if (without.length === 0) return [];
  const { group, version } = row;
  const say = (resources: readonly string[]) => {
    const subject = subjectOf(group, version, resources);
    const texts = servers.flatMap((server, at) => {
      const lacks = missing[at] ?? [];
      return lacks.length === 0 ? [] : [`${serversText([server])} does not know ${lacks.join(', ')}`];
    });
    return { subject, text: `Of ${subject} ${texts.join('; ')}: requests with it are answered 405 there.` };
  };
  const key = missing.map((each) => each.join()).join(';');
  return [{ code: 'VerbsDiffer', group, version, resource: resourceName(row), key, servers: without.map(nameOf), say }];
}

/** Servers list verbs in one order nearly always. */
function areSame(one: readonly string[], other: readonly string[]): boolean {
  if (one === other) return true;
  if (one.length !== other.length) return false;
  return one.every((each, at) => each === other[at]) || one.every((each) => other.includes(each));
}

function stale(row: PlainRow, servers: readonly SkewServer[]): readonly RawFinding[] {
  const found = servers.filter((_, at) => row.servers[at]?.serves === 'stale');
  return found.length === 0 ? [] : [staleFinding(row, found, resourceName(row))];
}

/** That servers list a group-version, or a resource of it, as Stale. */
export function staleFinding(
  { group, version }: { readonly group: string; readonly version: string },
  servers: readonly SkewServer[],
  resource?: string,
): RawFinding {
  const say = (resources: readonly string[]) => {
    const subject = subjectOf(group, version);
    const what = resources.length === 0 ? subject : `${subject} (${listText(resources)})`;
    const list = `${serversText(servers)} ${verb(servers, 'lists', 'list')} ${what} as Stale`;
    return { subject, text: `${list}: the extension server behind it did not answer, and requests for it get 503.` };
  };
  return {
    code: 'Stale',
    group,
    version,
    resource,
    key: servers.map(nameOf).join(),
    servers: servers.map(nameOf),
    say,
  };
}

function valueConflict(
  row: PlainRow,
  servers: readonly SkewServer[],
  field: 'scope' | 'kind',
  code: SkewCode,
): readonly RawFinding[] {
  const others = servers.filter((_, at) => row.servers[at]?.[field] !== undefined);
  if (others.length === 0) return [];
  const { group, version } = row;
  const values = row.servers.map((cell) => (hasIt(cell) ? (cell[field] ?? row[field]) : ''));
  const say = (resources: readonly string[]) => {
    const subject = subjectOf(group, version, resources);
    const said = [...new Set(values)]
      .filter((value) => value !== '')
      .map((value) => `${value} on ${serversText(servers.filter((_, at) => values[at] === value))}`);
    const effect =
      field === 'scope'
        ? 'a client that goes by one of them builds URLs that the other answers 404'
        : 'a client that goes by one of them cannot read what the other returns';
    return { subject, text: `${subject} ${verb(resources, 'is', 'are')} ${said.join(', ')}: ${effect}.` };
  };
  return [{ code, group, version, resource: resourceName(row), key: values.join(), servers: others.map(nameOf), say }];
}

function nameOf({ name }: SkewServer): string {
  return name;
}
