import type { RequestInfo } from '../kubernetes/request-info.ts';
import type { ForwardReason } from './decision.ts';
import type { RoutingSnapshot } from './snapshot.ts';

const LISTED: ReadonlySet<string> = new Set<ForwardReason>([
  'PreferredCapable',
  'PeerServesResource',
  'PeerServesSubresourceOrVerb',
  'PreferredNotReady',
  'WritesNewest',
  'WritesOldest',
  'StaleGroupVersion',
]);

/** Whether a server was chosen because its discovery lists what is asked for, so that it should not call it unknown. */
export function isListed(reason: ForwardReason): boolean {
  return LISTED.has(reason);
}

/** Names of the servers whose discovery lists what is asked for, or cannot tell for now; ready or not. */
export function serversListing(
  { apiGroup, apiVersion, resource, subresource, verb }: RequestInfo,
  { table, servers }: Pick<RoutingSnapshot, 'table' | 'servers'>,
): readonly string[] {
  const found = table.lookup(apiGroup, apiVersion, resource, subresource, verb);
  const positions = found.kind === 'capable' ? found.servers : found.maybe;
  return positions.flatMap((position) => servers[position]?.name ?? []);
}
