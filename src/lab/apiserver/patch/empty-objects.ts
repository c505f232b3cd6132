import type { JsonObject } from '../../api-object.ts';
import type { ServedType } from '../served-type.ts';
import { isObject, member, objectOf } from './json.ts';

const POD_TEMPLATE = { metadata: {}, spec: { containers: null } };
const WORKLOAD = { selector: null, template: POD_TEMPLATE };
const ROLE_REF = { apiGroup: '', kind: '', name: '' };
const LOAD_BALANCER = { loadBalancer: {} };
const CLAIM = { devices: { requests: null } };

/**
 * What an object has before anything is set, by kind, for kinds that have more than `metadata`: fields that Go's types
 * always write (no `omitempty`). Creating an object does not add them, so whoever creates it does not own them.
 */
const EMPTY_OBJECTS: Readonly<Record<string, JsonObject>> = {
  Binding: { target: {} },
  CertificateSigningRequest: { spec: { request: null, signerName: '' }, status: {} },
  ClusterRole: { rules: null },
  ClusterRoleBinding: { roleRef: ROLE_REF },
  ClusterTrustBundle: { spec: { trustBundle: '' } },
  ControllerRevision: { data: null, revision: 0 },
  CronJob: { spec: { jobTemplate: { metadata: {}, spec: { template: POD_TEMPLATE } }, schedule: '' }, status: {} },
  CSIDriver: { spec: {} },
  CSINode: { spec: { drivers: null }, status: {} },
  CSIStorageCapacity: { storageClassName: '' },
  CustomResourceDefinition: {
    spec: { group: '', names: { kind: '', plural: '' }, scope: '', versions: null },
    status: { acceptedNames: { kind: '', plural: '' }, conditions: null, storedVersions: null },
  },
  APIService: { spec: { groupPriorityMinimum: 0, versionPriority: 0 }, status: {} },
  DaemonSet: {
    spec: { ...WORKLOAD, updateStrategy: {} },
    status: { currentNumberScheduled: 0, desiredNumberScheduled: 0, numberMisscheduled: 0, numberReady: 0 },
  },
  Deployment: { spec: { ...WORKLOAD, strategy: {} }, status: {} },
  DeviceClass: { spec: {} },
  DeviceTaintRule: { spec: { taint: { effect: '', key: '' } }, status: {} },
  EndpointSlice: { addressType: '', endpoints: null, ports: null },
  FlowSchema: { spec: { matchingPrecedence: 0, priorityLevelConfiguration: { name: '' } }, status: {} },
  HorizontalPodAutoscaler: {
    spec: { maxReplicas: 0, scaleTargetRef: { kind: '', name: '' } },
    status: { currentMetrics: null, desiredReplicas: 0 },
  },
  IPAddress: { spec: {} },
  Ingress: { spec: {}, status: LOAD_BALANCER },
  IngressClass: { spec: {} },
  Job: { spec: { template: POD_TEMPLATE }, status: {} },
  Lease: { spec: {} },
  LimitRange: { spec: { limits: null } },
  MutatingAdmissionPolicy: { spec: {} },
  MutatingAdmissionPolicyBinding: { spec: {} },
  Namespace: { spec: {}, status: {} },
  NetworkPolicy: { spec: { podSelector: {} } },
  Node: {
    spec: {},
    status: {
      daemonEndpoints: { kubeletEndpoint: { Port: 0 } },
      nodeInfo: {
        architecture: '',
        bootID: '',
        containerRuntimeVersion: '',
        kernelVersion: '',
        kubeProxyVersion: '',
        kubeletVersion: '',
        machineID: '',
        operatingSystem: '',
        osImage: '',
        systemUUID: '',
      },
    },
  },
  PersistentVolume: { spec: {}, status: {} },
  PersistentVolumeClaim: { spec: { resources: {} }, status: {} },
  Pod: { spec: { containers: null }, status: {} },
  PodDisruptionBudget: {
    spec: {},
    status: { currentHealthy: 0, desiredHealthy: 0, disruptionsAllowed: 0, expectedPods: 0 },
  },
  PodTemplate: { template: POD_TEMPLATE },
  PriorityClass: { value: 0 },
  PriorityLevelConfiguration: { spec: { type: '' }, status: {} },
  ReplicaSet: { spec: WORKLOAD, status: { replicas: 0 } },
  ReplicationController: { spec: {}, status: { replicas: 0 } },
  ResourceClaim: { spec: CLAIM, status: {} },
  ResourceClaimTemplate: { spec: { metadata: {}, spec: CLAIM } },
  ResourceQuota: { spec: {}, status: {} },
  ResourceSlice: { spec: { driver: '', pool: { generation: 0, name: '', resourceSliceCount: 0 } } },
  Role: { rules: null },
  RoleBinding: { roleRef: ROLE_REF },
  RuntimeClass: { handler: '' },
  Scale: { spec: {}, status: { replicas: 0 } },
  Service: { spec: {}, status: LOAD_BALANCER },
  ServiceCIDR: { spec: {}, status: {} },
  StatefulSet: {
    spec: { ...WORKLOAD, serviceName: '', updateStrategy: {} },
    status: { availableReplicas: 0, replicas: 0 },
  },
  StorageClass: { provisioner: '' },
  StorageVersionMigration: { spec: { resource: { group: '', resource: '' } }, status: {} },
  ValidatingAdmissionPolicy: { spec: {}, status: {} },
  ValidatingAdmissionPolicyBinding: { spec: {} },
  VolumeAttachment: { spec: { attacher: '', nodeName: '', source: {} }, status: { attached: false } },
  VolumeAttributesClass: { driverName: '' },
};

/** An object before anything is set; `type` undefined stands for a built-in one. */
export function emptyObject(type: Pick<ServedType, 'custom'> | undefined, kind: string): JsonObject {
  if (type?.custom !== undefined) return {};
  return { metadata: {}, ...(Object.hasOwn(EMPTY_OBJECTS, kind) ? EMPTY_OBJECTS[kind] : {}) };
}

/** `object` as a real server has it in memory: with what every object of its kind has. */
export function completed(type: Pick<ServedType, 'custom'> | undefined, kind: string, object: unknown): unknown {
  return filled(object, emptyObject(type, kind));
}

function filled(value: unknown, empty: unknown): unknown {
  if (value === undefined) return empty;
  if (!isObject(value) || !isObject(empty)) return value;
  const missing = Object.entries(empty).map(([name, item]) => [name, filled(member(value, name), item)] as const);
  return objectOf([...Object.entries(value), ...missing]);
}
