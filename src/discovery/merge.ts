import { type APIGroupDiscovery, apiGroup, apiVersion } from '../kubernetes/aggregated-discovery.ts';
import { compareServerVersions, type ServerVersion } from '../kubernetes/kube-version.ts';
import type { DiscoveryConflict } from './conflict.ts';
import { distinct, type Held, type HeldByServers, mergeByName, pick } from './held.ts';
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
  const steps = new DiscoveryMerge().steps(inputs);
  for (;;) {
    const step = steps.next();
    if (step.done) return step.value;
  }
}

/** Merges again and again: groups of which nothing changed are the same objects in every result. */
export class DiscoveryMerge {
  #made = new Map<string, MergedGroup>();

  /** As `mergeDiscovery`, group by group, so that whoever has something else to do can do it in between. */
  *steps(inputs: readonly MergeInput[]): Generator<void, MergedDiscovery> {
    const newestFirst = distinct(
      [...inputs].sort(compareInputs).map(({ server, ready, fresh, discovery }, rank) => ({
        holders: [{ server, rank }],
        vouched: ready && fresh,
        value: discovery,
      })),
    );
    const conflicts: DiscoveryConflict[] = [];
    const made = new Map<string, MergedGroup>();
    const roots = [];
    for (const root of ['api', 'apis'] as const) {
      const merged: APIGroupDiscovery[] = [];
      for (const [name, descriptions] of descriptionsByName(pick(newestFirst, (discovery) => discovery[root]))) {
        const key = `${root} ${name}`;
        const known = this.#made.get(key);
        const entry = known !== undefined && isOf(known, descriptions) ? known : mergedGroup(name, descriptions);
        // Whom a conflict names is another question than what is published.
        if (entry.conflicts.length === 0) made.set(key, entry);
        conflicts.push(...entry.conflicts);
        merged.push(entry.group);
        yield;
      }
      roots.push(merged);
    }
    this.#made = made;
    const [api = [], apis = []] = roots;
    return { api, apis, conflicts };
  }
}

interface MergedGroup {
  readonly descriptions: HeldByServers<APIGroupDiscovery>;
  readonly group: APIGroupDiscovery;
  readonly conflicts: readonly DiscoveryConflict[];
}

function isOf({ descriptions }: MergedGroup, others: HeldByServers<APIGroupDiscovery>): boolean {
  return (
    descriptions.length === others.length &&
    descriptions.every(({ value, vouched }, i) => value === others[i]?.value && vouched === others[i]?.vouched)
  );
}

function compareInputs(left: MergeInput, right: MergeInput): number {
  const age =
    left.version !== undefined && right.version !== undefined
      ? compareServerVersions(right.version, left.version)
      : Number(left.version === undefined) - Number(right.version === undefined);
  return age || (left.server < right.server ? -1 : 1);
}

/** The groups in merged order, each with its different descriptions. */
function descriptionsByName(
  held: readonly Held<readonly APIGroupDiscovery[]>[],
): readonly (readonly [name: string, HeldByServers<APIGroupDiscovery>])[] {
  return mergeByName(
    held,
    (group) => group.metadata.name,
    mergeOrders,
    (name, same) => {
      const [first, ...others] = distinct(same);
      return [name, first === undefined ? same : [first, ...others]] as const;
    },
  );
}

function mergedGroup(group: string, descriptions: HeldByServers<APIGroupDiscovery>): MergedGroup {
  const conflicts: DiscoveryConflict[] = [];
  const versions = mergeByName(
    pick(descriptions, (entry) => entry.versions ?? []),
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
  return { descriptions, group: apiGroup(group, versions), conflicts };
}
