import { ProxyError } from '../errors.ts';
import type { RequestInfo } from '../kubernetes/request-info.ts';
import { subject } from '../routing/unavailable.ts';
import type { UpstreamFailure } from '../wire/upstream.ts';

/** What was tried for a request, as far as it matters to who asks whether to repeat it. */
interface Tried {
  /** Repeating the request does no harm. */
  readonly isRead: boolean;
  /** Servers that broke off when they may have been at work on it. */
  readonly breaking: number;
  /** They were so many that no further one was asked. */
  readonly isDangerous: boolean;
}

/** For what seems to break servers, and changes nothing when it is repeated: client-go repeats ten times, and each time it may reach as many of them. */
const DANGEROUS_RETRY_SECONDS = 5;

/**
 * Our answer to a failure that cannot be retried. Without Retry-After where a server may have acted on a request that
 * changes something: client-go repeats whatever carries it.
 */
export function failureError(failure: UpstreamFailure, server: string, info: RequestInfo, tried: Tried): ProxyError {
  if (failure.cause === 'overloaded') return new ProxyError('MVP_OVERLOADED', failure.message);
  const what = /[.?!]$/.test(failure.message) ? failure.message : `${failure.message}.`;
  // The last one may have acted on a write although those before it could not have: theirs broke off before its end.
  if (tried.isDangerous && (tried.isRead || failure.processed === 'no')) {
    return new ProxyError(
      'MVP_SERVERS_BROKE_OFF',
      `${tried.breaking} servers broke off one after the other while they worked on ${subject(info)}, the last one was ${server}: ${what} No further server is asked. Look for the reason in their logs; retry later.`,
      { retryAfterSeconds: DANGEROUS_RETRY_SECONDS },
    );
  }
  if (failure.processed === 'no' && isBreakage(failure)) {
    return new ProxyError(
      'MVP_UPSTREAM_RESET',
      `Server ${server} broke off before it had the whole of the request for ${subject(info)}. Nothing was executed; retry.`,
      { retryAfterSeconds: 1 },
    );
  }
  if (failure.processed === 'no') {
    return new ProxyError(
      'MVP_UPSTREAM_UNREACHABLE',
      `Server ${server} could not be reached for ${subject(info)}: ${what} Nothing was executed; retry.`,
    );
  }
  const code = failure.reason === 'timeout' ? 'MVP_UPSTREAM_TIMEOUT' : 'MVP_UPSTREAM_RESET';
  const happened = failure.reason === 'timeout' ? 'did not answer in time' : 'broke off before it answered';
  return new ProxyError(
    code,
    `Server ${server} ${happened} for ${subject(info)}: ${what} ${tried.isRead ? 'Retry.' : 'The request may have been executed; look before you repeat it.'}`,
    tried.isRead ? { retryAfterSeconds: 1 } : {},
  );
}

/** The server had the request, or the beginning of it, in hand. */
function isBreakage({ cause, reason }: UpstreamFailure): boolean {
  return cause === 'connection' || (cause === 'reset' && reason !== 'refused');
}
