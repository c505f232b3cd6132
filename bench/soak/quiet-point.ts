import { setTimeout as delay } from 'node:timers/promises';
import type { ProxyProbe } from '../chaos/proxy-probe.ts';
import type { ProxyGauge } from './proxy-gauge.ts';

/** What the proxy holds while nobody asks for anything, right after a garbage collection. */
export interface QuietPoint {
  /** Seconds since the beginning. */
  readonly at: number;
  readonly residentMiB: number;
  readonly heapMiB: number;
  readonly buffersMiB: number;
  readonly exchanges: number;
  /** Servers with which they are open, and how many. */
  readonly openWith: string;
  readonly clientSockets: number;
  readonly serverSockets: number;
  /** File descriptors of any kind. */
  readonly files: number;
}

/** After the last client has closed its connections. */
const SETTLE_MS = 10_000;
const POLL_MS = 100;

/** Waits until nothing is open any longer, but not for long, and measures. */
export async function quietPoint(gauge: ProxyGauge, probe: ProxyProbe, at: number): Promise<QuietPoint> {
  const deadline = performance.now() + SETTLE_MS;
  let exchanges = await gauge.exchanges();
  let sockets = await gauge.sockets();
  while (exchanges.size + sockets.clients > 0 && performance.now() < deadline) {
    await delay(POLL_MS);
    exchanges = await gauge.exchanges();
    sockets = await gauge.sockets();
  }
  const { residentMiB, heapMiB, buffersMiB, files } = await probe.sample(at);
  return {
    at,
    residentMiB,
    heapMiB,
    buffersMiB,
    exchanges: [...exchanges.values()].reduce((sum, count) => sum + count, 0),
    openWith: [...exchanges].map(([server, count]) => `${server}: ${count}`).join(', '),
    clientSockets: sockets.clients,
    serverSockets: sockets.servers,
    files,
  };
}

/** What is still open although everybody has gone. */
export function stuckAt({ exchanges, openWith, clientSockets }: QuietPoint): string | undefined {
  if (exchanges + clientSockets === 0) return undefined;
  return `${exchanges} exchanges with servers (${openWith}) and ${clientSockets} connections of clients are open although no client is there`;
}
