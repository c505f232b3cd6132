import { type APIGroupDiscovery, apiGroup, apiVersion } from '../kubernetes/aggregated-discovery.ts';
import { compareServerVersions, type ServerVersion } from '../kubernetes/kube-version.ts';
import type { DiscoveryConflict } from './conflict.ts';
import { type Held, mergeByName, pick } from './held.ts';
import { mergeResource } from './merge-resource.ts';
import { mergeNameOrders, mergeOrders, mergeVersionOrders } from './order.ts';
import type { ServerDiscovery } from './server-discovery.ts';

/** One server's part in the merged view. */
export interface MergeInput {
  /** Unique among the inputs. */
  readonly server: string;
  /** Undefined when the server has not told. */
  readonly version: ServerVersion | undefined;
  readonly ready: boolean;
  /** Whether the server confirmed `discovery` recently enough to vouch for what is Current. */
  readonly fresh: boolean;
  readonly discovery: ServerDiscovery;
}

export interface MergedDiscovery extends ServerDiscovery {
  readonly conflicts: readonly DiscoveryConflict[];
}

/**
 * The union of what all servers serve.
 *
 * The newest server leads: its order and its description of what it has are kept, and what it lacks is inserted, versions
 * as Kubernetes prefers them, everything else where the next newest servers have it. Verbs are united, alphabetically
 * where servers differ. A group-version is Current if a ready and fresh server says so, else Stale.
 *
 * The result does not depend on the order of `inputs`, so that replicas publish equal bytes. Servers of one version lead
 * by name, and those that have not told their version come last.
 */
export function mergeDiscovery(inputs: readonly MergeInput[]): MergedDiscovery {
  const newestFirst = [...inputs].sort(compareInputs).map(({ server, ready, fresh, discovery }) => ({
    server,
    vouched: ready && fresh,
    value: discovery,
  }));
  const conflicts: DiscoveryConflict[] = [];
  const api = mergeGroups(
    pick(newestFirst, (discovery) => discovery.api),
    conflicts,
  );
  const apis = mergeGroups(
    pick(newestFirst, (discovery) => discovery.apis),
    conflicts,
  );
  return { api, apis, conflicts };
}

function compareInputs(left: MergeInput, right: MergeInput): number {
  const age =
    left.version !== undefined && right.version !== undefined
      ? compareServerVersions(right.version, left.version)
      : Number(left.version === undefined) - Number(right.version === undefined);
  return age || (left.server < right.server ? -1 : 1);
}

function mergeGroups(
  held: readonly Held<readonly APIGroupDiscovery[]>[],
  conflicts: DiscoveryConflict[],
): readonly APIGroupDiscovery[] {
  return mergeByName(
    held,
    (entry) => entry.metadata.name,
    mergeOrders,
    (group, sameGroup) => {
      const lists = pick(sameGroup, (entry) => entry.versions ?? []);
      const versions = mergeByName(
        lists,
        (entry) => entry.version,
        mergeVersionOrders,
        (version, sameVersion) =>
          apiVersion({
            version,
            resources: mergeByName(
              pick(sameVersion, (entry) => entry.resources ?? []),
              (entry) => entry.resource,
              mergeNameOrders,
              (resource, sameResource) => mergeResource({ group, version, resource }, sameResource, conflicts),
            ),
            freshness: sameVersion.some(({ vouched, value }) => vouched && value.freshness !== 'Stale')
              ? 'Current'
              : 'Stale',
          }),
      );
      return apiGroup(group, versions);
    },
  );
}
