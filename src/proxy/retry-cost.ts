import type { UpstreamFailure } from '../wire/upstream.ts';

/** Failures that come before the server saw anything of the request, or with its word that it did not take it up. */
const FREE: ReadonlySet<string> = new Set(['connect', 'name', 'timeout', 'tls', 'goaway']);

/**
 * Whether another attempt after `failure` draws on the retry budget. One that no server took up does not: moving it burdens
 * nobody twice, it can happen only a few times per request, and when a server with many requests under way ends, all of
 * them move at once.
 */
export function drawsOnBudget({ cause, processed }: Pick<UpstreamFailure, 'cause' | 'processed'>): boolean {
  return processed !== 'no' || !FREE.has(cause);
}
