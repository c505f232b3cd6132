import type { GroupVersionResource } from '../../../api-object.ts';
import type { CustomType, ServedSubresource, ServedType, ServedTypes } from '../../served-type.ts';

const VERBS = ['create', 'delete', 'deletecollection', 'get', 'list', 'patch', 'update', 'watch'];
const PART = ['get', 'patch', 'update'];

function servedType(
  apiVersion: string,
  kind: string,
  resource: string,
  {
    namespaced = true,
    verbs = VERBS,
    subresources = [],
    custom,
  }: {
    namespaced?: boolean;
    verbs?: readonly string[];
    subresources?: readonly (readonly [string, ServedSubresource])[];
    custom?: CustomType;
  } = {},
): ServedType {
  const slash = apiVersion.indexOf('/');
  return {
    group: apiVersion.slice(0, Math.max(0, slash)),
    version: apiVersion.slice(slash + 1),
    resource,
    kind,
    listKind: `${kind}List`,
    singular: kind.toLowerCase(),
    namespaced,
    verbs,
    shortNames: [],
    categories: [],
    subresources: new Map(subresources),
    custom,
  };
}

const part = (name: string, group: string, version: string, kind: string, verbs: readonly string[] = PART) =>
  [name, { group, version, kind, verbs }] as const;

const scale = part('scale', 'autoscaling', 'v1', 'Scale');

const widget: CustomType = {
  definition: 'widgets.example.com',
  schema: undefined,
  printerColumns: [],
  scale: {
    specReplicasPath: '.spec.size.replicas',
    statusReplicasPath: '.status.replicas',
    labelSelectorPath: '.status.selector',
  },
};

const TYPES: readonly ServedType[] = [
  servedType('v1', 'ConfigMap', 'configmaps'),
  servedType('v1', 'Secret', 'secrets'),
  servedType('v1', 'ServiceAccount', 'serviceaccounts'),
  servedType('v1', 'Service', 'services', { subresources: [part('status', '', 'v1', 'Service')] }),
  servedType('v1', 'Namespace', 'namespaces', {
    namespaced: false,
    verbs: VERBS.filter((verb) => verb !== 'deletecollection'),
    subresources: [part('status', '', 'v1', 'Namespace'), part('finalize', '', 'v1', 'Namespace', ['update'])],
  }),
  servedType('v1', 'Node', 'nodes', { namespaced: false, subresources: [part('status', '', 'v1', 'Node')] }),
  servedType('v1', 'Pod', 'pods', {
    subresources: [
      part('status', '', 'v1', 'Pod'),
      part('binding', '', 'v1', 'Binding', ['create']),
      part('eviction', 'policy', 'v1', 'Eviction', ['create']),
      part('log', '', 'v1', 'Pod', ['get']),
    ],
  }),
  servedType('v1', 'ReplicationController', 'replicationcontrollers', {
    subresources: [part('status', '', 'v1', 'ReplicationController'), scale],
  }),
  servedType('v1', 'Event', 'events'),
  servedType('events.k8s.io/v1', 'Event', 'events'),
  servedType('v1', 'Binding', 'bindings', { verbs: ['create'] }),
  servedType('apps/v1', 'Deployment', 'deployments', {
    subresources: [part('status', 'apps', 'v1', 'Deployment'), scale],
  }),
  servedType('coordination.k8s.io/v1', 'Lease', 'leases'),
  servedType('coordination.k8s.io/v1beta1', 'Lease', 'leases'),
  servedType('rbac.authorization.k8s.io/v1', 'ClusterRole', 'clusterroles', { namespaced: false }),
  servedType('example.com/v1', 'Widget', 'widgets', {
    subresources: [part('status', 'example.com', 'v1', 'Widget'), scale],
    custom: widget,
  }),
  servedType('example.com/v1', 'Plain', 'plains', {
    custom: { ...widget, definition: 'plains.example.com', scale: undefined },
  }),
];

const sameType = (a: GroupVersionResource, b: GroupVersionResource) =>
  a.group === b.group && a.version === b.version && a.resource === b.resource;

/** A handful of types as servers serve them, two of them custom: with (`widgets`) and without subresources (`plains`). */
export const SAMPLE_TYPES: ServedTypes = {
  find: (asked) => TYPES.find((type) => sameType(type, asked)),
  all: () => TYPES,
};
