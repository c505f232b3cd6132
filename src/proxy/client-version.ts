import { statedClient, type UserAgentFamily } from '../kubernetes/user-agent-family.ts';
import { type Fields, fieldValue } from '../wire/fields.ts';

/**
 * Programs of Kubernetes' own releases. Each works with servers up to a version or three newer, and may send fields and
 * selectors that older servers do not know.
 */
const COMPONENTS: ReadonlySet<UserAgentFamily> = new Set([
  'kubelet',
  'kube-controller-manager',
  'kube-scheduler',
  'kube-proxy',
  'kubectl',
]);

/** N of a component of v1.N, by its User-Agent; undefined: it has no preference. */
export function componentMinor(userAgent: string): number | undefined {
  const { family, minor } = statedClient(userAgent);
  return COMPONENTS.has(family) ? minor : undefined;
}

/** The same of a request's fields. */
export function preferringMinor(fields: Fields): number | undefined {
  const userAgent = fieldValue(fields, 'user-agent');
  return userAgent === undefined ? undefined : componentMinor(userAgent);
}
