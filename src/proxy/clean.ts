import { ProxyError } from '../errors.ts';
import {
  assertsIdentity,
  hasIdentityPrefix,
  type IdentityHeaderNames,
  PEER_PROXIED,
} from '../identity/header-names.ts';
import { PASSED_PROXIES, passedProxies } from '../identity/passed-proxies.ts';
import { type Fields, fieldValues, withoutFields } from '../wire/fields.ts';
import { EXPLAIN } from './explain-header.ts';

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

const NEVER_TRAILERS = new Set(['te', 'host', 'content-length', 'cookie', EXPLAIN]);

const NOBODY: readonly string[] = [];

/** What becomes of a field. All but `address` of a front proxy end here; some are read before they do. */
type Fate = 'dropped' | 'address' | 'connection' | 'te' | 'passed' | 'mark';

/**
 * Removes what a client must not pass on, before anything of ours is added (capsule-proxy#188: the other order lets a
 * client strip our own assertion).
 */
export class RequestCleaner {
  readonly #names: IdentityHeaderNames;
  /** By name. What is in no rule, and has none of the prefixes, travels on. */
  readonly #fates: ReadonlyMap<string, Fate>;

  constructor(names: IdentityHeaderNames) {
    this.#names = names;
    const fates = new Map<string, Fate>();
    for (const name of ADDRESS_CLAIMS) fates.set(name, 'address');
    for (const name of [...names.username, ...names.uid, ...names.group, ...HOP_BY_HOP, EXPLAIN])
      fates.set(name, 'dropped');
    fates.set('connection', 'connection').set('te', 'te').set(PASSED_PROXIES, 'passed').set(PEER_PROXIED, 'mark');
    this.#fates = fates;
  }

  /** Throws MVP_IDENTITY_HEADER_IN_CONNECTION when `Connection` names a field that decides who the caller is. */
  clean(fields: Fields, fromFrontProxy: boolean): CleanRequest {
    const kept: string[] = [];
    let named: ReadonlySet<string> | undefined;
    let wantsTrailers = false;
    let alreadyProxied = false;
    let hasPassed = false;
    for (let i = 0; i + 1 < fields.length; i += 2) {
      const name = fields[i] ?? '';
      const value = fields[i + 1] ?? '';
      const fate = this.#fates.get(name);
      if (fate === undefined) {
        if (!hasIdentityPrefix(name, this.#names)) kept.push(name, value);
      } else if (fate === 'address') {
        if (fromFrontProxy) kept.push(name, value);
      } else if (fate === 'connection') named ??= this.#connectionTokens(fields);
      else if (fate === 'te') wantsTrailers ||= value.toLowerCase().includes('trailers');
      else if (fate === 'passed') hasPassed = true;
      else if (fate === 'mark') alreadyProxied ||= fromFrontProxy && isMarked(value);
    }
    const left = named === undefined ? kept : withoutFields(kept, (name) => named.has(name));
    if (wantsTrailers) left.push('te', 'trailers');
    return { fields: left, alreadyProxied, passed: hasPassed ? passedProxies(fields) : NOBODY };
  }

  #connectionTokens(fields: Fields): ReadonlySet<string> {
    const tokens = connectionTokens(fields);
    for (const token of tokens) {
      if (assertsIdentity(token, this.#names) || decidesCaller(token)) {
        throw new ProxyError(
          'MVP_IDENTITY_HEADER_IN_CONNECTION',
          `Connection names "${token}", which says who the caller is. Such a header cannot be dropped on the way; remove it from Connection.`,
        );
      }
    }
    return tokens;
  }
}

/** kube-apiserver adds its value behind one that the client has sent. */
function isMarked(value: string): boolean {
  return value.split(',').some((mark) => mark.trim() === 'true');
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
