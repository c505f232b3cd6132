import { ProxyError } from '../errors.ts';
import { assertsIdentity, type IdentityHeaderNames, PEER_PROXIED } from '../identity/header-names.ts';
import { PASSED_PROXIES, passedProxies } from '../identity/passed-proxies.ts';
import { type Fields, fieldValues, withoutFields } from '../wire/fields.ts';

export interface CleanRequest {
  /** What may travel on: no hop-by-hop field, no claim of identity, no claim about the way it came. */
  readonly fields: string[];
  /** A trusted front proxy has routed this request already. */
  readonly alreadyProxied: boolean;
  /** Names of the proxies that it says it has passed. */
  readonly passed: readonly string[];
}

/** RFC 9110 section 7.6.1, and `http2-settings` (RFC 9113 section 3.1). `te: trailers` is end to end in effect and stays. */
const HOP_BY_HOP = new Set([
  'connection',
  'keep-alive',
  'proxy-connection',
  'proxy-authorization',
  'proxy-authenticate',
  'transfer-encoding',
  'upgrade',
  'http2-settings',
]);

/** Address claims that kube-apiserver's audit reads (apimachinery/pkg/util/net `SourceIPs`). */
const ADDRESS_CLAIMS = new Set(['x-forwarded-for', 'x-real-ip', 'forwarded']);

const NEVER_TRAILERS = new Set(['te', 'host', 'content-length', 'cookie']);

/**
 * Removes what a client must not pass on, before anything of ours is added (capsule-proxy#188: the other order lets a
 * client strip our own assertion). Throws MVP_IDENTITY_HEADER_IN_CONNECTION when `Connection` names a field that
 * decides who the caller is.
 */
export function cleanRequest(fields: Fields, names: IdentityHeaderNames, fromFrontProxy: boolean): CleanRequest {
  const connectionNamed = connectionTokens(fields);
  for (const token of connectionNamed) {
    if (assertsIdentity(token, names) || decidesCaller(token)) {
      throw new ProxyError(
        'MVP_IDENTITY_HEADER_IN_CONNECTION',
        `Connection names "${token}", which says who the caller is. Such a header cannot be dropped on the way; remove it from Connection.`,
      );
    }
  }
  const te = fieldValues(fields, 'te').some((value) => value.toLowerCase().includes('trailers'));
  const kept = withoutFields(
    fields,
    (name) =>
      HOP_BY_HOP.has(name) ||
      name === 'te' ||
      name === PASSED_PROXIES ||
      connectionNamed.has(name) ||
      assertsIdentity(name, names) ||
      (!fromFrontProxy && ADDRESS_CLAIMS.has(name)),
  );
  if (te) kept.push('te', 'trailers');
  // kube-apiserver adds its value behind one that the client has sent.
  const marks = fieldValues(fields, PEER_PROXIED).flatMap((value) => value.split(','));
  const alreadyProxied = fromFrontProxy && marks.some((mark) => mark.trim() === 'true');
  return { fields: kept, alreadyProxied, passed: passedProxies(fields) };
}

/**
 * A request's trailers without what says who sends it, how it came or how it is framed: receivers may merge trailers into
 * the header section (RFC 9110 section 6.5.1).
 */
export function cleanTrailers(trailers: Fields, names: IdentityHeaderNames): string[] {
  return withoutFields(
    trailers,
    (name) =>
      assertsIdentity(name, names) ||
      decidesCaller(name) ||
      HOP_BY_HOP.has(name) ||
      ADDRESS_CLAIMS.has(name) ||
      NEVER_TRAILERS.has(name),
  );
}

function connectionTokens(fields: Fields): Set<string> {
  const tokens = new Set<string>();
  for (const value of fieldValues(fields, 'connection')) {
    for (const token of value.split(',')) {
      const name = token.trim().toLowerCase();
      if (name !== '') tokens.add(name);
    }
  }
  return tokens;
}

/** Whether the field `name` (lower case) of a cleaned request says who sends it. */
export function decidesCaller(name: string): boolean {
  return name === 'authorization' || name === 'sec-websocket-protocol' || name.startsWith('impersonate-');
}
