/** One of the three questions that a probe asks. */
export type HealthEndpoint = 'healthz' | 'livez' | 'readyz';

export interface HealthCheck {
  readonly name: string;
  passes(): boolean;
}

/** The checks of kube-apiserver whose names stay the same over its versions. */
const STARTED = [
  'poststarthook/start-apiserver-admission-initializer',
  'poststarthook/generic-apiserver-start-informers',
  'poststarthook/start-apiextensions-informers',
  'poststarthook/start-apiextensions-controllers',
  'poststarthook/crd-informer-synced',
  'poststarthook/start-system-namespaces-controller',
  'poststarthook/rbac/bootstrap-roles',
  'poststarthook/bootstrap-controller',
  'poststarthook/apiservice-registration-controller',
  'poststarthook/apiservice-discovery-controller',
  'poststarthook/kube-apiserver-autoregistration',
  'autoregister-completion',
  'poststarthook/apiservice-openapiv3-controller',
];

/** What the checks read of their server. */
export interface Health {
  /** Its objects are in place, and it serves. */
  readonly started: boolean;
  readonly ready: boolean;
}

/** The checks of one endpoint, in the order of kube-apiserver. Readiness fails with `shutdown`, as that of a server that leaves. */
export function healthChecks(endpoint: HealthEndpoint, health: Health): readonly HealthCheck[] {
  const always = ['ping', 'log', 'etcd', ...(endpoint === 'readyz' ? ['etcd-readiness', 'informer-sync'] : [])];
  return [
    ...always.map((name) => ({ name, passes: () => true })),
    ...STARTED.map((name) => ({ name, passes: () => health.started })),
    ...(endpoint === 'readyz' ? [{ name: 'shutdown', passes: () => health.ready }] : []),
  ];
}
