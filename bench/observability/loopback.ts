import type { Upstream } from '../../src/wire/upstream.ts';
import { openUpstream } from '../../src/wire/upstream-pool.ts';

/** Where client, proxy and server listen. */
export const HOST = '127.0.0.1';
/** For whom the certificates of proxy and server are. */
export const SERVER_NAME = 'kubernetes.default.svc';

/** One HTTP/2 connection over TLS to `port`, whose certificate is of `ca` (PEM). */
export function openLoopback(port: number, ca: string): Upstream {
  return openUpstream({
    host: HOST,
    port,
    servername: SERVER_NAME,
    ca,
    certificate: undefined,
    connectTimeoutMs: 10_000,
    pingIntervalMs: 60_000,
    pingTimeoutMs: 60_000,
    maxConnections: 1,
    onEvent: undefined,
  });
}
