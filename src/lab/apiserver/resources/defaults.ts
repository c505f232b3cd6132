import type { ApiObject, JsonObject } from '../../api-object.ts';
import type { Store } from '../../store/store.ts';
import { withCrdDefaults } from '../catalog/crd-strategy.ts';
import type { ServedType } from '../served-type.ts';
import { isObject } from './object-meta.ts';
import { podSpec, withRequests, withValues } from './pod-defaults.ts';
import { serviceSpec, withAddresses } from './service-defaults.ts';
import {
  cronJobSpec,
  daemonSetSpec,
  deploymentSpec,
  jobSpec,
  replicaSetSpec,
  statefulSetSpec,
  volumeSpec,
} from './workload-defaults.ts';

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

const ofSpec =
  (fill: (spec: JsonObject) => JsonObject): Default =>
  (object) => ({ ...object, spec: fill(part(object, 'spec')) });

const pod = ofSpec((spec) => withRequests(withValues(podSpec(spec), { enableServiceLinks: true })));

const persistentVolume = ofSpec((spec) => withValues(volumeSpec(spec), { persistentVolumeReclaimPolicy: 'Retain' }));

/** Without labels or a selector of its own, a ReplicationController has those of its template. */
const replicationController: Default = (object) => {
  const spec = replicaSetSpec(part(object, 'spec'));
  const template = isObject(spec['template']) ? spec['template'] : {};
  const metadata = isObject(template['metadata']) ? template['metadata'] : {};
  const { labels } = metadata;
  if (!isObject(labels)) return { ...object, spec };
  const own = object.metadata.labels ?? (labels as Readonly<Record<string, string>>);
  return { ...object, metadata: { ...object.metadata, labels: own }, spec: { selector: labels, ...spec } };
};

/** Values that clients show and controllers rely on; everything else stays as it was sent. */
const DEFAULTS: Readonly<Record<string, Default>> = {
  '/namespaces': namespaceLabel,
  '/services': ofSpec(serviceSpec),
  '/pods': pod,
  '/persistentvolumes': persistentVolume,
  '/persistentvolumeclaims': ofSpec(volumeSpec),
  '/secrets': secret,
  '/replicationcontrollers': replicationController,
  'apps/deployments': ofSpec(deploymentSpec),
  'apps/replicasets': ofSpec(replicaSetSpec),
  'apps/statefulsets': ofSpec(statefulSetSpec),
  'apps/daemonsets': ofSpec(daemonSetSpec),
  'batch/jobs': ofSpec(jobSpec),
  'batch/cronjobs': ofSpec(cronJobSpec),
  'apiextensions.k8s.io/customresourcedefinitions': withCrdDefaults,
};

/** What the server adds of its own, which no client's managedFields claim. */
const ADDED_AT_CREATION: Readonly<Record<string, Default>> = {
  '/namespaces': activeNamespace,
  '/services': withAddresses,
  '/pods': initialPhase('Pending'),
  '/persistentvolumes': initialPhase('Pending'),
  '/persistentvolumeclaims': initialPhase('Pending'),
};

const ADDED_AT_UPDATE: Readonly<Record<string, Default>> = { '/services': withAddresses };

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
