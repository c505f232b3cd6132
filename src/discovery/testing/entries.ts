import type { ServerDiscovery } from '../server-discovery.ts';

export interface Entry {
  readonly group: string;
  readonly version: string;
  readonly resource?: string;
  readonly subresource?: string;
  readonly verb?: string;
}

/** Everything a server serves, flat: each group-version, resource, subresource and verb is one entry, in order. */
export function* entriesOf({ api, apis }: ServerDiscovery): Generator<Entry> {
  for (const { metadata, versions = [] } of [...api, ...apis]) {
    for (const { version, resources = [] } of versions) {
      const groupVersion = { group: metadata.name, version };
      yield groupVersion;
      for (const { resource, verbs, subresources = [] } of resources) {
        yield { ...groupVersion, resource };
        for (const verb of verbs) yield { ...groupVersion, resource, verb };
        for (const { subresource, verbs: subVerbs } of subresources) {
          yield { ...groupVersion, resource, subresource };
          for (const verb of subVerbs) yield { ...groupVersion, resource, subresource, verb };
        }
      }
    }
  }
}

/** The same as texts without order, for comparing content. */
export function entrySet(...discoveries: readonly ServerDiscovery[]): ReadonlySet<string> {
  return new Set(discoveries.flatMap((discovery) => [...entriesOf(discovery)].map((entry) => JSON.stringify(entry))));
}
