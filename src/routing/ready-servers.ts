import type { RoutableServer, RoutingSnapshot } from './snapshot.ts';

/** Positions of ready servers, newest version first; those of one version stand together. */
export interface ReadyServers {
  readonly positions: readonly number[];
  /** The same, one list for each version. */
  readonly versions: readonly (readonly number[])[];
}

type Servers = Pick<RoutingSnapshot, 'servers'>;

const ofAll = new WeakMap<readonly RoutableServer[], ReadyServers>();
const ofSets = new WeakMap<readonly RoutableServer[], WeakMap<readonly number[], ReadyServers>>();

/** Of all servers. Found out once for each snapshot, so that a decision costs the same however many servers there are. */
export function readyServers({ servers }: Servers): ReadyServers {
  const known = ofAll.get(servers);
  if (known !== undefined) return known;
  const found = select(servers, servers.keys());
  ofAll.set(servers, found);
  return found;
}

/** Of `candidates` (ascending), likewise: a table has each set of servers once. */
export function readyAmong({ servers }: Servers, candidates: readonly number[]): ReadyServers {
  let sets = ofSets.get(servers);
  if (sets === undefined) {
    sets = new WeakMap();
    ofSets.set(servers, sets);
  }
  const known = sets.get(candidates);
  if (known !== undefined) return known;
  const found = select(servers, candidates);
  sets.set(candidates, found);
  return found;
}

function select(servers: readonly RoutableServer[], candidates: Iterable<number>): ReadyServers {
  const positions: number[] = [];
  const versions: number[][] = [];
  let rank: number | undefined;
  for (const position of candidates) {
    const server = servers[position];
    if (server?.ready !== true) continue;
    positions.push(position);
    if (server.ageRank === rank) versions.at(-1)?.push(position);
    else versions.push([position]);
    rank = server.ageRank;
  }
  return { positions, versions };
}

/** Whether `position` is one of `positions`, which ascend. */
export function has(positions: readonly number[], position: number): boolean {
  let low = 0;
  let high = positions.length - 1;
  while (low <= high) {
    const middle = (low + high) >>> 1;
    const found = positions[middle];
    if (found === undefined) return false;
    if (found === position) return true;
    if (found < position) low = middle + 1;
    else high = middle - 1;
  }
  return false;
}
