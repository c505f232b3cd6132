import { type ServedDocument, type ServedGroup, type ServedGroups, servedGroups } from '../discovery/served-groups.ts';
import { NO_SERVERS, type ServerSet, type ServerSets } from '../discovery/server-sets.ts';

/** Which servers list a group, or a version of it; for the unaggregated discovery paths. */
export interface GroupIndex {
  /** Ascending. The core group is ''. */
  serversOf(group: string, version: string | undefined): readonly number[];
}

/** Who lists one group. Indexes that follow each other share the groups that did not change. */
interface GroupListing {
  readonly servers: ServerSet;
  readonly versions: ReadonlyMap<string, ServerSet>;
}

const madeOf = new WeakMap<ServedGroup, GroupListing>();

/** `inputs`: each server's position in the snapshot with its discovery. */
export function buildGroupIndex(inputs: readonly ServedDocument[]): GroupIndex {
  return groupIndexOf(servedGroups(inputs));
}

/** As in the table, a group is looked through when somebody asks for it first. */
export function groupIndexOf({ groups, sets }: ServedGroups): GroupIndex {
  return {
    serversOf(group, version) {
      const served = groups.get(group);
      if (served === undefined) return NO_SERVERS;
      const listing = listingOf(served, sets);
      return version === undefined ? listing.servers : (listing.versions.get(version) ?? NO_SERVERS);
    },
  };
}

function listingOf(served: ServedGroup, sets: ServerSets): GroupListing {
  const known = madeOf.get(served);
  if (known !== undefined) return known;
  const versions = new Map<string, ServerSet[]>();
  for (const { servers, group } of served) {
    for (const { version } of group.versions ?? []) {
      const listing = versions.get(version);
      if (listing === undefined) versions.set(version, [servers]);
      else listing.push(servers);
    }
  }
  const made = {
    servers: sets.union(served.map(({ servers }) => servers)),
    versions: new Map([...versions].map(([version, listing]) => [version, sets.union(listing)])),
  };
  madeOf.set(served, made);
  return made;
}
