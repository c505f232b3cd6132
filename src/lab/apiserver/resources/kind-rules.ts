import type { ApiObject } from '../../api-object.ts';
import type { ServedType } from '../served-type.ts';

/** Where a kind departs from what most do. The source is each kind's strategy in kube-apiserver's pkg/registry. */
export interface KindRules {
  /** An update of an absent object creates it. */
  readonly createOnUpdate?: true;
  /** An update must carry a resourceVersion. */
  readonly conditionalUpdate?: true;
  /** Deletion answers the object instead of a Status. */
  readonly answersDeleted?: true;
  /** Dependents stay unless a deletion says otherwise. */
  readonly orphansByDefault?: true;
  /** The garbage collector ignores the kind: propagation policies add no finalizer. */
  readonly ignoresPropagation?: true;
  /** Whether metadata.generation is kept. Default: when the object has a spec. */
  readonly generation?: boolean;
  /** A status that comes with a new object is kept although there is a status subresource. */
  readonly statusAtCreation?: true;
}

const CUSTOM: KindRules = { conditionalUpdate: true, generation: true };
const RBAC: KindRules = { createOnUpdate: true };
const CONFIGURATION: KindRules = { conditionalUpdate: true, generation: true };

const RULES: Readonly<Record<string, KindRules>> = {
  '/namespaces': { answersDeleted: true, generation: false },
  '/nodes': { generation: false, statusAtCreation: true },
  '/services': { answersDeleted: true, createOnUpdate: true, generation: false },
  '/serviceaccounts': { answersDeleted: true },
  '/pods': { answersDeleted: true },
  '/podtemplates': { answersDeleted: true },
  '/persistentvolumes': { answersDeleted: true, generation: false },
  '/persistentvolumeclaims': { answersDeleted: true, generation: false },
  '/resourcequotas': { answersDeleted: true, generation: false },
  '/limitranges': { createOnUpdate: true, generation: false },
  '/endpoints': { createOnUpdate: true },
  '/events': { createOnUpdate: true, ignoresPropagation: true },
  'events.k8s.io/events': { createOnUpdate: true, ignoresPropagation: true },
  '/replicationcontrollers': { orphansByDefault: true },
  'batch/jobs': { orphansByDefault: true },
  'autoscaling/horizontalpodautoscalers': { generation: false },
  'coordination.k8s.io/leases': { createOnUpdate: true, conditionalUpdate: true, generation: false },
  'discovery.k8s.io/endpointslices': { generation: true },
  'policy/poddisruptionbudgets': { conditionalUpdate: true },
  'apiextensions.k8s.io/customresourcedefinitions': { conditionalUpdate: true },
  'apiregistration.k8s.io/apiservices': { conditionalUpdate: true, generation: false },
  'certificates.k8s.io/certificatesigningrequests': { generation: false },
  'admissionregistration.k8s.io/validatingwebhookconfigurations': CONFIGURATION,
  'admissionregistration.k8s.io/mutatingwebhookconfigurations': CONFIGURATION,
  'rbac.authorization.k8s.io/roles': RBAC,
  'rbac.authorization.k8s.io/rolebindings': RBAC,
  'rbac.authorization.k8s.io/clusterroles': RBAC,
  'rbac.authorization.k8s.io/clusterrolebindings': RBAC,
};

export const rulesOf = ({ group, resource, custom }: ServedType): KindRules =>
  custom === undefined ? (RULES[`${group}/${resource}`] ?? {}) : CUSTOM;

/** Whether the server counts the generations of such an object. */
export const hasGenerations = (type: ServedType, object: ApiObject): boolean =>
  rulesOf(type).generation ?? object['spec'] !== undefined;
