import type { ServerDiscovery } from '../../discovery/server-discovery.ts';
import type { APIGroupDiscovery } from '../../kubernetes/aggregated-discovery.ts';

/** The first type of `previous`, as a path, that `read` does not list any more; undefined when nothing is lost. */
export function firstLoss(read: ServerDiscovery, previous: ServerDiscovery): string | undefined {
  if (read === previous) return undefined;
  const lists = new Map([...read.api, ...read.apis].flatMap((group) => listsOf(group)));
  for (const [path, resources] of [...previous.api, ...previous.apis].flatMap((group) => listsOf(group))) {
    const listed = lists.get(path);
    if (listed === undefined) return path;
    for (const resource of resources) if (!listed.has(resource)) return `${path}/${resource}`;
  }
  return undefined;
}

function listsOf({ metadata: { name }, versions = [] }: APIGroupDiscovery): [string, ReadonlySet<string>][] {
  const root = name === '' ? '/api' : `/apis/${name}`;
  return versions.map(({ version, resources = [] }) => [
    `${root}/${version}`,
    new Set(resources.map(({ resource }) => resource)),
  ]);
}
