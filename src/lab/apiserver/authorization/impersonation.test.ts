import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { User } from '../../../identity/user.ts';
import { ApiError } from '../api-error.ts';
import type { Access } from './access.ts';
import { impersonatedUser } from './impersonation.ts';

const SENDER: User = { name: 'admin', uid: '', groups: ['ops', 'system:authenticated'], extra: [] };

function impersonate(fields: readonly string[], mayAct: (access: Access) => boolean = () => true) {
  const asked: Access[] = [];
  const user = impersonatedUser(SENDER, fields, (sender, access) => {
    assert.equal(sender, SENDER);
    asked.push(access);
    return { allowed: mayAct(access), reason: '' };
  });
  return { user, asked: asked.map((access) => ('resource' in access ? words(access) : access.path)) };
}

function words(access: Extract<Access, { kind: 'resource' }>): string {
  const { verb, group, resource, subresource, namespace, name } = access;
  return `${verb} ${group}/${resource}/${subresource} ${namespace}/${name}`;
}

describe('impersonation', () => {
  test('a request without its headers is its sender’s', () => {
    assert.equal(impersonate(['accept', '*/*']).user, SENDER);
    assert.equal(impersonate(['impersonate-user', '']).user, SENDER);
  });

  test('needs a permission for every part, and the user becomes an authenticated one', () => {
    const fields = [
      ...['impersonate-user', 'bob', 'impersonate-uid', 'u', 'impersonate-group', 'g', 'impersonate-group', 'h'],
      ...['impersonate-extra-foo%2fbar', 'v', 'impersonate-extra-foo%2fbar', 'w'],
    ];
    const { user, asked } = impersonate(fields);
    assert.deepEqual(user, {
      name: 'bob',
      uid: 'u',
      groups: ['g', 'h', 'system:authenticated'],
      extra: [['foo/bar', ['v', 'w']]],
    });
    assert.deepEqual(asked, [
      'impersonate /users/ /bob',
      'impersonate /groups/ /g',
      'impersonate /groups/ /h',
      'impersonate authentication.k8s.io/userextras/foo/bar /v',
      'impersonate authentication.k8s.io/userextras/foo/bar /w',
      'impersonate authentication.k8s.io/uids/ /u',
    ]);
    for (let refused = 0; refused < asked.length; refused++) {
      let count = 0;
      assert.throws(() => impersonate(fields, () => count++ !== refused), ApiError);
    }
  });

  test('is refused in the words of kube-apiserver', () => {
    assert.throws(
      () => impersonate(['impersonate-user', 'bob'], () => false),
      (error) =>
        error instanceof ApiError &&
        error.status.code === 403 &&
        error.message ===
          'users "bob" is forbidden: User "admin" cannot impersonate resource "users" in API group "" at the cluster scope',
    );
  });

  test('a service account has its groups unless others are named', () => {
    const name = 'system:serviceaccount:default:robot';
    const { user, asked } = impersonate(['impersonate-user', name]);
    assert.deepEqual(asked, ['impersonate /serviceaccounts/ default/robot']);
    const own = ['system:serviceaccounts', 'system:serviceaccounts:default'];
    assert.deepEqual(user.groups, [...own, 'system:authenticated']);
    const other = impersonate(['impersonate-user', name, 'impersonate-group', 'x']).user;
    assert.deepEqual(other.groups, ['x', 'system:authenticated']);
  });

  test('the anonymous user stays unauthenticated', () => {
    assert.deepEqual(impersonate(['impersonate-user', 'system:anonymous']).user.groups, ['system:unauthenticated']);
  });

  for (const header of ['impersonate-group', 'impersonate-uid', 'impersonate-extra-foo']) {
    test(`${header} without a user is a bad request`, () => {
      assert.throws(
        () => impersonate([header, 'x']),
        (error) => error instanceof ApiError && error.status.code === 400,
      );
    });
  }
});
