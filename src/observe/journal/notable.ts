import type { ForwardReason } from '../../routing/decision.ts';
import type { ExchangeRecord } from '../exchange-record.ts';

const BY_PEERS: ReadonlySet<ForwardReason> = new Set([
  'PeerServesResource',
  'PeerServesSubresourceOrVerb',
  'PeerListsGroup',
  'PreferredNotReady',
  'LocalNotReady',
]);

/**
 * Whether somebody who looks into the skew of a control plane wants to see this one: it went to a peer, was sent more than
 * once, met an unexpected 404, waited for a type, or was answered by an error of ours. What a client alone did wrong (400,
 * 401, 406, 431) is not: whoever sends nonsense must not be able to push everything else out of memory.
 */
export function isNotable({ decision, error, status, attempts, unknownType }: ExchangeRecord): boolean {
  if (unknownType !== undefined || decision?.kind === 'unavailable') return true;
  if (error !== undefined) return status >= 500 || status === 429;
  // Whoever may not read discovery is refused twice: at the question whether he may, and in his own words.
  if (attempts > 1 && status !== 401 && status !== 403) return true;
  return decision !== undefined && BY_PEERS.has(decision.reason);
}
