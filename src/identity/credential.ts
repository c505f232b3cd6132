import { ProxyError } from '../errors.ts';
import { type Fields, fieldValue, fieldValues } from '../wire/fields.ts';
import { isAssertable } from './assertion.ts';
import type { CertificateVerdict } from './client-certificate.ts';
import { assertedUser } from './front-proxy.ts';
import type { IdentityHeaderNames } from './header-names.ts';
import type { User, VouchedUser } from './user.ts';

/** How a request proves who sends it, and therefore over which connections it may travel (product rule: trust classes). */
export type Credential =
  /** We vouch: identity headers over a connection that presents the front-proxy certificate. */
  | ({ readonly kind: 'asserted' } & VouchedUser)
  /** The caller's own token travels untouched; the server judges it. */
  | { readonly kind: 'own'; readonly authorization: string }
  | { readonly kind: 'anonymous' };

const WEBSOCKET_TOKEN = 'base64url.bearer.authorization.k8s.io.';

/**
 * Decides in kube-apiserver's order: front proxy, client certificate, token, anonymous.
 * `fields` are the client's, before cleaning. Throws MVP_CLIENT_CERTIFICATE when a certificate was presented that is
 * worth nothing and no token stands beside it.
 */
export function identify(verdict: CertificateVerdict, fields: Fields, names: IdentityHeaderNames): Credential {
  if (verdict.frontProxy) {
    const user = assertedUser(fields, names);
    if (user !== undefined) return { kind: 'asserted', user: assertable(user), source: 'front-proxy' };
  }
  if (verdict.user !== undefined) return ofCertificate(verdict.user);
  const authorization = bearerToken(fields) ?? webSocketToken(fields);
  if (authorization !== undefined) return { kind: 'own', authorization };
  if (verdict.rejected !== undefined) {
    throw new ProxyError(
      'MVP_CLIENT_CERTIFICATE',
      `Unauthorized: the client certificate was not accepted: ${verdict.rejected}. Present one issued by the cluster's client CA, or a token.`,
    );
  }
  return { kind: 'anonymous' };
}

const ofUsers = new WeakMap<User, Credential>();

/** One object for all requests of a connection. */
function ofCertificate(user: User): Credential {
  const known = ofUsers.get(user);
  if (known !== undefined) return known;
  const credential: Credential = { kind: 'asserted', user: assertable(user), source: 'client-certificate' };
  ofUsers.set(user, credential);
  return credential;
}

/** An Authorization field of another scheme, or without a token, makes nobody: kube-apiserver takes its sender for anonymous. */
function bearerToken(fields: Fields): string | undefined {
  const authorization = fieldValue(fields, 'authorization')?.trim();
  return authorization !== undefined && /^bearer [^ ]/i.test(authorization) ? authorization : undefined;
}

/** Browsers cannot set Authorization on a WebSocket; kube-apiserver then takes the token from the subprotocols. */
function webSocketToken(fields: Fields): string | undefined {
  if (fieldValue(fields, 'upgrade')?.toLowerCase() !== 'websocket') return undefined;
  return fieldValues(fields, 'sec-websocket-protocol').find((protocols) => protocols.includes(WEBSOCKET_TOKEN));
}

/** A name that a header would change on its way is refused rather than turned into another user's. */
function assertable(user: User): User {
  const values = [user.name, user.uid, ...user.groups, ...user.extra.flatMap(([, extras]) => extras)];
  if (values.every(isAssertable)) return user;
  throw new ProxyError(
    'MVP_CLIENT_CERTIFICATE',
    'Unauthorized: the user, a group or an extra contains control characters or surrounding white space, which no identity header can carry unchanged. Issue a certificate without them.',
  );
}
