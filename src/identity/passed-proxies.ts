import { randomBytes } from 'node:crypto';
import { ProxyError } from '../errors.ts';
import { type Fields, fieldValues } from '../wire/fields.ts';

/**
 * Lists the proxies that a request has passed, each by a random name that it gives itself when it starts.
 *
 * It is believed of anybody, unlike `X-Kubernetes-Peer-Proxied`, because all that it can bring about is an answer 503: no
 * route, no identity and no 404 comes of it. That matters for requests with tokens and without a credential, which travel
 * between sidecars over connections that prove nothing about the sender.
 */
export const PASSED_PROXIES = 'x-mvproxy-via';

/**
 * A request may pass a gateway, a sidecar, and one more that a server with the native feature sends it to. Names that a
 * proxy does not know as its own are those of its other workers, or of itself before a restart; this ends their loops too.
 */
const MOST_PROXIES = 3;

export function newProxyName(): string {
  return randomBytes(6).toString('hex');
}

/** The proxies that a request has passed, first one first. */
export function passedProxies(fields: Fields): readonly string[] {
  return fieldValues(fields, PASSED_PROXIES)
    .flatMap((value) => value.split(','))
    .map((name) => name.trim())
    .filter((name) => name !== '');
}

/** Throws MVP_FORWARDING_LOOP when a request that has passed `passed` may not pass the proxy `self`. */
export function refuseLoops(passed: readonly string[], self: string): void {
  if (passed.includes(self)) {
    throw new ProxyError(
      'MVP_FORWARDING_LOOP',
      `This proxy (${self}) has sent this request to itself: its list of servers leads back to it. Nothing was executed. Take the proxy's own address off the list, and name API servers or other nodes' sidecars.`,
    );
  }
  if (passed.length >= MOST_PROXIES) {
    throw new ProxyError(
      'MVP_FORWARDING_LOOP',
      `This request has passed ${passed.length} proxies already: their lists of servers lead from one to the other. Nothing was executed. Name API servers in those lists, or in a sidecar's the other nodes' sidecars.`,
    );
  }
}
