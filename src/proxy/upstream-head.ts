import { appendAssertion } from '../identity/assertion.ts';
import type { Credential } from '../identity/credential.ts';
import { PEER_PROXIED } from '../identity/header-names.ts';
import type { ServerVersion } from '../kubernetes/kube-version.ts';
import type { RequestHead } from '../wire/exchange.ts';
import { fieldValues, withoutFields } from '../wire/fields.ts';

export interface UpstreamHeadInput {
  readonly head: RequestHead;
  /** The request's fields after cleaning. */
  readonly fields: readonly string[];
  readonly credential: Credential;
  readonly clientAddress: string;
  readonly server: { readonly version: ServerVersion | undefined };
  /** Routing ends with this server. */
  readonly final: boolean;
}

/**
 * The head that travels to a server: method, target and host byte for byte, the client's cleaned fields, and what we add
 * (product.md section 5, step 7). Authorization stays behind when we assert an identity, because the server would
 * otherwise see two claims.
 */
export function upstreamHead(input: UpstreamHeadInput): RequestHead {
  const { head, credential } = input;
  const fields = withoutFields(
    input.fields,
    (name) => name === 'x-forwarded-for' || (name === 'authorization' && credential.kind === 'asserted'),
  );
  fields.push('x-forwarded-for', [...fieldValues(input.fields, 'x-forwarded-for'), input.clientAddress].join(', '));
  if (input.final) fields.push(PEER_PROXIED, 'true');
  if (credential.kind === 'asserted') appendAssertion(fields, credential.user, input.server.version);
  const { method, target, authority, neverIndexed } = head;
  return { method, target, authority, fields, neverIndexed };
}
