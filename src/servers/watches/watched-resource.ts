/** What a change of a watched resource is counted as. */
export type WatchTrigger = 'crd' | 'apiservice' | 'lease' | 'endpointslice';

/** One kind of object whose changes announce changes of what servers serve. deploy/rbac.yaml grants exactly these. */
export interface WatchedResource {
  readonly trigger: WatchTrigger;
  readonly group: string;
  readonly version: string;
  /** Plural name; also in metrics and `/status`. */
  readonly resource: string;
  /** Absent: cluster-scoped. */
  readonly namespace?: string;
  /** The only object of interest. RBAC judges lists and watches with this field selector as requests for that name. */
  readonly name?: string;
  readonly labelSelector?: string;
  /**
   * `any`: every event. `holder`: objects that come, go or change their holder, but not renewals, which each server writes
   * every 10 s. Only the latter needs more than the metadata.
   */
  readonly counts: 'any' | 'holder';
}

export const WATCHED_RESOURCES: readonly WatchedResource[] = [
  {
    trigger: 'crd',
    group: 'apiextensions.k8s.io',
    version: 'v1',
    resource: 'customresourcedefinitions',
    counts: 'any',
  },
  { trigger: 'apiservice', group: 'apiregistration.k8s.io', version: 'v1', resource: 'apiservices', counts: 'any' },
  {
    trigger: 'lease',
    group: 'coordination.k8s.io',
    version: 'v1',
    resource: 'leases',
    namespace: 'kube-system',
    labelSelector: 'apiserver.kubernetes.io/identity=kube-apiserver',
    counts: 'holder',
  },
  {
    trigger: 'endpointslice',
    group: 'discovery.k8s.io',
    version: 'v1',
    resource: 'endpointslices',
    namespace: 'default',
    name: 'kubernetes',
    counts: 'any',
  },
];

const AS_METADATA = 'g=meta.k8s.io;v=v1;as=PartialObjectMetadata';

/** The Accept field of a list or watch: metadata alone where that is enough, for objects can be a thousand times as large. */
export function acceptOf({ counts }: WatchedResource, request: 'list' | 'watch'): string {
  if (counts === 'holder') return 'application/json';
  return `application/json;${AS_METADATA}${request === 'list' ? 'List' : ''},application/json`;
}

/** Where the list of the resource begins; `limit=1` where only its resourceVersion is of interest. */
export function listTarget(watched: WatchedResource): string {
  return targetOf(watched, watched.counts === 'holder' ? [] : [['limit', '1']]);
}

/** A watch of what happens after `resourceVersion`, ended by the server after `timeoutSeconds`. */
export function watchTarget(watched: WatchedResource, resourceVersion: string, timeoutSeconds: number): string {
  return targetOf(watched, [
    ['watch', '1'],
    ['allowWatchBookmarks', 'true'],
    ['resourceVersion', resourceVersion],
    ['timeoutSeconds', String(timeoutSeconds)],
  ]);
}

function targetOf(watched: WatchedResource, parameters: readonly (readonly [string, string])[]): string {
  const { group, version, resource, namespace, name, labelSelector } = watched;
  const scope = namespace === undefined ? '' : `namespaces/${namespace}/`;
  const query = new URLSearchParams();
  if (name !== undefined) query.set('fieldSelector', `metadata.name=${name}`);
  if (labelSelector !== undefined) query.set('labelSelector', labelSelector);
  for (const [key, value] of parameters) query.set(key, value);
  const text = query.toString();
  return `/apis/${group}/${version}/${scope}${resource}${text === '' ? '' : `?${text}`}`;
}
