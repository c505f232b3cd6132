import type { ApiObject, JsonObject } from '../../api-object.ts';
import { type Store, storePrefix } from '../../store/store.ts';
import { withCrdDefaults } from '../catalog/crd-strategy.ts';
import type { ServedType } from '../served-type.ts';
import { isObject } from './object-meta.ts';

/** `previous` is the state that an update replaces; undefined when the object is new. */
type Default = (object: ApiObject, previous: ApiObject | undefined, store: Store) => ApiObject;

const part = (object: ApiObject | undefined, field: string): JsonObject => {
  const value = object?.[field];
  return isObject(value) ? value : {};
};

/** Sets fields of `spec` or `status` that are absent. */
const filled = (object: ApiObject, field: string, values: JsonObject): ApiObject => ({
  ...object,
  [field]: { ...values, ...part(object, field) },
});

const oneReplica: Default = (object) => filled(object, 'spec', { replicas: 1 });

const initialPhase =
  (phase: string): Default =>
  (object) =>
    filled(object, 'status', { phase });

const namespaceLabel: Default = (object) => {
  const { metadata } = object;
  const labels = { ...metadata.labels, 'kubernetes.io/metadata.name': metadata.name };
  return { ...object, metadata: { ...metadata, labels } };
};

const activeNamespace: Default = (object) => {
  const finalizers = part(object, 'spec')['finalizers'];
  const named: readonly unknown[] = Array.isArray(finalizers) ? finalizers : [];
  const spec = { finalizers: named.includes('kubernetes') ? named : [...named, 'kubernetes'] };
  return { ...object, spec, status: { phase: 'Active' } };
};

/** `stringData` is write-only; it goes into `data`. */
const secret: Default = ({ stringData, ...object }) => {
  const type = object['type'] || 'Opaque';
  if (!isObject(stringData)) return { ...object, type };
  const encoded = Object.entries(stringData).map(([key, value]) => [
    key,
    Buffer.from(String(value)).toString('base64'),
  ]);
  return { ...object, data: { ...part(object, 'data'), ...Object.fromEntries(encoded) }, type };
};

const service: Default = (object) => {
  const { ports, ...spec } = part(object, 'spec');
  const withProtocol = (port: unknown) =>
    isObject(port) ? { protocol: 'TCP', targetPort: port['port'], ...port } : port;
  return {
    ...object,
    spec: {
      ...(ports !== undefined && { ports: Array.isArray(ports) ? ports.map(withProtocol) : ports }),
      ...spec,
      type: spec['type'] ?? 'ClusterIP',
      sessionAffinity: spec['sessionAffinity'] ?? 'None',
    },
  };
};

/** A Service keeps its address for life. */
const serviceAddress: Default = (object, previous, store) => {
  const spec = part(object, 'spec');
  if (spec['type'] === 'ExternalName') return object;
  const old = part(previous, 'spec');
  const clusterIP = spec['clusterIP'] || old['clusterIP'] || freeAddress(store);
  const clusterIPs = spec['clusterIPs'] ?? old['clusterIPs'] ?? [clusterIP];
  return { ...object, spec: { ...spec, clusterIP, clusterIPs }, status: object['status'] ?? { loadBalancer: {} } };
};

/** Values that clients and controllers rely on; everything else stays as it was sent. */
const DEFAULTS: Readonly<Record<string, Default>> = {
  '/namespaces': namespaceLabel,
  '/services': service,
  '/secrets': secret,
  '/replicationcontrollers': oneReplica,
  'apps/deployments': oneReplica,
  'apps/replicasets': oneReplica,
  'apps/statefulsets': oneReplica,
  'apiextensions.k8s.io/customresourcedefinitions': withCrdDefaults,
};

/** What the server adds of its own, which no client's managedFields claim. */
const ADDED_AT_CREATION: Readonly<Record<string, Default>> = {
  '/namespaces': activeNamespace,
  '/services': serviceAddress,
  '/pods': initialPhase('Pending'),
  '/persistentvolumes': initialPhase('Pending'),
  '/persistentvolumeclaims': initialPhase('Pending'),
};

const ADDED_AT_UPDATE: Readonly<Record<string, Default>> = { '/services': serviceAddress };

function applied(
  table: Readonly<Record<string, Default>>,
  { group, resource, custom }: ServedType,
  object: ApiObject,
  previous: ApiObject | undefined,
  store: Store,
): ApiObject {
  const set = custom === undefined ? table[`${group}/${resource}`] : undefined;
  return set === undefined ? object : set(object, previous, store);
}

/** The object with the defaults of its kind, as if the client had sent them; `previous` is undefined when it is new. */
export function withDefaults(type: ServedType, object: ApiObject, previous: ApiObject | undefined, store: Store) {
  return applied(DEFAULTS, type, object, previous, store);
}

/** The object with what the server decides. */
export function withServerFields(type: ServedType, object: ApiObject, previous: ApiObject | undefined, store: Store) {
  return applied(previous === undefined ? ADDED_AT_CREATION : ADDED_AT_UPDATE, type, object, previous, store);
}

/** The first address of 10.0.0.0/16 that no Service has; 10.0.0.1 is left to the Service `kubernetes`. */
function freeAddress(store: Store): string {
  const used = new Set(
    store.range(storePrefix('', 'services')).entries.map(({ value }) => part(value, 'spec')['clusterIP']),
  );
  for (let host = 2; host < 0xffff; host++) {
    const address = `10.0.${host >> 8}.${host & 0xff}`;
    if (!used.has(address)) return address;
  }
  return 'None';
}
