import { ProxyError } from '../../../errors.ts';
import { type CertificateTrust, CREDENTIAL_ID } from '../../../identity/client-certificate.ts';
import { assertedUser } from '../../../identity/front-proxy.ts';
import type { IdentityHeaderNames } from '../../../identity/header-names.ts';
import type { User } from '../../../identity/user.ts';
import { parseServerVersion } from '../../../kubernetes/kube-version.ts';
import { ClientStates } from '../../../proxy/client-state.ts';
import type { ServerExchange } from '../../../wire/exchange.ts';
import type { Fields } from '../../../wire/fields.ts';
import { unauthorized } from '../api-error.ts';
import { bearerToken, type PresentedToken, webSocketToken } from './bearer-token.ts';
import { ISSUER, type ServiceAccountTokens, type VerifiedToken } from './service-account-tokens.ts';

export const ANONYMOUS = 'system:anonymous';
export const AUTHENTICATED = 'system:authenticated';
export const UNAUTHENTICATED = 'system:unauthenticated';

export interface AuthenticatorOptions {
  /** Of the server: older ones ignore what younger ones read. */
  readonly version: string;
  readonly trust: () => CertificateTrust;
  readonly names: IdentityHeaderNames;
  /** Static bearer tokens (`--token-auth-file`). */
  readonly tokens: ReadonlyMap<string, User>;
  readonly serviceAccounts: ServiceAccountTokens;
  readonly clock: () => number;
}

/** Decides who sends a request, as kube-apiserver's chain of authenticators does (pkg/kubeapiserver/authenticator). */
export class Authenticator {
  readonly #options: AuthenticatorOptions;
  readonly #clients = new ClientStates();
  readonly #names: IdentityHeaderNames;
  readonly #readsCertificateUid: boolean;
  readonly #namesCertificate: boolean;

  constructor(options: AuthenticatorOptions) {
    this.#options = options;
    const minor = minorOf(options.version);
    // RemoteRequestHeaderUID and AllowParsingUserUIDFromCertAuth are on from 1.33; the credential id is named from 1.32.
    this.#names = minor >= 33 ? options.names : { ...options.names, uid: [] };
    this.#readsCertificateUid = minor >= 33;
    this.#namesCertificate = minor >= 32;
  }

  /**
   * The user, its group of authenticated or unauthenticated users included. The first credential that works wins; throws
   * ApiError 401 when there are credentials and none works.
   */
  authenticate(exchange: ServerExchange): User {
    const { fields } = exchange.head;
    const user = this.#ofConnection(exchange) ?? this.#ofToken(fields);
    return user === undefined ? this.#nobody(exchange) : withAuthenticated(user);
  }

  /** Judges a token by itself, for a TokenReview. */
  review(token: string, audiences: readonly string[]): VerifiedToken | undefined {
    const known = this.#options.tokens.get(token);
    // A static token is bound to no audience.
    if (known !== undefined)
      return { user: withAuthenticated(known), audiences: audiences.length === 0 ? [ISSUER] : audiences };
    const verified = this.#options.serviceAccounts.verify(token, audiences.length === 0 ? [ISSUER] : audiences);
    return verified && { ...verified, user: withAuthenticated(verified.user) };
  }

  #verdict({ connection }: ServerExchange) {
    return this.#clients.of(connection, this.#options.trust(), this.#options.clock()).verdict;
  }

  #ofConnection(exchange: ServerExchange): User | undefined {
    const { frontProxy, user } = this.#verdict(exchange);
    const asserted = frontProxy ? this.#asserted(exchange.head.fields) : undefined;
    return asserted ?? (user && this.#certificateUser(user));
  }

  #asserted(fields: Fields): User | undefined {
    try {
      return assertedUser(fields, this.#names);
    } catch (error) {
      if (error instanceof ProxyError) throw unauthorized();
      throw error;
    }
  }

  #certificateUser(user: User): User {
    return {
      ...user,
      uid: this.#readsCertificateUid ? user.uid : '',
      extra: this.#namesCertificate ? user.extra : user.extra.filter(([key]) => key !== CREDENTIAL_ID),
    };
  }

  #ofToken(fields: Fields): User | undefined {
    for (const presented of [bearerToken(fields), webSocketToken(fields)]) {
      if (presented.kind !== 'token') continue;
      const user =
        this.#options.tokens.get(presented.token) ?? this.#options.serviceAccounts.verify(presented.token)?.user;
      if (user !== undefined) return user;
    }
    return undefined;
  }

  /** Nobody, or somebody whose credentials did not work. */
  #nobody(exchange: ServerExchange): User {
    const { fields } = exchange.head;
    const isFaulty = (token: PresentedToken): boolean => token.kind !== 'none';
    if (this.#verdict(exchange).rejected !== undefined) throw unauthorized();
    if (isFaulty(bearerToken(fields)) || isFaulty(webSocketToken(fields))) throw unauthorized();
    return { name: ANONYMOUS, uid: '', groups: [UNAUTHENTICATED], extra: [] };
  }
}

/** apiserver pkg/authentication/group: not for the anonymous user, and not for who is in one of the two groups already. */
function withAuthenticated(user: User): User {
  if (user.name === ANONYMOUS || user.groups.includes(AUTHENTICATED) || user.groups.includes(UNAUTHENTICATED)) {
    return user;
  }
  return { ...user, groups: [...user.groups, AUTHENTICATED] };
}

/** Minor version of a 1.x server; a version that tells none counts as new. */
export function minorOf(version: string): number {
  return parseServerVersion(version)?.minor ?? Number.POSITIVE_INFINITY;
}
