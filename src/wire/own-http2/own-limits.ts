import { defaultClientLimits, defaultServerLimits } from '../http2/default-limits.ts';
import type { Http2Limits } from '../http2/limits.ts';
import type { ServerLimits } from '../http2/server-connection.ts';
import type { ListenerLimits } from '../limits.ts';
import type { UpstreamOptions } from '../upstream.ts';

/** What clients are granted. */
export function listenerLimits(limits: ListenerLimits): ServerLimits {
  return {
    ...defaultServerLimits,
    headerBytes: limits.headerBytes,
    streams: limits.streamsPerConnection,
    resetBurst: limits.resetBurst,
    resetsPerSecond: limits.resetsPerSecond,
    pingIntervalMs: limits.pingIntervalMs,
    pingTimeoutMs: limits.pingTimeoutMs,
    prefaceMs: limits.handshakeMs,
    bodyIdleMs: limits.bodyIdleMs,
    idleMs: limits.connectionIdleMs,
  };
}

/** What servers are granted. */
export function upstreamLimits({ pingIntervalMs, pingTimeoutMs, connectTimeoutMs }: UpstreamOptions): Http2Limits {
  return { ...defaultClientLimits, pingIntervalMs, pingTimeoutMs, prefaceMs: connectTimeoutMs };
}
