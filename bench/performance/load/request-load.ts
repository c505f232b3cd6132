/** Requests of one kind, sent as fast as they are answered. */
export interface RequestLoad {
  /** How the report calls it. */
  readonly title: string;
  readonly path: string;
  /** `name: value`. */
  readonly headers: readonly string[];
  readonly connections: number;
  /** In flight on each connection; always 1 over HTTP/1.1. */
  readonly streams: number;
  readonly requests: number;
  /** Sent with POST. */
  readonly bodyFile?: string;
  /** What a right answer has; default 200. */
  readonly status?: number;
}

/** What one client program saw. */
export interface Burst {
  /** Answered rightly. */
  readonly requests: number;
  readonly failed: number;
  readonly seconds: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

/** Sends a load to a URL. */
export type Sender = (url: string, load: RequestLoad) => Promise<Burst>;
