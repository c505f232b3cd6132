import type { ApiObject, JsonObject } from '../../api-object.ts';
import { type Store, storePrefix } from '../../store/store.ts';
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
  (object, previous) =>
    previous === undefined ? filled(object, 'status', { phase }) : object;

const namespace: Default = (object, previous) => {
  const { metadata } = object;
  const labels = { ...metadata.labels, 'kubernetes.io/metadata.name': metadata.name };
  const labelled = { ...object, metadata: { ...metadata, labels } };
  if (previous !== undefined) return labelled;
  const finalizers = part(object, 'spec')['finalizers'];
  const named: readonly unknown[] = Array.isArray(finalizers) ? finalizers : [];
  const spec = { finalizers: named.includes('kubernetes') ? named : [...named, 'kubernetes'] };
  return { ...labelled, spec, status: { phase: 'Active' } };
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

const service: Default = (object, previous, store) => {
  const old = part(previous, 'spec');
  const sent = part(object, 'spec');
  const type = sent['type'] ?? 'ClusterIP';
  const ports = Array.isArray(sent['ports'])
    ? {
        ports: sent['ports'].map((port) =>
          isObject(port) ? { protocol: 'TCP', targetPort: port['port'], ...port } : port,
        ),
      }
    : {};
  const spec: Record<string, unknown> = { ...sent, ...ports, type, sessionAffinity: sent['sessionAffinity'] ?? 'None' };
  if (type !== 'ExternalName') {
    const address = sent['clusterIP'] || old['clusterIP'] || freeAddress(store);
    spec['clusterIP'] = address;
    spec['clusterIPs'] = sent['clusterIPs'] ?? old['clusterIPs'] ?? [address];
  }
  return { ...object, spec, status: object['status'] ?? { loadBalancer: {} } };
};

const customResourceDefinition: Default = (object) => {
  const spec = part(object, 'spec');
  const names = isObject(spec['names']) ? spec['names'] : {};
  const kind = String(names['kind'] ?? '');
  const filledNames = {
    ...names,
    singular: names['singular'] || kind.toLowerCase(),
    listKind: names['listKind'] || `${kind}List`,
  };
  return { ...object, spec: { ...spec, names: filledNames, conversion: spec['conversion'] ?? { strategy: 'None' } } };
};

/** Values that clients and controllers rely on; everything else stays as it was sent. */
const DEFAULTS: Readonly<Record<string, Default>> = {
  '/namespaces': namespace,
  '/services': service,
  '/secrets': secret,
  '/pods': initialPhase('Pending'),
  '/persistentvolumes': initialPhase('Pending'),
  '/persistentvolumeclaims': initialPhase('Pending'),
  '/replicationcontrollers': oneReplica,
  'apps/deployments': oneReplica,
  'apps/replicasets': oneReplica,
  'apps/statefulsets': oneReplica,
  'apiextensions.k8s.io/customresourcedefinitions': customResourceDefinition,
};

export function withDefaults(
  { group, resource, custom }: ServedType,
  object: ApiObject,
  previous: ApiObject | undefined,
  store: Store,
): ApiObject {
  const setDefaults = custom === undefined ? DEFAULTS[`${group}/${resource}`] : undefined;
  return setDefaults === undefined ? object : setDefaults(object, previous, store);
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
