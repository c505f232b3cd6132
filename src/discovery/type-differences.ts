import type { ServerDiscovery } from './server-discovery.ts';

/** How many of what several servers serve are not served by all of them. */
export interface TypeDifferences {
  readonly groupVersions: number;
  /** By group and version. */
  readonly resources: number;
}

const NONE: TypeDifferences = { groupVersions: 0, resources: 0 };

/** Of one document for each server; equal documents cost what one does. */
export function typeDifferences(documents: Iterable<ServerDiscovery>): TypeDifferences {
  const distinct = [...new Set(documents)];
  if (distinct.length < 2) return NONE;
  const groupVersions = new Counts();
  const resources = new Counts();
  for (const { api, apis } of distinct) {
    for (const { metadata, versions = [] } of [...api, ...apis]) {
      for (const { version, resources: listed = [] } of versions) {
        const groupVersion = `${metadata.name}/${version}`;
        groupVersions.add(groupVersion);
        for (const { resource } of listed) resources.add(`${groupVersion}/${resource}`);
      }
    }
  }
  return { groupVersions: groupVersions.below(distinct.length), resources: resources.below(distinct.length) };
}

class Counts {
  readonly #byName = new Map<string, number>();

  add(name: string): void {
    this.#byName.set(name, (this.#byName.get(name) ?? 0) + 1);
  }

  below(bound: number): number {
    let count = 0;
    for (const each of this.#byName.values()) if (each < bound) count++;
    return count;
  }
}
