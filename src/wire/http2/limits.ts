/** What one connection grants its peer. Durations in milliseconds, sizes in octets. */
export interface Http2Limits {
  /** SETTINGS_MAX_HEADER_LIST_SIZE: name, value and 32 octets for each field (RFC 9113 section 6.5.2). */
  readonly headerBytes: number;
  /** SETTINGS_MAX_CONCURRENT_STREAMS of a server. */
  readonly streams: number;
  /** What the peer may send ahead on one stream, and on the connection. */
  readonly streamWindow: number;
  readonly connectionWindow: number;
  /** SETTINGS_MAX_FRAME_SIZE. */
  readonly maxFrameSize: number;
  /** Octets kept for readers that have paused, over all streams. */
  readonly heldBytes: number;
  /** Streams that a client may break, at once and per second from then on (CVE-2023-44487, CVE-2025-8671). */
  readonly resetBurst: number;
  readonly resetsPerSecond: number;
  /** Silence before a PING, and how long its answer may take. */
  readonly pingIntervalMs: number;
  readonly pingTimeoutMs: number;
  /** Until the peer's preface is complete. */
  readonly prefaceMs: number;
}

/** Fields in one block. */
export const MAX_FIELDS = 2000;

/** SETTINGS_HEADER_TABLE_SIZE: what HTTP/2 begins with, and enough for the fields of Kubernetes. */
export const HEADER_TABLE_BYTES = 4096;

/**
 * Frames that carry nothing: PING, SETTINGS, PRIORITY, unknown ones, empty DATA, WINDOW_UPDATE. A peer may send some at once and
 * some per second, and one more for every frame that does carry something (CVE-2019-9511 to CVE-2019-9518).
 */
export const IDLE_FRAME_BURST = 2000;
export const IDLE_FRAMES_PER_SECOND = 500;

/** Octets of DATA that are worth the WINDOW_UPDATE frames that a peer may send for them (CVE-2019-9511). */
export const WORTHWHILE_BYTES = 64;

/** Answers to frames of the peer that may wait because it does not read. */
export const MAX_CONTROL_BACKLOG = 1024 * 1024;

/** Octets that wait for a socket before a sender is asked to stop, and below which it may go on. */
export const HIGH_WATER = 256 * 1024;
export const LOW_WATER = 64 * 1024;

/** How long a peer that broke a rule has to read why, and to close. */
export const LINGER_MS = 1000;
