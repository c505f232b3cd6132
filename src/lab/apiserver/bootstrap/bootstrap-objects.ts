import type { JsonObject } from '../../api-object.ts';

/** An object that every cluster has before anybody writes one; identity and times are added when it is stored. */
export interface BootstrapObject {
  readonly group: string;
  readonly resource: string;
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly labels?: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
  };
  readonly fields: JsonObject;
}

const RBAC = 'rbac.authorization.k8s.io';
const RBAC_METADATA = {
  labels: { 'kubernetes.io/bootstrapping': 'rbac-defaults' },
  annotations: { 'rbac.authorization.kubernetes.io/autoupdate': 'true' },
};

const READ = ['get', 'list', 'watch'];
const INFO_PATHS = ['/healthz', '/livez', '/readyz', '/version', '/version/'];
const DISCOVERY_PATHS = ['/api', '/api/*', '/apis', '/apis/*', '/healthz', '/livez', '/openapi', '/openapi/*'];

/** What kube-apiserver's aggregated role `view` comes to without the roles of others: no Secrets, no RBAC objects. */
const VIEW = [
  read('', [
    ...['configmaps', 'endpoints', 'persistentvolumeclaims', 'persistentvolumeclaims/status', 'pods'],
    ...['replicationcontrollers', 'replicationcontrollers/scale', 'serviceaccounts', 'services', 'services/status'],
    ...['bindings', 'events', 'limitranges', 'namespaces', 'namespaces/status', 'pods/log', 'pods/status'],
    ...['replicationcontrollers/status', 'resourcequotas', 'resourcequotas/status'],
  ]),
  read('events.k8s.io', ['events']),
  read('discovery.k8s.io', ['endpointslices']),
  read('apps', [
    'controllerrevisions',
    ...['daemonsets', 'deployments', 'replicasets', 'statefulsets'].flatMap(withStatus),
    ...['deployments/scale', 'replicasets/scale', 'statefulsets/scale'],
  ]),
  read('autoscaling', withStatus('horizontalpodautoscalers')),
  read('batch', ['cronjobs', 'jobs'].flatMap(withStatus)),
  read('policy', withStatus('poddisruptionbudgets')),
  read('networking.k8s.io', [...withStatus('ingresses'), 'networkpolicies']),
  read('resource.k8s.io', [...withStatus('resourceclaims'), 'resourceclaimtemplates']),
];

/** In the order in which they are stored (kubernetes plugin/pkg/auth/authorizer/rbac/bootstrappolicy, pkg/controlplane). */
export const BOOTSTRAP_OBJECTS: readonly BootstrapObject[] = [
  ...['kube-system', 'kube-public', 'default', 'kube-node-lease'].map(namespace),
  clusterRole('cluster-admin', [
    { verbs: ['*'], apiGroups: ['*'], resources: ['*'] },
    { verbs: ['*'], nonResourceURLs: ['*'] },
  ]),
  clusterRole('view', VIEW),
  clusterRole('system:discovery', [
    { verbs: ['get'], nonResourceURLs: [...DISCOVERY_PATHS, '/readyz', '/version', '/version/'] },
  ]),
  clusterRole('system:basic-user', [
    create('authorization.k8s.io', ['selfsubjectaccessreviews', 'selfsubjectrulesreviews']),
    create('authentication.k8s.io', ['selfsubjectreviews']),
  ]),
  clusterRole('system:public-info-viewer', [{ verbs: ['get'], nonResourceURLs: INFO_PATHS }]),
  clusterRoleBinding('cluster-admin', ['system:masters']),
  clusterRoleBinding('system:discovery', ['system:authenticated']),
  clusterRoleBinding('system:basic-user', ['system:authenticated']),
  clusterRoleBinding('system:public-info-viewer', ['system:authenticated', 'system:unauthenticated']),
  {
    group: '',
    resource: 'services',
    apiVersion: 'v1',
    kind: 'Service',
    metadata: {
      name: 'kubernetes',
      namespace: 'default',
      labels: { component: 'apiserver', provider: 'kubernetes' },
    },
    fields: {
      spec: {
        ports: [{ name: 'https', protocol: 'TCP', port: 443, targetPort: 6443 }],
        clusterIP: '10.0.0.1',
        clusterIPs: ['10.0.0.1'],
        type: 'ClusterIP',
        sessionAffinity: 'None',
        ipFamilies: ['IPv4'],
        ipFamilyPolicy: 'SingleStack',
        internalTrafficPolicy: 'Cluster',
      },
      status: { loadBalancer: {} },
    },
  },
];

function namespace(name: string): BootstrapObject {
  return {
    group: '',
    resource: 'namespaces',
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: { name, labels: { 'kubernetes.io/metadata.name': name } },
    fields: { spec: { finalizers: ['kubernetes'] }, status: { phase: 'Active' } },
  };
}

function clusterRole(name: string, rules: readonly JsonObject[]): BootstrapObject {
  return {
    group: RBAC,
    resource: 'clusterroles',
    apiVersion: `${RBAC}/v1`,
    kind: 'ClusterRole',
    metadata: { name, ...RBAC_METADATA },
    fields: { rules },
  };
}

function clusterRoleBinding(role: string, groups: readonly string[]): BootstrapObject {
  return {
    group: RBAC,
    resource: 'clusterrolebindings',
    apiVersion: `${RBAC}/v1`,
    kind: 'ClusterRoleBinding',
    metadata: { name: role, ...RBAC_METADATA },
    fields: {
      subjects: groups.map((name) => ({ kind: 'Group', apiGroup: RBAC, name })),
      roleRef: { apiGroup: RBAC, kind: 'ClusterRole', name: role },
    },
  };
}

function read(group: string, resources: readonly string[]): JsonObject {
  return { verbs: READ, apiGroups: [group], resources };
}

function create(group: string, resources: readonly string[]): JsonObject {
  return { verbs: ['create'], apiGroups: [group], resources };
}

function withStatus(resource: string): readonly string[] {
  return [resource, `${resource}/status`];
}
