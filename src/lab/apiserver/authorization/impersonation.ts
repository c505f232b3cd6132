import type { User } from '../../../identity/user.ts';
import { percentDecode } from '../../../kubernetes/percent-decoding.ts';
import { type Fields, fieldValue, fieldValues } from '../../../wire/fields.ts';
import { badRequest } from '../api-error.ts';
import { ANONYMOUS, AUTHENTICATED, UNAUTHENTICATED } from '../authentication/authenticator.ts';
import { type Access, forbiddenAccess } from './access.ts';
import type { Decision } from './rbac-authorizer.ts';

const EXTRA_PREFIX = 'impersonate-extra-';
const SERVICE_ACCOUNT = /^system:serviceaccount:([^:]+):([^:]+)$/;

/**
 * Whom a request acts as: the user of its Impersonate-* headers if the sender may impersonate all they name, else the
 * sender (apiserver pkg/endpoints/filters/impersonation). Throws ApiError 403, and 400 for headers without a user name.
 */
export function impersonatedUser(
  sender: User,
  fields: Fields,
  authorize: (user: User, access: Access) => Decision,
): User {
  const name = octetsAsText(fieldValue(fields, 'impersonate-user') ?? '');
  const uid = octetsAsText(fieldValue(fields, 'impersonate-uid') ?? '');
  const groups = fieldValues(fields, 'impersonate-group').map(octetsAsText);
  const extra = extrasOf(fields);
  if (name === '') {
    if (uid === '' && groups.length === 0 && extra.length === 0) return sender;
    throw badRequest('the Impersonate-* headers ask for a UID, groups or extras without impersonating a user name');
  }
  for (const access of accesses(name, uid, groups, extra)) {
    const { allowed, reason } = authorize(sender, access);
    if (!allowed) throw forbiddenAccess(sender, access, reason);
  }
  const implied = groups.length > 0 ? groups : groupsOf(name);
  return { name, uid, groups: withStanding(name, implied), extra };
}

type Extra = User['extra'];

function extrasOf(fields: Fields): Extra {
  const extra = new Map<string, string[]>();
  for (let i = 0; i + 1 < fields.length; i += 2) {
    const header = fields[i] ?? '';
    if (!header.startsWith(EXTRA_PREFIX)) continue;
    const escaped = header.slice(EXTRA_PREFIX.length);
    const key = percentDecode(escaped) ?? escaped;
    extra.set(key, [...(extra.get(key) ?? []), octetsAsText(fields[i + 1] ?? '')]);
  }
  return [...extra];
}

/** Every permission that is needed, each by itself. */
function* accesses(name: string, uid: string, groups: readonly string[], extra: Extra): Generator<Access> {
  const account = SERVICE_ACCOUNT.exec(name);
  yield account === null
    ? impersonate('', 'users', '', name)
    : { ...impersonate('', 'serviceaccounts', '', account[2] ?? ''), namespace: account[1] ?? '' };
  for (const group of groups) yield impersonate('', 'groups', '', group);
  for (const [key, values] of extra) {
    for (const value of values) yield impersonate('authentication.k8s.io', 'userextras', key, value);
  }
  if (uid !== '') yield impersonate('authentication.k8s.io', 'uids', '', uid);
}

function impersonate(group: string, resource: string, subresource: string, name: string) {
  return { kind: 'resource', verb: 'impersonate', group, resource, subresource, namespace: '', name } as const;
}

/** A service account belongs to its groups unless others are named. */
function groupsOf(name: string): readonly string[] {
  const namespace = SERVICE_ACCOUNT.exec(name)?.[1];
  return namespace === undefined ? [] : ['system:serviceaccounts', `system:serviceaccounts:${namespace}`];
}

function withStanding(name: string, groups: readonly string[]): readonly string[] {
  const standing = name === ANONYMOUS ? UNAUTHENTICATED : AUTHENTICATED;
  if (groups.includes(standing) || (name !== ANONYMOUS && groups.includes(UNAUTHENTICATED))) return groups;
  return [...groups, standing];
}

function octetsAsText(value: string): string {
  return Buffer.from(value, 'latin1').toString('utf8');
}
