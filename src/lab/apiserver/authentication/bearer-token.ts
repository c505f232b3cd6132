import { type Fields, fieldValue, fieldValues } from '../../../wire/fields.ts';

/** What a request says about tokens: none, one, or a set of WebSocket protocols that kube-apiserver takes for an error. */
export type PresentedToken =
  | { readonly kind: 'none' }
  | { readonly kind: 'token'; readonly token: string }
  | { readonly kind: 'malformed' };

const NONE: PresentedToken = { kind: 'none' };
const WEBSOCKET_TOKEN = 'base64url.bearer.authorization.k8s.io.';

/**
 * The token of the Authorization field (apiserver pkg/authentication/request/bearertoken): what follows one space after
 * the scheme, up to the next. Another scheme, or a second space, is no token at all.
 */
export function bearerToken(fields: Fields): PresentedToken {
  const [scheme = '', token = ''] = (fieldValue(fields, 'authorization') ?? '').trim().split(' ', 2);
  return scheme.toLowerCase() === 'bearer' && token !== '' ? { kind: 'token', token } : NONE;
}

/**
 * The token that a browser hides among the subprotocols of a WebSocket (apiserver pkg/authentication/request/websocket).
 * Two tokens, a token that is not UTF-8, or a token without any real protocol beside it are errors.
 */
export function webSocketToken(fields: Fields): PresentedToken {
  if (fieldValue(fields, 'upgrade')?.toLowerCase() !== 'websocket') return NONE;
  const protocols = fieldValues(fields, 'sec-websocket-protocol')
    .flatMap((value) => value.split(','))
    .map((protocol) => protocol.trim());
  const hidden = protocols.filter((protocol) => protocol.startsWith(WEBSOCKET_TOKEN));
  const [first] = hidden;
  if (first === undefined) return NONE;
  if (hidden.length > 1 || hidden.length === protocols.length) return { kind: 'malformed' };
  const encoded = first.slice(WEBSOCKET_TOKEN.length);
  if (encoded === '') return NONE;
  if (!/^[A-Za-z0-9_-]+$/.test(encoded)) return { kind: 'malformed' };
  return { kind: 'token', token: Buffer.from(encoded, 'base64url').toString('utf8') };
}
