import type { RequestInfo } from '../kubernetes/request-info.ts';
import type { Decision } from '../routing/decision.ts';

/** What one exchange came to; handed to an observer when it ends. Holds no header, token or body. */
export interface ExchangeRecord {
  readonly method: string;
  /** Undefined when the target could not be parsed. */
  readonly info: RequestInfo | undefined;
  /** The decision of the last attempt; undefined for answers of the proxy itself. */
  readonly decision: Decision | undefined;
  /** Name of the server that answered. */
  readonly server: string | undefined;
  /** Status sent to the client; 0 when it saw none. */
  readonly status: number;
  /** Code of our own error, if we answered with one. */
  readonly error: string | undefined;
  readonly attempts: number;
  /** Milliseconds from the request head to the response head (or the failure). */
  readonly milliseconds: number;
}

/** Receives what happens on the request path. Must not throw and must not keep the record's objects alive for long. */
export interface ExchangeObserver {
  answered(record: ExchangeRecord): void;
  retried(cause: string): void;
  /** An error of ours, not of a client or server. */
  defect(error: unknown): void;
}
