import { isUtf8 } from 'node:buffer';
import { ProxyError } from '../errors.ts';
import { type Fields, fieldValue } from '../wire/fields.ts';
import type { IdentityHeaderNames } from './header-names.ts';
import type { User } from './user.ts';

/**
 * The user a trusted front proxy asserts, or `undefined` when it asserts none
 * (apiserver/pkg/authentication/request/headerrequest). Call it only for connections whose certificate was judged a
 * front proxy. Throws MVP_UNAUTHORIZED for values that are not UTF-8: read in any way, they would be another user's.
 */
export function assertedUser(fields: Fields, names: IdentityHeaderNames): User | undefined {
  const name = first(fields, names.username);
  if (name === '') return undefined;
  const extra = new Map<string, string[]>();
  for (const prefix of names.extraPrefix) {
    for (const [header, value] of pairs(fields)) {
      if (!header.startsWith(prefix)) continue;
      const key = unescapeKey(header.slice(prefix.length));
      const values = extra.get(key) ?? [];
      values.push(utf8(value));
      extra.set(key, values);
    }
  }
  const groups = names.group.flatMap((wanted) =>
    [...pairs(fields)].filter(([header, value]) => header === wanted && value !== '').map(([, value]) => utf8(value)),
  );
  return { name, uid: first(fields, names.uid), groups, extra: [...extra] };
}

function first(fields: Fields, names: readonly string[]): string {
  for (const name of names) {
    const value = fieldValue(fields, name);
    if (value !== undefined && value !== '') return utf8(value);
  }
  return '';
}

function* pairs(fields: Fields): Generator<readonly [string, string]> {
  for (let i = 0; i + 1 < fields.length; i += 2) yield [fields[i] ?? '', fields[i + 1] ?? ''];
}

function utf8(value: string): string {
  const octets = Buffer.from(value, 'latin1');
  if (isUtf8(octets)) return octets.toString('utf8');
  throw new ProxyError(
    'MVP_UNAUTHORIZED',
    'Unauthorized: the front proxy asserts a user, group or extra that is not UTF-8 text. Correct what it sends.',
  );
}

/** A key that is not validly escaped is kept as it is, as kube-apiserver does. */
function unescapeKey(key: string): string {
  try {
    return decodeURIComponent(key);
  } catch {
    return key;
  }
}
