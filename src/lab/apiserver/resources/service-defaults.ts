import type { ApiObject, JsonObject } from '../../api-object.ts';
import { type Store, storePrefix } from '../../store/store.ts';
import { isObject } from './object-meta.ts';
import { withItems, withValues } from './pod-defaults.ts';

const FIRST_NODE_PORT = 30_000;

/** A ServiceSpec with its defaults (kubernetes pkg/apis/core/v1/defaults.go SetDefaults_Service). */
export function serviceSpec(spec: JsonObject): JsonObject {
  const { type } = withValues(spec, { type: 'ClusterIP' });
  const filled = withValues(spec, {
    type,
    sessionAffinity: 'None',
    ...(type !== 'ExternalName' && { internalTrafficPolicy: 'Cluster' }),
    ...(isOnNodes(type) && { externalTrafficPolicy: 'Cluster' }),
    ...(type === 'LoadBalancer' && { allocateLoadBalancerNodePorts: true }),
    ...(spec['sessionAffinity'] === 'ClientIP' && { sessionAffinityConfig: { clientIP: { timeoutSeconds: 10_800 } } }),
  });
  return withItems(filled, 'ports', (port) =>
    withValues(port, { protocol: 'TCP', ...(port['port'] !== undefined && { targetPort: port['port'] }) }),
  );
}

/**
 * The Service with addresses, families and ports of nodes, all of which it keeps for life (kubernetes
 * pkg/registry/core/service/storage). The lab has IPv4 only and routes nothing.
 */
export function withAddresses(service: ApiObject, previous: ApiObject | undefined, store: Store): ApiObject {
  const spec = specOf(service);
  const status = service['status'] ?? { loadBalancer: {} };
  if (spec['type'] === 'ExternalName') return { ...service, status };
  const old = specOf(previous);
  const clusterIP = spec['clusterIP'] || old['clusterIP'] || freeAddress(store);
  const isOpen = clusterIP === 'None' && spec['selector'] === undefined;
  const families = isOpen ? ['IPv4', 'IPv6'] : ['IPv4'];
  const addressed = withValues(spec, {
    clusterIP,
    clusterIPs: old['clusterIPs'] ?? [clusterIP],
    ipFamilies: old['ipFamilies'] ?? families,
    ipFamilyPolicy: old['ipFamilyPolicy'] ?? (isOpen ? 'RequireDualStack' : 'SingleStack'),
  });
  const isReached = isOnNodes(spec['type']) && spec['allocateLoadBalancerNodePorts'] !== false;
  return { ...service, spec: isReached ? withNodePorts(addressed, old, store) : addressed, status };
}

function withNodePorts(spec: JsonObject, old: JsonObject, store: Store): JsonObject {
  const before = portsOf(old);
  const used = new Set(services(store).flatMap((each) => portsOf(each).map(({ nodePort }) => nodePort)));
  for (const { nodePort } of portsOf(spec)) used.add(nodePort);
  return withItems(spec, 'ports', (port) => {
    if (port['nodePort']) return port;
    const same = before.find((each) => each['port'] === port['port'] && each['protocol'] === port['protocol']);
    let nodePort = same?.['nodePort'];
    for (let next = FIRST_NODE_PORT; nodePort === undefined; next++) if (!used.has(next)) nodePort = next;
    used.add(nodePort);
    return { ...port, nodePort };
  });
}

/** The first address of 10.0.0.0/16 that no Service has; 10.0.0.1 is left to the Service `kubernetes`. */
function freeAddress(store: Store): string {
  const used = new Set(services(store).map(({ clusterIP }) => clusterIP));
  for (let host = 2; host < 0xffff; host++) {
    const address = `10.0.${host >> 8}.${host & 0xff}`;
    if (!used.has(address)) return address;
  }
  return 'None';
}

const services = (store: Store) => store.range(storePrefix('', 'services')).entries.map(({ value }) => specOf(value));

const isOnNodes = (type: unknown) => type === 'NodePort' || type === 'LoadBalancer';

function specOf(service: ApiObject | undefined): JsonObject {
  const spec = service?.['spec'];
  return isObject(spec) ? spec : {};
}

function portsOf(spec: JsonObject): readonly JsonObject[] {
  const { ports } = spec;
  return Array.isArray(ports) ? ports.filter(isObject) : [];
}
