/** Bounds that one listener puts on its clients (sizes in bytes, times in milliseconds). */
export interface ListenerLimits {
  /** Of one request head, and of one trailer section: HTTP/1.1 answers 431, HTTP/2 refuses the stream. */
  readonly headerBytes: number;
  /** Open streams of one HTTP/2 connection (SETTINGS_MAX_CONCURRENT_STREAMS). */
  readonly streamsPerConnection: number;
  /** Stream resets one HTTP/2 client may send at once, and per second from then on (CVE-2023-44487). */
  readonly resetBurst: number;
  readonly resetsPerSecond: number;
  readonly connections: number;
  /** TLS handshake. */
  readonly handshakeMs: number;
  /** From the first byte of an HTTP/1.1 connection or request to the end of its head. */
  readonly headMs: number;
  /** Longest pause of a request body before the response has begun. */
  readonly bodyIdleMs: number;
  /** A connection without an open exchange. Go's clients let go after 90 s; we wait longer, so that they never race us. */
  readonly connectionIdleMs: number;
  /**
   * How long an HTTP/1.1 connection stays open while its listener closes although no request is on it: nothing but the
   * answer to its next request can tell the client to leave (RFC 9112 section 9.6), and that request may be under way.
   */
  readonly drainIdleMs: number;
  /** Silence of an HTTP/2 connection before a PING, and how long its answer may take. */
  readonly pingIntervalMs: number;
  readonly pingTimeoutMs: number;
}

export const DEFAULT_LIMITS: ListenerLimits = {
  headerBytes: 64 * 1024,
  streamsPerConnection: 250,
  // An informer-heavy client cancels hundreds of watches at once; Node's own default of 1000 and 33/s cuts it off.
  resetBurst: 2000,
  resetsPerSecond: 200,
  connections: 10_000,
  handshakeMs: 10_000,
  headMs: 30_000,
  bodyIdleMs: 60_000,
  connectionIdleMs: 120_000,
  drainIdleMs: 1_000,
  pingIntervalMs: 30_000,
  pingTimeoutMs: 15_000,
};
