import type { ResponseHead } from '../../wire/exchange.ts';
import { FetchError } from '../../wire/fetch.ts';
import { fieldValue } from '../../wire/fields.ts';
import type { UpstreamFailure } from '../../wire/upstream.ts';

/** How often client-go repeats a request (rest.Request maxRetries). */
export const MAX_RETRIES = 10;
/** How often Go's HTTP/2 client repeats, unseen by client-go, what the server proved not to have acted on (x/net http2). */
export const MAX_UNSEEN_RETRIES = 6;
/** client-go takes a lost connection for an answer with this Retry-After. */
const LOST_CONNECTION_SECONDS = 1;

export type Outcome = { readonly head: ResponseHead; readonly body: Buffer } | FetchError;

export function isUnseen({ processed, cause, reason }: UpstreamFailure): boolean {
  return processed === 'no' && (cause === 'goaway' || (cause === 'reset' && reason === 'refused'));
}

/**
 * Seconds until client-go would repeat the request, undefined when it would not: 429 and 5xx with Retry-After whatever
 * the method; a lost connection for GET, a timeout for a watch (client-go rest/with_retry.go, rest/request.go).
 */
export function secondsToRetry(method: string, outcome: Outcome, isWatch: boolean): number | undefined {
  if (outcome instanceof FetchError) {
    const { cause, reason } = outcome.failure;
    const lost = cause === 'connection' || (cause === 'reset' && reason === 'connection-lost');
    if (method !== 'GET') return undefined;
    return lost || (isWatch && cause === 'timeout') ? LOST_CONNECTION_SECONDS : undefined;
  }
  const { status, fields } = outcome.head;
  if (status !== 429 && status < 500) return undefined;
  const value = fieldValue(fields, 'retry-after');
  return value !== undefined && /^\d{1,9}$/.test(value) ? Number(value) : undefined;
}
