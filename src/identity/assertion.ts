import type { ServerVersion } from '../kubernetes/kube-version.ts';
import { CREDENTIAL_ID } from './client-certificate.ts';
import { ASSERTED_NAMES } from './header-names.ts';
import type { User, VouchedUser } from './user.ts';

/**
 * The header fields that assert a user to a server over a front-proxy connection, appended to `fields`.
 * Extra keys travel percent-encoded where a header name cannot hold them (client-go/transport `headerKeyEscape`), and also
 * where receivers would lower their case before they decode.
 * The credential id is left out for servers that do not derive one themselves (before 1.32).
 */
export function appendAssertion(
  fields: string[],
  { user, source }: VouchedUser,
  version: ServerVersion | undefined,
): void {
  const withId = derivesCredentialId(version);
  // A front proxy states its user anew with every request; a certificate's is the same for all of a connection.
  const assertion = source === 'front-proxy' ? assertionOf(user, withId) : knownAssertion(user, withId);
  for (const text of assertion) fields.push(text);
}

interface KnownAssertions {
  withId?: readonly string[];
  withoutId?: readonly string[];
}

const known = new WeakMap<User, KnownAssertions>();

function knownAssertion(user: User, withId: boolean): readonly string[] {
  let assertions = known.get(user);
  if (assertions === undefined) {
    assertions = {};
    known.set(user, assertions);
  }
  if (withId) {
    assertions.withId ??= assertionOf(user, true);
    return assertions.withId;
  }
  assertions.withoutId ??= assertionOf(user, false);
  return assertions.withoutId;
}

function assertionOf(user: User, withId: boolean): string[] {
  const fields: string[] = [ASSERTED_NAMES.username, octets(user.name)];
  if (user.uid !== '') fields.push(ASSERTED_NAMES.uid, octets(user.uid));
  for (const group of user.groups) fields.push(ASSERTED_NAMES.group, octets(group));
  for (const [key, values] of user.extra) {
    if (key === CREDENTIAL_ID && !withId) continue;
    for (const value of values) fields.push(ASSERTED_NAMES.extraPrefix + escapeKey(key), octets(value));
  }
  return fields;
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

/** What is not ASCII travels as UTF-8, one character per octet. */
function octets(value: string): string {
  return ASCII.test(value) ? value : Buffer.from(value, 'utf8').toString('latin1');
}

function escapeKey(key: string): string {
  if (TOKEN.test(key)) return key;
  let escaped = '';
  for (const octet of Buffer.from(key, 'utf8')) {
    const char = String.fromCharCode(octet);
    escaped += TOKEN.test(char) ? char : `%${octet.toString(16).padStart(2, '0')}`;
  }
  return escaped;
}

const ASCII = /^[ -~]*$/;
const TOKEN = /^[!#$&'*+\-.^_`|~0-9a-z]+$/;
