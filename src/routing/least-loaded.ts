/** What is known of servers besides the snapshot when one of several equals is chosen. */
export interface Choice {
  /** Positions that failed already. */
  readonly tried: ReadonlySet<number>;
  /** Open requests of a server. */
  readonly load: (server: number) => number;
  /** In [0, 1): which of equally loaded servers it is. Callers with different numbers spread over them. */
  readonly draw: number;
}

/** Up to so many servers are all compared; of more, two. */
const COMPARED = 8;

/**
 * The least loaded of `servers`, or of many the less loaded of two: that spreads almost as well, does not herd
 * (Mitzenmacher 2001), and costs the same however many there are. `undefined`: all of them were tried.
 */
export function leastLoaded(servers: readonly number[], choice: Choice): number | undefined {
  const count = servers.length;
  const start = choice.draw * count;
  const first = Math.floor(start);
  if (count <= COMPARED) return leastOf(servers, first, choice);
  const second = (first + 1 + Math.floor((start - first) * (count - 1))) % count;
  const { tried, load } = choice;
  const [one, other] = [servers[first], servers[second]];
  const isOne = one !== undefined && !tried.has(one);
  const isOther = other !== undefined && !tried.has(other);
  if (isOne && isOther) return load(other) < load(one) ? other : one;
  if (isOne) return one;
  return isOther ? other : untriedFrom(servers, first, tried);
}

/** A request fails at a few servers at most, so that this looks at a few. */
function untriedFrom(servers: readonly number[], first: number, tried: ReadonlySet<number>): number | undefined {
  for (let i = 0; i < servers.length; i++) {
    const server = servers[(first + i) % servers.length];
    if (server !== undefined && !tried.has(server)) return server;
  }
  return undefined;
}

/** Of equally loaded ones the first from index `first` on. */
function leastOf(servers: readonly number[], first: number, { tried, load }: Choice): number | undefined {
  let chosen: number | undefined;
  let fewest = Number.POSITIVE_INFINITY;
  for (let i = 0; i < servers.length; i++) {
    const server = servers[(first + i) % servers.length];
    if (server === undefined || tried.has(server)) continue;
    const open = load(server);
    if (open >= fewest) continue;
    chosen = server;
    fewest = open;
  }
  return chosen;
}
