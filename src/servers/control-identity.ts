import { ASSERTED_NAMES, PEER_PROXIED } from '../identity/header-names.ts';
import { PASSED_PROXIES } from '../identity/passed-proxies.ts';
import type { Fields } from '../wire/fields.ts';
import type { ClientKeyPair, PeerTrust } from './peer-trust.ts';

/** Who the proxy is when it probes, reads discovery and watches; deploy/rbac.yaml grants what it needs. */
export const CONTROL_USER = 'system:mixed-version-proxy';

/** What a request of ours can say of its user beside its name: that `value` is a group of it, and something `extra` of it. */
export function saidOfControlUser(value: string, extra: string): Fields {
  return [ASSERTED_NAMES.group, value, `${ASSERTED_NAMES.extraPrefix}${extra}`, value];
}

/** How our own requests to servers are authenticated. */
export interface ControlIdentity {
  readonly certificate: ClientKeyPair | undefined;
  /** Fields of every such request. */
  readonly fields: Fields;
}

/** The front-proxy certificate and an asserted user; else the kubeconfig's credential; else anonymous. */
export function controlIdentity(trust: PeerTrust): ControlIdentity {
  const fields = ['user-agent', 'mixed-version-proxy', PEER_PROXIED, 'true'];
  // A list of servers that leads back to this proxy is found out by its first probe.
  if (trust.proxyName !== undefined) fields.push(PASSED_PROXIES, trust.proxyName);
  if (trust.frontProxy !== undefined) {
    fields.push(ASSERTED_NAMES.username, CONTROL_USER, ASSERTED_NAMES.group, 'system:authenticated');
    return { certificate: trust.frontProxy, fields };
  }
  if (trust.control?.token !== undefined) fields.push('authorization', `Bearer ${trust.control.token}`);
  return { certificate: trust.control?.certificate, fields };
}
