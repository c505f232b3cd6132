import { appendAssertion } from '../identity/assertion.ts';
import type { Credential } from '../identity/credential.ts';
import { PEER_PROXIED } from '../identity/header-names.ts';
import type { ServerVersion } from '../kubernetes/kube-version.ts';
import type { RequestHead } from '../wire/exchange.ts';

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
  const isAsserted = credential.kind === 'asserted';
  const fields: string[] = [];
  let addresses = '';
  for (let i = 0; i + 1 < input.fields.length; i += 2) {
    const name = input.fields[i] ?? '';
    const value = input.fields[i + 1] ?? '';
    if (name === 'x-forwarded-for') addresses += `${value}, `;
    else if (!isAsserted || name !== 'authorization') fields.push(name, value);
  }
  fields.push('x-forwarded-for', addresses + input.clientAddress);
  if (input.final) fields.push(PEER_PROXIED, 'true');
  if (isAsserted) appendAssertion(fields, credential, input.server.version);
  const { method, target, authority, neverIndexed } = head;
  return { method, target, authority, fields, neverIndexed };
}
