import { FetchError, type FetchFailureReason } from '../../wire/fetch.ts';

/** Why a server's discovery could not be read, in one word for metrics. The set is bounded. */
export type DiscoveryErrorReason =
  | FetchFailureReason
  /** By the class of the status code; no other answer is API metadata. */
  | 'status-2xx'
  | 'status-3xx'
  | 'status-4xx'
  | 'status-5xx'
  /** The answer is no discovery document: another content type, cut, no JSON, another kind. */
  | 'malformed'
  /** The server is starting and does not list all it serves yet. */
  | 'not-ready'
  /** A fault of ours. */
  | 'internal';

/** A server's discovery could not be read; the message says why and what to check. */
export class DiscoveryFetchError extends Error {
  override readonly name = 'DiscoveryFetchError';
  readonly reason: DiscoveryErrorReason;
  /** HTTP status of the answer that was not discovery; 0 when there was another reason. */
  readonly status: number;

  constructor(
    reason: DiscoveryErrorReason,
    message: string,
    options: { readonly status?: number; readonly cause?: unknown } = {},
  ) {
    super(message, options);
    this.reason = reason;
    this.status = options.status ?? 0;
  }

  /** An answer with a status that no discovery document comes with. */
  static ofStatus(target: string, status: number): DiscoveryFetchError {
    const message = `GET ${target} was answered ${status}${hint(status)}`;
    return new DiscoveryFetchError(statusReason(status), message, { status });
  }

  /** The server will not let us read, which waiting does not change. */
  get isRefusal(): boolean {
    return this.status === 401 || this.status === 403;
  }
}

/** Why reading failed with `error`, whatever was thrown. */
export function discoveryErrorReason(error: unknown): DiscoveryErrorReason {
  return error instanceof DiscoveryFetchError || error instanceof FetchError ? error.reason : 'internal';
}

function statusReason(status: number): DiscoveryErrorReason {
  if (status >= 500) return 'status-5xx';
  if (status >= 400) return 'status-4xx';
  return status >= 300 ? 'status-3xx' : 'status-2xx';
}

function hint(status: number): string {
  if (status === 401) {
    return ': the server does not trust our front-proxy certificate; has it expired, and is its CA in --requestheader-client-ca-file?';
  }
  if (status === 403) return ': RBAC does not let our user read discovery (ClusterRole system:discovery)';
  return '';
}
