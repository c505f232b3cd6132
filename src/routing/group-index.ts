import type { ServerDiscovery } from '../discovery/server-discovery.ts';

/** Which servers list a group, or a version of it; for the unaggregated discovery paths. */
export interface GroupIndex {
  serversOf(group: string, version: string | undefined): readonly number[];
}

const NOBODY: readonly number[] = [];

/** `inputs`: each server's position in the snapshot, ascending, with its discovery. The core group is ''. */
export function buildGroupIndex(
  inputs: readonly { readonly server: number; readonly discovery: ServerDiscovery }[],
): GroupIndex {
  const index = new Map<string, number[]>();
  const add = (key: string, server: number) => {
    const servers = index.get(key);
    if (servers === undefined) index.set(key, [server]);
    else if (servers.at(-1) !== server) servers.push(server);
  };
  for (const { server, discovery } of inputs) {
    for (const group of [...discovery.api, ...discovery.apis]) {
      const name = group.metadata.name ?? '';
      add(name, server);
      for (const { version } of group.versions ?? []) add(`${name}/${version}`, server);
    }
  }
  return {
    serversOf: (group, version) => index.get(version === undefined ? group : `${group}/${version}`) ?? NOBODY,
  };
}
