import { type Discovered, type DiscoveredResource, discover, preferredResources } from '../client/discovery-client.ts';
import type { LabClient } from '../client/lab-client.ts';

const TRIES = 2;
const NEEDED = ['delete', 'list', 'watch'];

/** Types that the garbage collector watches, and the group-versions about which discovery said nothing. */
export interface DeletableResources {
  readonly resources: readonly DiscoveredResource[];
  readonly failed: ReadonlySet<string>;
}

/**
 * Every type whose objects can be deleted, listed and watched, in its preferred version, but for events (GetDeletableResources
 * and DefaultIgnoredResources, kubernetes pkg/controller/garbagecollector). Rejects with ClientError.
 */
export async function deletableResources(client: LabClient): Promise<DeletableResources> {
  let discovered: Discovered = await discover(client);
  for (let tries = 1; discovered.failed.size > 0 && tries < TRIES; tries += 1) discovered = await discover(client);
  const resources = preferredResources(discovered).filter(
    ({ group, resource, verbs }) =>
      NEEDED.every((verb) => verbs.includes(verb)) &&
      !(resource === 'events' && (group === '' || group === 'events.k8s.io')),
  );
  return { resources, failed: new Set(discovered.failed.keys()) };
}
