import { type ReadyServers, readyServers } from './ready-servers.ts';
import type { RoutingSnapshot } from './snapshot.ts';

type Servers = Pick<RoutingSnapshot, 'servers'>;

/** From what a client's preferred server is chosen. */
export interface PreferenceInput {
  readonly load: (server: number) => number;
  /** Gives numbers in [0, 1). */
  readonly random: () => number;
  /** Positions that are not to be chosen. */
  readonly tried: ReadonlySet<number>;
  /** N of a client of v1.N, which prefers servers that are not older; undefined: any will do. */
  readonly minor?: number | undefined;
}

/**
 * Chooses where a client connection's requests go when nothing else decides and there is no local server: the less loaded
 * of two random ready servers that suit the client's version. `undefined` when no server is ready.
 */
export function choosePreferred(
  snapshot: Servers,
  { load, random, tried, minor }: PreferenceInput,
): number | undefined {
  const { positions } = readyServers(snapshot);
  const suiting = suitingCount(snapshot, minor);
  if (tried.size === 0) return lessLoadedOfTwo(positions, load, random, suiting);
  const left = positions.slice(0, suiting).filter((position) => !tried.has(position));
  if (left.length > 0) return lessLoadedOfTwo(left, load, random);
  return lessLoadedOfTwo(
    positions.filter((position) => !tried.has(position)),
    load,
    random,
  );
}

/**
 * Of the first `count` servers. Two random choices spread load almost as well as looking at all, and do not herd
 * (Mitzenmacher 2001).
 */
export function lessLoadedOfTwo(
  servers: readonly number[],
  load: (server: number) => number,
  random: () => number,
  count = servers.length,
): number | undefined {
  const one = servers[Math.floor(random() * count)];
  const other = servers[Math.floor(random() * count)];
  if (one === undefined || other === undefined) return one;
  return load(other) < load(one) ? other : one;
}

/**
 * Ready servers that a client of v1.`minor` prefers (product.md section 6): those that are not older, which know every field
 * and selector it sends; where there are none, the newest. It is a preference only: routing never waits for one of them.
 */
export function suitingServers(snapshot: Servers, minor: number | undefined): readonly number[] {
  return readyServers(snapshot).positions.slice(0, suitingCount(snapshot, minor));
}

/** How many of the ready servers those are: they stand first. */
function suitingCount(snapshot: Servers, minor: number | undefined): number {
  const ready = readyServers(snapshot);
  if (minor === undefined) return ready.positions.length;
  return notOlder(snapshot, ready, minor) || (ready.versions[0]?.length ?? 0);
}

/** Whether the ready server at `position` is one of them. */
export function suits(snapshot: Servers, position: number, minor: number | undefined): boolean {
  if (minor === undefined || reaches(snapshot, position, minor)) return true;
  const newest = readyServers(snapshot).positions[0];
  if (newest === undefined) return true;
  return !reaches(snapshot, newest, minor) && rankOf(snapshot, newest) === rankOf(snapshot, position);
}

/** How many of the ready servers, which stand newest first, are of v1.`minor` or newer. */
function notOlder(snapshot: Servers, { versions }: ReadyServers, minor: number): number {
  let count = 0;
  for (const positions of versions) {
    const [first] = positions;
    if (first === undefined || !reaches(snapshot, first, minor)) break;
    count += positions.length;
  }
  return count;
}

function reaches({ servers }: Servers, position: number, minor: number): boolean {
  const version = servers[position]?.version;
  return version !== undefined && (version.major > 1 || version.minor >= minor);
}

function rankOf({ servers }: Servers, position: number): number | undefined {
  return servers[position]?.ageRank;
}

/** Differences that a few clients make are not worth moving anybody. */
const SPARE = 16;
const TOLERATED_RATIO = 2;

/**
 * Where a client whose ready server is at `preferred` goes from now on: `preferred`, unless it has more than twice the open
 * requests of another random server. Then it moves with the chance that evens out the two if all their clients are asked
 * the same, so that no crowd runs from one to the other; watches stay where they are until they end, as when a client
 * connects anew.
 */
export function reconsidered(snapshot: Servers, preferred: number, input: Omit<PreferenceInput, 'tried'>): number {
  const { load, random, minor } = input;
  const other = readyServers(snapshot).positions[Math.floor(random() * suitingCount(snapshot, minor))];
  if (other === undefined || other === preferred) return preferred;
  const [busy, idle] = [load(preferred), load(other)];
  if (busy <= TOLERATED_RATIO * idle + SPARE) return preferred;
  return random() < (busy - idle) / (2 * busy) ? other : preferred;
}
