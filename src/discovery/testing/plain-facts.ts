/*
 * What documents say, read from their plain JSON as client-go reads it, by none of the code that made them.
 */

/** One resource or subresource, as a client understands it from any shape. */
export interface PlainResource {
  readonly namespaced: boolean;
  /** `GROUP/VERSION/KIND`; an empty group or version of the entry means the list's. */
  readonly kind: string;
  readonly singularName: string;
  readonly verbs: readonly string[];
  readonly shortNames: readonly string[];
  readonly categories: readonly string[];
}

/** What can be said in every shape. */
export interface PlainFacts {
  /** In order; '' is the core group. */
  readonly groups: readonly string[];
  /** By group, in order. */
  readonly versions: ReadonlyMap<string, readonly string[]>;
  /** By group: what a client takes when it is not told which version to use. */
  readonly preferred: ReadonlyMap<string, string>;
  /** By `GROUP/VERSION`, those that can be read; by `RESOURCE` or `RESOURCE/SUBRESOURCE`, in order. */
  readonly resources: ReadonlyMap<string, ReadonlyMap<string, PlainResource>>;
}

interface Kind {
  readonly group?: string;
  readonly version?: string;
  readonly kind?: string;
}

interface Entry {
  readonly responseKind?: Kind;
  readonly verbs: string[] | null;
}

interface AggregatedJson {
  readonly items: {
    readonly metadata: { readonly name?: string };
    readonly versions?: {
      readonly version: string;
      readonly freshness?: string;
      readonly resources?: (Entry & {
        readonly resource: string;
        readonly scope: string;
        readonly singularResource: string;
        readonly shortNames?: string[];
        readonly categories?: string[];
        readonly subresources?: (Entry & { readonly subresource: string })[];
      })[];
    }[];
  }[];
}

/**
 * The facts of aggregated documents, of `/api` and `/apis` together. A version that is Stale counts as unreadable, as with
 * client-go. `complete` also gives what unaggregated documents have no place for: what Stale versions list, and resources
 * that are only there to hold subresources.
 */
export function factsOfAggregated(documents: readonly string[], complete = false): PlainFacts {
  const groups: string[] = [];
  const versions = new Map<string, string[]>();
  const preferred = new Map<string, string>();
  const resources = new Map<string, Map<string, PlainResource>>();
  for (const text of documents) {
    const { items }: AggregatedJson = JSON.parse(text);
    for (const { metadata, versions: listed = [] } of items) {
      const group = metadata.name ?? '';
      // Unaggregated documents cannot name a group without versions.
      if (listed.length === 0) continue;
      groups.push(group);
      versions.set(
        group,
        listed.map(({ version }) => version),
      );
      const first = listed.find(({ freshness }) => freshness !== 'Stale') ?? listed[0];
      preferred.set(group, first?.version ?? '');
      for (const { version, freshness, resources: entries = [] } of listed) {
        if (freshness === 'Stale' && !complete) continue;
        const list = new Map<string, PlainResource>();
        for (const entry of entries) {
          const { resource, scope, singularResource, subresources = [] } = entry;
          const common = { namespaced: scope === 'Namespaced' };
          const isHolder = !entry.responseKind?.kind && !entry.verbs?.length && subresources.length > 0;
          if (complete || !isHolder) {
            list.set(resource, {
              ...common,
              ...kindAndVerbs(entry, group, version),
              singularName: singularResource,
              shortNames: entry.shortNames ?? [],
              categories: entry.categories ?? [],
            });
          }
          for (const sub of subresources) {
            list.set(`${resource}/${sub.subresource}`, {
              ...common,
              ...kindAndVerbs(sub, group, version),
              singularName: '',
              shortNames: [],
              categories: [],
            });
          }
        }
        resources.set(`${group}/${version}`, list);
      }
    }
  }
  return { groups, versions, preferred, resources };
}

