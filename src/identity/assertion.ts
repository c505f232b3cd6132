import type { ServerVersion } from '../kubernetes/kube-version.ts';
import { CREDENTIAL_ID } from './client-certificate.ts';
import type { IdentityHeaderNames } from './header-names.ts';
import type { User } from './user.ts';

/**
 * The header fields that assert `user` to a server over a front-proxy connection, appended to `fields`.
 * Receivers take the first configured name that has a value, so the first of each kind is used. Extra keys travel
 * percent-encoded where a header name cannot hold them (client-go/transport `headerKeyEscape`), and also where receivers
 * would lower their case before they decode.
 * The credential id is left out for servers that do not derive one themselves (before 1.32).
 */
export function appendAssertion(
  fields: string[],
  user: User,
  names: IdentityHeaderNames,
  version: ServerVersion | undefined,
): void {
  const [username] = names.username;
  const [uid] = names.uid;
  const [group] = names.group;
  const [prefix] = names.extraPrefix;
  if (username !== undefined) fields.push(username, octets(user.name));
  if (uid !== undefined && user.uid !== '') fields.push(uid, octets(user.uid));
  if (group !== undefined) for (const value of user.groups) fields.push(group, octets(value));
  if (prefix === undefined) return;
  for (const [key, values] of user.extra) {
    if (key === CREDENTIAL_ID && !derivesCredentialId(version)) continue;
    for (const value of values) fields.push(prefix + escapeKey(key), octets(value));
  }
}

/**
 * Whether a header can carry `value` and deliver exactly it: receivers trim white space, control characters end fields,
 * and half a surrogate pair has no UTF-8.
 */
export function isAssertable(value: string): boolean {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  return !/[\u0000-\u001f\u007f]/.test(value) && value.trim() === value && value.isWellFormed();
}

function derivesCredentialId(version: ServerVersion | undefined): boolean {
  return version === undefined || version.major > 1 || version.minor >= 32;
}

function octets(value: string): string {
  return Buffer.from(value, 'utf8').toString('latin1');
}

function escapeKey(key: string): string {
  let escaped = '';
  for (const octet of Buffer.from(key, 'utf8')) {
    const char = String.fromCharCode(octet);
    escaped += /[!#$&'*+\-.^_`|~0-9a-z]/.test(char) ? char : `%${octet.toString(16).padStart(2, '0')}`;
  }
  return escaped;
}
