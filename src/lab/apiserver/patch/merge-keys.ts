import type { JsonObject } from '../../api-object.ts';

/** What the lists of one field are: `keys` of a map of objects, or a set of scalars, and how strategic merge patches treat them. */
export interface ListRule {
  readonly path: string;
  /** Server-side apply (`x-kubernetes-list-type`, `x-kubernetes-list-map-keys`). */
  readonly apply: 'atomic' | 'set' | readonly string[];
  /** Strategic merge patch (`patchStrategy: merge`): the key, '' for scalars, or undefined for replace. */
  readonly merge: string | undefined;
  readonly defaults?: JsonObject;
}

/** Keys that may be left out count as empty, as the API defaults them. */
const empty = (keys: readonly string[]): JsonObject => Object.fromEntries(keys.map((key) => [key, '']));
const map = (path: string, ...keys: readonly string[]): ListRule => ({
  path,
  apply: keys,
  merge: keys[0] ?? '',
  defaults: empty(keys),
});
const applyMap = (path: string, ...keys: readonly string[]): ListRule => ({ path, apply: keys, merge: undefined });
const set = (path: string): ListRule => ({ path, apply: 'set', merge: undefined });
const mergeOnly = (path: string, key: string): ListRule => ({ path, apply: 'atomic', merge: key });
const ports = (path: string, key: string): ListRule => ({
  ...map(path, key, 'protocol'),
  defaults: { [key]: 0, protocol: 'TCP' },
});

/**
 * The lists of Kubernetes' own types that are not simply atomic, as the OpenAPI document of kube-apiserver 1.37.2 lists
 * them. A path is the end of the way to a field, and starts with the kind where a field's name means other things elsewhere;
 * the longest match counts.
 */
export const LIST_RULES: readonly ListRule[] = [
  { path: 'metadata.finalizers', apply: 'set', merge: '' },
  map('metadata.ownerReferences', 'uid'),
  map('conditions', 'type'),
  applyMap('ValidatingAdmissionPolicy.status.conditions', 'type'),
  applyMap('CertificateSigningRequest.status.conditions', 'type'),
  applyMap('CustomResourceDefinition.status.conditions', 'type'),
  applyMap('ResourceClaim.status.devices.conditions', 'type'),
  mergeOnly('Job.status.conditions', 'type'),

  map('containers', 'name'),
  map('initContainers', 'name'),
  map('ephemeralContainers', 'name'),
  map('volumes', 'name'),
  map('imagePullSecrets', 'name'),
  map('hostAliases', 'ip'),
  map('topologySpreadConstraints', 'topologyKey', 'whenUnsatisfiable'),
  map('schedulingGates', 'name'),
  map('spec.resourceClaims', 'name'),
  map('scheduling.resourceClaims', 'name'),
  map('evictionResponders', 'name'),
  map('env', 'name'),
  map('volumeMounts', 'mountPath'),
  map('volumeDevices', 'devicePath'),
  applyMap('resources.claims', 'name'),
  set('bindMountOptions'),
  set('exitCodes.values'),
  ports('containers.ports', 'containerPort'),
  ports('initContainers.ports', 'containerPort'),
  ports('ephemeralContainers.ports', 'containerPort'),

  set('Node.spec.podPreemptionPolicy.disableResizePreemption'),
  map('healthConditions', 'status', 'reason'),
  applyMap('Pod.status.volumeHealth', 'name'),
  map('CSINode.status.storageHealth', 'name'),
  map('nodeAllocatableResourceClaimStatuses', 'resourceClaimName'),
  set('nodeAllocatableResourceClaimStatuses.containers'),
  map('nodeAllocatableResourceClaimStatuses.mapping', 'name'),
  map('nodeAllocatableResourceClaimStatuses.overhead', 'name'),
  set('ResourceSlice.spec.skipNodeOperations'),

  map('Pod.status.podIPs', 'ip'),
  mergeOnly('Pod.status.hostIPs', 'ip'),
  map('Pod.status.resourceClaimStatuses', 'name'),
  map('allocatedResourcesStatus', 'name'),
  applyMap('allocatedResourcesStatus.resources', 'resourceID'),

  ports('Service.spec.ports', 'port'),
  { path: 'ServiceAccount.imagePullSecrets', apply: 'atomic', merge: undefined },
  map('ServiceAccount.secrets', 'name'),
  map('Node.status.addresses', 'type'),
  { path: 'Node.spec.podCIDRs', apply: 'set', merge: '' },
  set('EndpointSlice.endpoints.addresses'),

  set('onExitCodes.values'),
  set('uncountedTerminatedPods.succeeded'),
  set('uncountedTerminatedPods.failed'),

  map('matchConditions', 'name'),
  map('ValidatingAdmissionPolicy.spec.variables', 'name'),
  set('validationActions'),
  map('webhooks', 'name'),
  map('CSINode.spec.drivers', 'name'),
  set('volumeLifecycleModes'),
  map('ResourceClaim.status.reservedFor', 'uid'),
  applyMap('ResourceClaim.status.devices', 'driver', 'device', 'pool', 'shareID'),
];

/** Structs and maps that have one owner as a whole (`x-kubernetes-map-type: atomic`). */
export const ATOMIC_OBJECTS: readonly string[] = [
  'selector',
  'labelSelector',
  'namespaceSelector',
  'objectSelector',
  'podSelector',
  'scopeSelector',
  'nodeSelector',
  'nodeTopology',
  'nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution',
  'nodeAffinity.required',
  'configMapKeyRef',
  'fieldRef',
  'fileKeyRef',
  'resourceFieldRef',
  'secretKeyRef',
  'secretRef',
  'controllerExpandSecretRef',
  'controllerPublishSecretRef',
  'nodeExpandSecretRef',
  'nodePublishSecretRef',
  'nodeStageSecretRef',
  'dataSource',
  'scaleTargetRef',
  'Binding.target',
  'involvedObject',
  'regarding',
  'related',
  'roleRef',
  'defaultBackend.resource',
  'service.port',
  'matchConstraints',
  'matchResources',
  'paramKind',
  'paramRef',
  'ControllerRevision.data',
];
/** Lists each of whose items has one owner as a whole. */
export const ATOMIC_ITEMS: readonly string[] = [
  'metadata.ownerReferences',
  'imagePullSecrets',
  'ServiceAccount.secrets',
  'ValidatingAdmissionPolicy.spec.variables',
];

/** Structs that a strategic merge patch replaces. */
export const REPLACED_OBJECTS: readonly string[] = ['PodDisruptionBudget.spec.selector'];
