import { ProxyError } from '../errors.ts';
import type { RequestInfo } from '../kubernetes/request-info.ts';
import { subject } from '../routing/unavailable.ts';
import type { UpstreamFailure } from '../wire/upstream.ts';

/**
 * Our answer to a failure that cannot be retried. `isRead`: repeating the request does no harm. Without Retry-After where
 * the server may have acted on the request: client-go repeats whatever carries it.
 */
export function failureError(failure: UpstreamFailure, server: string, info: RequestInfo, isRead: boolean): ProxyError {
  if (failure.cause === 'overloaded') return new ProxyError('MVP_OVERLOADED', failure.message);
  const what = /[.?!]$/.test(failure.message) ? failure.message : `${failure.message}.`;
  if (failure.processed === 'no') {
    return new ProxyError(
      'MVP_UPSTREAM_UNREACHABLE',
      `Server ${server} could not be reached for ${subject(info)}: ${what} Nothing was executed; retry.`,
    );
  }
  return new ProxyError(
    'MVP_UPSTREAM_RESET',
    `Server ${server} broke off before it answered for ${subject(info)}: ${what} ${isRead ? 'Retry.' : 'The request may have been executed; look before you repeat it.'}`,
    isRead ? { retryAfterSeconds: 1 } : {},
  );
}
