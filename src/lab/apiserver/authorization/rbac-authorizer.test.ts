import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { User } from '../../../identity/user.ts';
import { MemoryStore } from '../../store/memory-store.ts';
import { bootstrap } from '../bootstrap/bootstrap.ts';
import { put, remove } from '../testing/objects.ts';
import type { Access } from './access.ts';
import { RbacAuthorizer } from './rbac-authorizer.ts';

const GROUP = 'rbac.authorization.k8s.io';
const JANE: User = { name: 'jane', uid: '', groups: ['dev', 'system:authenticated'], extra: [] };
const ROBOT: User = { ...JANE, name: 'system:serviceaccount:tools:robot' };

const CLUSTER_ROLE = { group: GROUP, resource: 'clusterroles', kind: 'ClusterRole', name: 'reader' };
const CLUSTER_BINDING = { group: GROUP, resource: 'clusterrolebindings', kind: 'ClusterRoleBinding', name: 'readers' };
const ROLE = { group: GROUP, resource: 'roles', kind: 'Role', name: 'reader', namespace: 'default' };
const BINDING = { group: GROUP, resource: 'rolebindings', kind: 'RoleBinding', name: 'readers', namespace: 'default' };
const RULES = { rules: [{ verbs: ['get'], apiGroups: [''], resources: ['pods'] }] };

function binding(kind: 'Role' | 'ClusterRole', ...subjects: object[]) {
  return { roleRef: { apiGroup: GROUP, kind, name: 'reader' }, subjects };
}

function get(namespace = 'default'): Access {
  return { kind: 'resource', verb: 'get', group: '', resource: 'pods', subresource: '', namespace, name: 'one' };
}

function setting() {
  const store = new MemoryStore();
  return { store, rbac: new RbacAuthorizer(store) };
}

describe('RBAC', () => {
  test('a ClusterRoleBinding holds everywhere, and says so', () => {
    const { store, rbac } = setting();
    put(store, CLUSTER_ROLE, RULES);
    put(store, CLUSTER_BINDING, binding('ClusterRole', { kind: 'Group', name: 'dev' }));
    const reason = 'RBAC: allowed by ClusterRoleBinding "readers" of ClusterRole "reader" to Group "dev"';
    assert.deepEqual(rbac.authorize(JANE, get()), { allowed: true, reason });
    assert.deepEqual(rbac.authorize(JANE, get('')), { allowed: true, reason });
    assert.deepEqual(rbac.authorize({ ...JANE, groups: [] }, get()), { allowed: false, reason: '' });
  });

  for (const [kind, role] of [
    ['Role', ROLE],
    ['ClusterRole', CLUSTER_ROLE],
  ] as const) {
    test(`a RoleBinding of a ${kind} holds in its namespace only`, () => {
      const { store, rbac } = setting();
      put(store, role, RULES);
      put(store, BINDING, binding(kind, { kind: 'User', name: 'jane' }));
      const reason = `RBAC: allowed by RoleBinding "readers/default" of ${kind} "reader" to User "jane"`;
      assert.deepEqual(rbac.authorize(JANE, get()), { allowed: true, reason });
      assert.equal(rbac.authorize(JANE, get('other')).allowed, false);
      assert.equal(rbac.authorize(JANE, get('')).allowed, false);
    });
  }

  test('a service account is named with its namespace, by default that of the binding', () => {
    const { store, rbac } = setting();
    put(store, CLUSTER_ROLE, RULES);
    put(store, BINDING, binding('ClusterRole', { kind: 'ServiceAccount', name: 'robot' }));
    assert.equal(rbac.authorize(ROBOT, get()).allowed, false);
    put(store, BINDING, binding('ClusterRole', { kind: 'ServiceAccount', name: 'robot', namespace: 'tools' }));
    assert.match(rbac.authorize(ROBOT, get()).reason, /to ServiceAccount "robot\/tools"$/);
  });

  test('follows the objects as they come, change and go', () => {
    const { store, rbac } = setting();
    const allowed = () => rbac.authorize(JANE, get()).allowed;
    put(store, CLUSTER_ROLE, RULES);
    put(store, CLUSTER_BINDING, binding('ClusterRole', { kind: 'User', name: 'jane' }));
    assert.equal(allowed(), true);
    put(store, CLUSTER_ROLE, { rules: [] });
    assert.equal(allowed(), false);
    put(store, CLUSTER_ROLE, RULES);
    remove(store, CLUSTER_BINDING);
    assert.equal(allowed(), false);
  });

  test('reads what was there before it', () => {
    const store = new MemoryStore();
    put(store, CLUSTER_ROLE, RULES);
    put(store, CLUSTER_BINDING, binding('ClusterRole', { kind: 'User', name: 'jane' }));
    assert.equal(new RbacAuthorizer(store).authorize(JANE, get()).allowed, true);
  });

  test('a binding to a missing role refuses with the reason, and hinders no other', () => {
    const { store, rbac } = setting();
    put(store, CLUSTER_BINDING, binding('ClusterRole', { kind: 'User', name: 'jane' }));
    const reason = 'RBAC: clusterrole.rbac.authorization.k8s.io "reader" not found';
    assert.deepEqual(rbac.authorize(JANE, get()), { allowed: false, reason });
    put(store, ROLE, RULES);
    put(store, BINDING, binding('Role', { kind: 'User', name: 'jane' }));
    assert.equal(rbac.authorize(JANE, get()).allowed, true);
  });

  test('system:masters needs no object', () => {
    const { rbac } = setting();
    const root = { ...JANE, groups: ['system:masters'] };
    assert.deepEqual(rbac.authorize(root, get()), { allowed: true, reason: '' });
    assert.equal(rbac.authorize(root, { kind: 'path', verb: 'post', path: '/x' }).allowed, true);
  });

  test('broken objects allow nothing', () => {
    const { store, rbac } = setting();
    put(store, CLUSTER_ROLE, { rules: 'everything' });
    put(store, CLUSTER_BINDING, { roleRef: null, subjects: [null, 'jane', { kind: 'User' }] });
    assert.equal(rbac.authorize(JANE, get()).allowed, false);
  });
});

describe('the roles that every cluster has', () => {
  const { store, rbac } = setting();
  bootstrap(store, Date.UTC(2026, 0, 1));
  const anonymous: User = { name: 'system:anonymous', uid: '', groups: ['system:unauthenticated'], extra: [] };
  const at = (path: string): Access => ({ kind: 'path', verb: 'get', path });

  // As a real kube-apiserver answers both.
  for (const [path, ofAnybody, ofUsers] of [
    ['/version', true, true],
    ['/readyz', true, true],
    ['/readyz/ping', false, false],
    ['/api', false, true],
    ['/apis/apps/v1', false, true],
    ['/openapi/v3', false, true],
    ['/metrics', false, false],
    ['/', false, false],
  ] as const) {
    test(`${path} is for ${ofAnybody ? 'everybody' : ofUsers ? 'users' : 'those who are given it'}`, () => {
      assert.equal(rbac.authorize(anonymous, at(path)).allowed, ofAnybody);
      assert.equal(rbac.authorize(JANE, at(path)).allowed, ofUsers);
    });
  }

  test('view reads no Secrets', () => {
    put(store, CLUSTER_BINDING, {
      roleRef: { kind: 'ClusterRole', name: 'view' },
      subjects: [{ kind: 'User', name: 'jane' }],
    });
    assert.equal(rbac.authorize(JANE, get()).allowed, true);
    assert.equal(rbac.authorize(JANE, { ...get(), resource: 'secrets' } as Access).allowed, false);
  });
});
