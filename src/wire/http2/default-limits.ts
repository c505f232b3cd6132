import type { Http2Limits } from './limits.ts';
import type { ServerLimits } from './server-connection.ts';

const KIB = 1024;
const MIB = 1024 * KIB;

/** What a client is granted where nothing else is known of it. */
export const defaultServerLimits: ServerLimits = {
  headerBytes: 64 * KIB,
  streams: 250,
  streamWindow: 256 * KIB,
  connectionWindow: 4 * MIB,
  maxFrameSize: 16 * KIB,
  heldBytes: 16 * MIB,
  // An informer-heavy client cancels hundreds of watches at once.
  resetBurst: 2000,
  resetsPerSecond: 200,
  pingIntervalMs: 30_000,
  pingTimeoutMs: 15_000,
  prefaceMs: 10_000,
  bodyIdleMs: 60_000,
  idleMs: 120_000,
};

/** What a server is granted: long lists and many watches on one connection. */
export const defaultClientLimits: Http2Limits = {
  headerBytes: 256 * KIB,
  // Of the server's own, which pushes nothing.
  streams: 0,
  streamWindow: 512 * KIB,
  connectionWindow: 16 * MIB,
  // A server writes a list in fewer and larger steps.
  maxFrameSize: 256 * KIB,
  // A hundred streams, which is what kube-apiserver allows, may all be left lying at once.
  heldBytes: 64 * MIB,
  resetBurst: 2000,
  resetsPerSecond: 200,
  pingIntervalMs: 30_000,
  pingTimeoutMs: 15_000,
  prefaceMs: 10_000,
};