function kindAndVerbs({ responseKind = {}, verbs }: Entry, group: string, version: string) {
  const isInherited = !responseKind.group && !responseKind.version;
  const kind = isInherited
    ? { group, version }
    : { group: responseKind.group ?? '', version: responseKind.version ?? '' };
  return { kind: `${kind.group}/${kind.version}/${responseKind.kind ?? ''}`, verbs: verbs ?? [] };
}

interface GroupJson {
  readonly name: string;
  readonly versions: { readonly groupVersion: string; readonly version: string }[];
  readonly preferredVersion?: { readonly groupVersion: string; readonly version: string };
}

interface ResourceListJson {
  readonly groupVersion: string;
  readonly resources: {
    readonly name: string;
    readonly singularName: string;
    readonly namespaced: boolean;
    readonly group?: string;
    readonly version?: string;
    readonly kind: string;
    readonly verbs: string[] | null;
    readonly shortNames?: string[];
    readonly categories?: string[];
  }[];
}

/**
 * The facts of unaggregated documents, walked as client-go walks them: `/apis`, then each list it leads to; `/api/v1` for
 * the core group. Throws when a group's own document says something else than its entry in `/apis`.
 */
export function factsOfUnaggregated(core: readonly string[], read: (path: string) => string | undefined): PlainFacts {
  const versions = new Map<string, string[]>();
  const preferred = new Map<string, string>();
  const resources = new Map<string, Map<string, PlainResource>>();
  const readList = (group: string, version: string) => {
    const text = read(group === '' ? `/api/${version}` : `/apis/${group}/${version}`);
    if (text === undefined) return;
    const list = new Map<string, PlainResource>();
    const { resources: entries, groupVersion }: ResourceListJson = JSON.parse(text);
    if (groupVersion !== (group === '' ? version : `${group}/${version}`))
      throw new Error(`${groupVersion} is misplaced`);
    for (const { name, singularName, namespaced, kind, verbs, shortNames = [], categories = [], ...own } of entries) {
      const inherited = !own.group && !own.version;
      const place = inherited ? `${group}/${version}` : `${own.group ?? ''}/${own.version ?? ''}`;
      list.set(name, {
        namespaced,
        kind: `${place}/${kind}`,
        singularName,
        verbs: verbs ?? [],
        shortNames,
        categories,
      });
    }
    resources.set(`${group}/${version}`, list);
  };
  const groups: string[] = [];
  if (core.length > 0) {
    groups.push('');
    versions.set('', [...core]);
    for (const version of core) readList('', version);
    // APIVersions has no word for it, and no server ever had more than v1.
    preferred.set('', core.find((version) => resources.has(`/${version}`)) ?? core[0] ?? '');
  }
  const { groups: listed }: { groups: GroupJson[] } = JSON.parse(read('/apis') ?? '{"groups":[]}');
  for (const group of listed) {
    const { kind, apiVersion, ...own } = JSON.parse(read(`/apis/${group.name}`) ?? '{}');
    if (kind !== 'APIGroup' || apiVersion !== 'v1' || JSON.stringify(own) !== JSON.stringify(group)) {
      throw new Error(`/apis/${group.name} is not what /apis says`);
    }
    groups.push(group.name);
    versions.set(
      group.name,
      group.versions.map(({ version }) => version),
    );
    preferred.set(group.name, group.preferredVersion?.version ?? '');
    for (const { version } of group.versions) readList(group.name, version);
  }
  return { groups, versions, preferred, resources };
}

/** Everything one entry at a time: `GROUP/VERSION`, with the resource, subresource and verb as far as it goes. */
export function flatFacts({ versions, resources }: PlainFacts): ReadonlySet<string> {
  const flat = new Set<string>();
  for (const [group, names] of versions) for (const version of names) flat.add(`${group}/${version}`);
  for (const [groupVersion, list] of resources) {
    for (const [name, { verbs }] of list) {
      flat.add(`${groupVersion} ${name}`);
      for (const verb of verbs) flat.add(`${groupVersion} ${name} ${verb}`);
    }
  }
  return flat;
}
