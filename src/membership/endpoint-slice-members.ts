import { type ApiObject, objectAt, objectsAt, textAt } from './api-list.ts';
import { canonicalAddress } from './ip-address.ts';
import { addressKey, isPort, type Member } from './member.ts';

export const SLICE_NAMESPACE = 'default';
export const SERVICE = 'kubernetes';
export const SERVICE_LABEL = 'kubernetes.io/service-name';
const PORT_NAME = 'https';

/**
 * The servers behind the Service `kubernetes`. Whether an endpoint is ready is not asked: a server that is not may be the only
 * one that knows a type, and its health is watched anyway.
 */
export function endpointSliceMembers(slices: readonly ApiObject[]): Member[] {
  const members = slices.filter(isOfService).flatMap((slice) => {
    const ports = objectsAt(slice, 'ports').flatMap(({ name, port }) =>
      name === PORT_NAME && isPort(port) ? [port] : [],
    );
    return objectsAt(slice, 'endpoints').flatMap((endpoint) => ports.flatMap((port) => memberOf(endpoint, port) ?? []));
  });
  return [...new Map(members.map((member) => [member.id, member])).values()];
}

function isOfService(slice: ApiObject): boolean {
  const metadata = objectAt(slice, 'metadata');
  // Host names (FQDN) would be resolved anew at each connection: whoever writes a slice could point them anywhere later.
  const ofAddresses = ['IPv4', 'IPv6'].includes(textAt(slice, 'addressType') ?? '');
  const isNamed = objectAt(metadata, 'labels')[SERVICE_LABEL] === SERVICE;
  return ofAddresses && isNamed && textAt(metadata, 'namespace') === SLICE_NAMESPACE;
}

/** Only the first address of an endpoint has a meaning (discovery.k8s.io/v1). */
function memberOf({ addresses }: ApiObject, port: number): Member | undefined {
  const first: unknown = Array.isArray(addresses) ? addresses[0] : undefined;
  const host = typeof first === 'string' ? canonicalAddress(first) : undefined;
  if (host === undefined) return undefined;
  return { id: addressKey(host, port), name: undefined, host, port, addresses: [host] };
}
