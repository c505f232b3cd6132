import type { UpstreamFailure } from '../wire/upstream.ts';

/**
 * Whether another attempt after `failure` draws on the retry budget. One that no server took up does not: moving it burdens
 * nobody twice, it can happen only a few times per request, and when a server with many requests under way ends, all of
 * them move at once.
 */
export function drawsOnBudget({ cause }: Pick<UpstreamFailure, 'cause'>): boolean {
  return cause !== 'connect' && cause !== 'tls' && cause !== 'goaway';
}
