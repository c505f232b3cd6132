import { TextMemo } from './text-memo.ts';

/** Kinds of clients that metrics tell apart; a bounded list, because clients write what they like. */
export type UserAgentFamily = (typeof FAMILIES)[number] | 'none' | 'other';

/** What a client says of itself in User-Agent. */
export interface StatedClient {
  readonly family: UserAgentFamily;
  /** N of a stated version v1.N; clients of Kubernetes' own release cycle mean the Kubernetes version by it. */
  readonly minor: number | undefined;
}

const FAMILIES = [
  'argocd',
  'calico',
  'cert-manager',
  'cilium',
  'cloud-controller-manager',
  'cluster-autoscaler',
  'coredns',
  'curl',
  'flux',
  'gatekeeper',
  'helm',
  'istio',
  'javascript-client',
  'java-client',
  'k9s',
  'karpenter',
  'kube-apiserver',
  'kube-controller-manager',
  'kube-proxy',
  'kube-scheduler',
  'kube-state-metrics',
  'kubeadm',
  'kubectl',
  'kubelet',
  'kyverno',
  'metrics-server',
  'mixed-version-proxy',
  'prometheus',
  'prometheus-operator',
  'python-client',
  'terraform',
  'velero',
] as const;

/** All of them. */
export const USER_AGENT_FAMILIES: readonly UserAgentFamily[] = [...FAMILIES, 'none', 'other'];

const BY_NAME: ReadonlyMap<string, UserAgentFamily> = new Map<string, UserAgentFamily>([
  ...FAMILIES.map((family) => [family, family] as const),
  ['aws-cloud-controller-manager', 'cloud-controller-manager'],
  ['azure-cloud-controller-manager', 'cloud-controller-manager'],
  ['gcp-cloud-controller-manager', 'cloud-controller-manager'],
  ['openstack-cloud-controller-manager', 'cloud-controller-manager'],
  ['cainjector', 'cert-manager'],
  ['helm-controller', 'flux'],
  ['image-automation-controller', 'flux'],
  ['image-reflector-controller', 'flux'],
  ['kustomize-controller', 'flux'],
  ['notification-controller', 'flux'],
  ['source-controller', 'flux'],
  ['hashicorp', 'terraform'],
  ['kubernetes java client', 'java-client'],
  ['node-fetch', 'javascript-client'],
  ['openapi-generator', 'python-client'],
  ['pilot-discovery', 'istio'],
]);

/** Beginnings of the names of programs that come in several parts: `argocd-application-controller`, `kubectl-1.30.14`. */
const BY_BEGINNING: readonly (readonly [string, UserAgentFamily])[] = [
  ['argocd-', 'argocd'],
  ['calico-', 'calico'],
  ['cert-manager-', 'cert-manager'],
  ['cilium-', 'cilium'],
  ['fabric8-', 'java-client'],
  ['kubectl-', 'kubectl'],
  ['kubectl.', 'kubectl'],
  ['kubelet-', 'kubelet'],
  ['kube-apiserver-', 'kube-apiserver'],
  ['kube-controller-manager-', 'kube-controller-manager'],
  ['kube-proxy-', 'kube-proxy'],
  ['kube-scheduler-', 'kube-scheduler'],
  ['kyverno-', 'kyverno'],
];

const VERSION = /^v?1\.(\d{1,3})(?![\d])/;
const NONE: StatedClient = { family: 'none', minor: undefined };

/**
 * Reads `NAME/VERSION …`, the form of client-go (rest.DefaultKubernetesUserAgent: the program's base name, its version,
 * platform and commit) and of RFC 9110 section 10.1.5. What follows the first product is not looked at.
 */
export function statedClient(userAgent: string | undefined): StatedClient {
  return userAgent === undefined || userAgent === '' ? NONE : KNOWN.of(userAgent);
}

/** Programs say the same again and again. */
const KNOWN = new TextMemo(readUserAgent);

function readUserAgent(userAgent: string): StatedClient {
  const slash = userAgent.indexOf('/');
  const name = (slash < 0 ? userAgent : userAgent.slice(0, slash)).toLowerCase();
  const minor = slash < 0 ? undefined : VERSION.exec(userAgent.slice(slash + 1, slash + 16))?.[1];
  return { family: familyOf(name), minor: minor === undefined ? undefined : Number(minor) };
}

/** The family alone, which metrics label requests with. */
export function userAgentFamily(userAgent: string | undefined): UserAgentFamily {
  return statedClient(userAgent).family;
}

function familyOf(program: string): UserAgentFamily {
  const name = program.endsWith('.exe') ? program.slice(0, -4) : program;
  const known = BY_NAME.get(name);
  if (known !== undefined) return known;
  for (const [beginning, family] of BY_BEGINNING) if (name.startsWith(beginning)) return family;
  return 'other';
}
