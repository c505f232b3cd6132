import type { ServerDiscovery } from '../../discovery/server-discovery.ts';
import type { TimelineNews } from './timeline.ts';

/** Names that one item lists; of the others there are too many to be read. */
const MOST_LISTED = 100;
/** Names that its sentence has. */
const MOST_SAID = 5;

/** The resources of a group-version, and whether a ready server vouches for them. */
interface Seen {
  readonly group: string;
  readonly version: string;
  readonly stale: boolean;
  readonly resources: ReadonlySet<string>;
}

/** What another merged view means to clients: which types came, went, or are not vouched for; undefined: nothing of it. */
export function viewChange(before: ServerDiscovery, after: ServerDiscovery): TimelineNews | undefined {
  const [old, now] = [seenIn(before), seenIn(after)];
  const appeared: string[] = [];
  const vanished: string[] = [];
  const stale: string[] = [];
  const current: string[] = [];
  for (const [name, seen] of now) {
    const was = old.get(name);
    if (was === undefined) appeared.push(name);
    else {
      appeared.push(...lacking(seen, was));
      vanished.push(...lacking(was, seen));
      if (seen.stale && !was.stale) stale.push(name);
      if (was.stale && !seen.stale) current.push(name);
    }
  }
  for (const name of old.keys()) if (!now.has(name)) vanished.push(name);
  const parts = [
    said(appeared, 'appeared'),
    said(vanished, 'vanished'),
    said(stale, 'stale: no ready server vouches for it'),
    said(current, 'vouched for again'),
  ].filter((part) => part !== '');
  if (parts.length === 0) return undefined;
  const shown = (names: readonly string[]) => names.slice(0, MOST_LISTED);
  return {
    type: 'view',
    text: `The merged view changed: ${parts.join('; ')}.`,
    appeared: shown(appeared),
    vanished: shown(vanished),
    stale: shown(stale),
    current: shown(current),
  };
}

function seenIn({ api, apis }: ServerDiscovery): ReadonlyMap<string, Seen> {
  const seen = new Map<string, Seen>();
  for (const { metadata, versions = [] } of [...api, ...apis]) {
    const group = metadata.name ?? '';
    for (const { version, resources = [], freshness } of versions) {
      seen.set(group === '' ? version : `${group}/${version}`, {
        group,
        version,
        stale: freshness === 'Stale',
        resources: new Set(resources.map(({ resource }) => resource)),
      });
    }
  }
  return seen;
}

/** Resources of `some` that `other` has not. */
function lacking({ group, version, resources }: Seen, other: Seen): readonly string[] {
  return [...resources]
    .filter((resource) => !other.resources.has(resource))
    .map((resource) => `${resource}.${version}${group === '' ? '' : `.${group}`}`);
}

function said(names: readonly string[], what: string): string {
  if (names.length === 0) return '';
  const more = names.length > MOST_SAID ? ` and ${names.length - MOST_SAID} more` : '';
  return `${names.slice(0, MOST_SAID).join(', ')}${more} ${what}`;
}
