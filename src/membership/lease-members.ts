import { serverId } from '../servers/server-id.ts';
import { type ApiObject, objectAt, textAt } from './api-list.ts';
import { canonicalAddress } from './ip-address.ts';
import { addressKey, isDnsName, isPort, type Member } from './member.ts';

/** The only namespace whose identity Leases are believed: in others, many may create Leases. */
export const LEASE_NAMESPACE = 'kube-system';
export const LEASE_LABEL = 'apiserver.kubernetes.io/identity';
export const LEASE_LABEL_VALUE = 'kube-apiserver';
const PEER_ADDRESS = 'kubernetes.io/peer-advertise-address';
const HOSTNAME = 'kubernetes.io/hostname';

/** Servers renew every 10 s (KEP-1965). One that has not for so much longer than others is behind none of them. */
const LATE_MS = 120_000;

/**
 * The servers that identity Leases (KEP-1965) name. Expired ones count for nothing; those without an address (servers
 * before 1.36 write none) propose nobody. Of two at one address the one that is still renewed is meant.
 * @param now epoch milliseconds of the clock on the wall, as servers write it
 */
export function leaseMembers(leases: readonly ApiObject[], now: number): Member[] {
  const alive = leases.flatMap((lease) => {
    const member = memberOf(lease);
    const renewedAt = renewalOf(lease, now);
    return member === undefined || renewedAt === undefined ? [] : [{ member, renewedAt }];
  });
  const newest = Math.max(...alive.map(({ renewedAt }) => renewedAt));
  const isLate = (renewedAt: number): number => (newest - renewedAt > LATE_MS ? 1 : 0);
  const byAddress = new Map<string, Member>();
  const inOrder = alive.toSorted(
    (one, other) => isLate(one.renewedAt) - isLate(other.renewedAt) || (one.member.id < other.member.id ? -1 : 1),
  );
  for (const { member } of inOrder) {
    const key = addressKey(member.host, member.port);
    if (!byAddress.has(key)) byAddress.set(key, member);
  }
  return [...byAddress.values()];
}

function memberOf(lease: ApiObject): Member | undefined {
  const metadata = objectAt(lease, 'metadata');
  const labels = objectAt(metadata, 'labels');
  if (textAt(metadata, 'namespace') !== LEASE_NAMESPACE || labels[LEASE_LABEL] !== LEASE_LABEL_VALUE) return undefined;
  const id = textAt(metadata, 'name') ?? '';
  const authority = parseAuthority(textAt(objectAt(metadata, 'annotations'), PEER_ADDRESS) ?? '');
  if (authority === undefined || !isDnsName(id)) return undefined;
  const hostname = textAt(labels, HOSTNAME)?.toLowerCase() ?? '';
  // The label alone could be anybody's; the Lease's name proves it.
  const name = isDnsName(hostname) && serverId(textAt(labels, HOSTNAME) ?? '') === id ? hostname : id;
  return { id, name, ...authority, addresses: [authority.host] };
}

/** When a Lease that has not expired was renewed, in epoch milliseconds. */
function renewalOf(lease: ApiObject, now: number): number | undefined {
  const { renewTime, leaseDurationSeconds } = objectAt(lease, 'spec');
  if (typeof renewTime !== 'string' || typeof leaseDurationSeconds !== 'number') return undefined;
  const renewedAt = Date.parse(renewTime);
  return renewedAt + leaseDurationSeconds * 1000 >= now ? renewedAt : undefined;
}

/** `10.0.0.1:6443`, `[fd00::1]:6443`. Names are not resolved: whoever writes a Lease could point them anywhere later. */
function parseAuthority(text: string): { readonly host: string; readonly port: number } | undefined {
  const [, inBrackets, plain, digits] = /^(?:\[([0-9a-fA-F:.]+)\]|([0-9.]+)):(\d{1,5})$/.exec(text) ?? [];
  const host = canonicalAddress(inBrackets ?? plain ?? '');
  const port = Number(digits);
  return host === undefined || !isPort(port) ? undefined : { host, port };
}
