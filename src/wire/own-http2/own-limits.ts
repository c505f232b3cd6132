import type { Http2Limits } from '../http2/limits.ts';
import type { ServerLimits } from '../http2/server-connection.ts';
import type { ListenerLimits } from '../limits.ts';
import type { UpstreamOptions } from '../upstream.ts';

const KIB = 1024;
const MIB = 1024 * KIB;

/** What clients are granted. */
export function listenerLimits(limits: ListenerLimits): ServerLimits {
  return {
    headerBytes: limits.headerBytes,
    streams: limits.streamsPerConnection,
    streamWindow: 256 * KIB,
    connectionWindow: 4 * MIB,
    maxFrameSize: 16 * KIB,
    heldBytes: 16 * MIB,
    resetBurst: limits.resetBurst,
    resetsPerSecond: limits.resetsPerSecond,
    pingIntervalMs: limits.pingIntervalMs,
    pingTimeoutMs: limits.pingTimeoutMs,
    prefaceMs: limits.handshakeMs,
    bodyIdleMs: limits.bodyIdleMs,
    idleMs: limits.connectionIdleMs,
  };
}

/** What servers are granted: long lists and many watches on one connection. */
export function upstreamLimits({ pingIntervalMs, pingTimeoutMs, connectTimeoutMs }: UpstreamOptions): Http2Limits {
  return {
    headerBytes: 256 * KIB,
    streams: 0,
    streamWindow: MIB,
    connectionWindow: 16 * MIB,
    // A server writes a list in fewer and larger steps.
    maxFrameSize: 256 * KIB,
    heldBytes: 32 * MIB,
    resetBurst: 2000,
    resetsPerSecond: 200,
    pingIntervalMs,
    pingTimeoutMs,
    prefaceMs: connectTimeoutMs,
  };
}
