import type { RoutingSnapshot } from './snapshot.ts';

/**
 * Chooses where a client connection's requests go when nothing else decides and there is no local server: the less loaded
 * of two random ready servers. `undefined` when no server is ready.
 * `random` gives numbers in [0, 1).
 */
export function choosePreferred(
  snapshot: RoutingSnapshot,
  load: (server: number) => number,
  random: () => number,
  tried: ReadonlySet<number>,
): number | undefined {
  const ready: number[] = [];
  snapshot.servers.forEach((server, position) => {
    if (server.ready && !tried.has(position)) ready.push(position);
  });
  return lessLoadedOfTwo(ready, load, random);
}

/** Two random choices spread load almost as well as looking at all, and do not herd (Mitzenmacher 2001). */
export function lessLoadedOfTwo(
  servers: readonly number[],
  load: (server: number) => number,
  random: () => number,
): number | undefined {
  const one = servers[Math.floor(random() * servers.length)];
  const other = servers[Math.floor(random() * servers.length)];
  if (one === undefined || other === undefined) return one;
  return load(other) < load(one) ? other : one;
}
