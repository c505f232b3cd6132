import { createPrivateKey, createPublicKey, type KeyObject, randomUUID } from 'node:crypto';
import { CREDENTIAL_ID } from '../../../identity/client-certificate.ts';
import type { User } from '../../../identity/user.ts';
import type { ApiObject, JsonObject } from '../../api-object.ts';
import { type Store, storeKey } from '../../store/store.ts';
import { signToken, verifiedClaims } from './json-web-token.ts';

/** Issuer of the tokens and, with nothing else asked for, their audience (`--service-account-issuer`). */
export const ISSUER = 'https://kubernetes.default.svc';
/** Clocks of servers and clients may differ by this (seconds). */
const LEEWAY = 60;

/** Signs and verifies the tokens of service accounts; all servers of a lab share one. */
export interface ServiceAccountKey {
  readonly privateKey: KeyObject;
  readonly publicKey: KeyObject;
}

/** Reads a PEM private key (P-256). Throws what node:crypto throws for anything else. */
export function readServiceAccountKey(privateKeyPem: string): ServiceAccountKey {
  const privateKey = createPrivateKey(privateKeyPem);
  return { privateKey, publicKey: createPublicKey(privateKey) };
}

/** An object a token is bound to: it is worth nothing once that is gone. */
export interface BoundObject {
  readonly kind: 'Pod' | 'Secret' | 'Node';
  readonly name: string;
  readonly uid: string;
}

export interface TokenSpec {
  readonly account: ApiObject;
  readonly audiences: readonly string[];
  readonly expirationSeconds: number;
  readonly bound: BoundObject | undefined;
}

/** What a token that verifies says. */
export interface VerifiedToken {
  readonly user: User;
  /** Of the audiences asked for, those the token is meant for. */
  readonly audiences: readonly string[];
}

/** Mints and judges tokens of service accounts as kube-apiserver's TokenRequest and its validator do (pkg/serviceaccount). */
export class ServiceAccountTokens {
  readonly #key: ServiceAccountKey;
  readonly #store: Store;
  readonly #clock: () => number;
  readonly #namesCredential: boolean;

  /** `namesCredential`: users carry the token's id as an extra (from 1.30, gate ServiceAccountTokenJTI). */
  constructor(key: ServiceAccountKey, store: Store, clock: () => number, namesCredential: boolean) {
    this.#key = key;
    this.#store = store;
    this.#clock = clock;
    this.#namesCredential = namesCredential;
  }

  /** The token, and when it ends in epoch milliseconds. */
  mint({ account, audiences, expirationSeconds, bound }: TokenSpec): { token: string; expiresAt: number } {
    const { name, namespace = '', uid } = account.metadata;
    const now = Math.floor(this.#clock() / 1000);
    const exp = now + expirationSeconds;
    const claims = {
      aud: audiences,
      exp,
      iat: now,
      iss: ISSUER,
      jti: randomUUID(),
      'kubernetes.io': {
        namespace,
        ...(bound !== undefined && { [bound.kind.toLowerCase()]: { name: bound.name, uid: bound.uid } }),
        serviceaccount: { name, uid },
      },
      nbf: now,
      sub: `system:serviceaccount:${namespace}:${name}`,
    };
    return { token: signToken(claims, this.#key.privateKey), expiresAt: exp * 1000 };
  }

  /** The service account of a token for one of `audiences`; undefined when it is not ours, not valid (any more) or orphaned. */
  verify(token: string, audiences: readonly string[] = [ISSUER]): VerifiedToken | undefined {
    const claims = verifiedClaims(token, this.#key.publicKey);
    if (claims?.['iss'] !== ISSUER) return undefined;
    const now = this.#clock() / 1000;
    if (Number(claims['exp'] ?? 0) + LEEWAY < now || Number(claims['nbf'] ?? 0) - LEEWAY > now) return undefined;
    const meant = texts(claims['aud']);
    const shared = audiences.filter((audience) => meant.includes(audience));
    if (shared.length === 0) return undefined;
    const own = objectOf(claims['kubernetes.io']);
    const namespace = String(own['namespace'] ?? '');
    const account = objectOf(own['serviceaccount']);
    const name = String(account['name'] ?? '');
    if (!this.#lives('serviceaccounts', namespace, account) || !this.#boundObjectLives(own, namespace))
      return undefined;
    const jti = claims['jti'];
    const user: User = {
      name: `system:serviceaccount:${namespace}:${name}`,
      uid: String(account['uid'] ?? ''),
      groups: ['system:serviceaccounts', `system:serviceaccounts:${namespace}`],
      extra: [
        ...(this.#namesCredential && typeof jti === 'string' ? [[CREDENTIAL_ID, [`JTI=${jti}`]] as const] : []),
        ...boundExtra(own),
      ],
    };
    return { user, audiences: shared };
  }

  #boundObjectLives(own: JsonObject, namespace: string): boolean {
    return BOUND.every(
      ({ claim, resource, namespaced }) =>
        own[claim] === undefined || this.#lives(resource, namespaced ? namespace : '', objectOf(own[claim])),
    );
  }

  #lives(resource: string, namespace: string, { name, uid }: JsonObject): boolean {
    const found = this.#store.get(storeKey('', resource, namespace, String(name ?? '')));
    return found?.value.metadata.uid === uid;
  }
}

const BOUND = [
  { claim: 'pod', resource: 'pods', namespaced: true },
  { claim: 'secret', resource: 'secrets', namespaced: true },
  { claim: 'node', resource: 'nodes', namespaced: false },
] as const;

/** Tokens of pods and nodes tell which (pkg/serviceaccount ServiceAccountInfo.UserInfo). */
function boundExtra(own: JsonObject): (readonly [string, readonly string[]])[] {
  return (['node', 'pod'] as const).flatMap((claim) => {
    const { name, uid } = objectOf(own[claim]);
    if (typeof name !== 'string' || typeof uid !== 'string') return [];
    return [
      [`authentication.kubernetes.io/${claim}-name`, [name]],
      [`authentication.kubernetes.io/${claim}-uid`, [uid]],
    ] as const;
  });
}

function objectOf(value: unknown): JsonObject {
  return typeof value === 'object' && value !== null ? { ...value } : {};
}

function texts(value: unknown): readonly string[] {
  const list = Array.isArray(value) ? value : [value];
  return list.filter((item) => typeof item === 'string');
}
