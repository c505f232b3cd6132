import assert from 'node:assert/strict';
import { test } from 'node:test';
import { policyRules } from '../../src/lab/apiserver/authorization/policy-rule.ts';
import { proxyRbac, type RbacObject } from '../../src/lab/proxy-rbac.ts';
import { CONTROL_USER } from '../../src/servers/control-identity.ts';
import { WATCHED_RESOURCES } from '../../src/servers/watches/watched-resource.ts';

/** What is asked for besides watches: documents of API metadata, health, version (src/servers), and OpenAPI. */
const PATHS = [
  '/api',
  '/api/*',
  '/apis',
  '/apis/*',
  '/openapi/v2',
  '/openapi/v3',
  '/openapi/v3/*',
  '/readyz',
  '/version',
  // Of `mvproxy preflight` alone.
  '/metrics',
];
/** Types whose objects are asked for by name before a type is said not to exist. */
const DECLARATIONS = ['customresourcedefinitions', 'apiservices'];

const objects = await proxyRbac();
const ofKind = (kind: RbacObject['kind']) => objects.filter((object) => object.kind === kind);
const scopeOf = ({ metadata }: RbacObject): string => metadata.namespace ?? '';

/** One line for each thing that may be done: `verb group/resource name`. */
function grants(roles: readonly RbacObject[]): string[] {
  return roles.flatMap((role) =>
    policyRules(role).flatMap(({ verbs, apiGroups, resources, resourceNames, nonResourceURLs }) =>
      verbs.flatMap((verb) => [
        ...nonResourceURLs.map((url) => `${verb} ${url}`),
        ...apiGroups.flatMap((group) =>
          resources.flatMap((resource) => {
            const names = resourceNames.length === 0 ? ['*'] : resourceNames;
            return names.map((name) => `${verb} ${group}/${resource} ${name}`);
          }),
        ),
      ]),
    ),
  );
}

/** What the watches of the program need where they are. */
function needed(namespace: string): string[] {
  return WATCHED_RESOURCES.filter((watched) => (watched.namespace ?? '') === namespace).flatMap(
    ({ group, resource, name = '*' }) => {
      const verbs = DECLARATIONS.includes(resource) ? ['get', 'list', 'watch'] : ['list', 'watch'];
      return verbs.map((verb) => `${verb} ${group}/${resource} ${name}`);
    },
  );
}

test('deploy/rbac.yaml grants what the program asks for, and nothing else', () => {
  const everywhere = [...PATHS.map((path) => `get ${path}`), ...needed('')];
  assert.deepEqual(grants(ofKind('ClusterRole')).sort(), everywhere.sort());
  const namespaces = new Set(WATCHED_RESOURCES.flatMap(({ namespace }) => namespace ?? []));
  assert.deepEqual(new Set(ofKind('Role').map(scopeOf)), namespaces);
  for (const namespace of namespaces) {
    const roles = ofKind('Role').filter((role) => scopeOf(role) === namespace);
    assert.deepEqual(grants(roles).sort(), needed(namespace).sort(), namespace);
  }
});

test('each role is bound where it is, to the user that the proxy asserts and to nobody else', () => {
  const subjects = [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'User', name: CONTROL_USER }];
  for (const [roleKind, bindingKind] of [
    ['ClusterRole', 'ClusterRoleBinding'],
    ['Role', 'RoleBinding'],
  ] as const) {
    const bound = ofKind(bindingKind).map((binding) => ({
      scope: scopeOf(binding),
      roleRef: binding['roleRef'],
      subjects: binding['subjects'],
    }));
    const expected = ofKind(roleKind).map((role) => ({
      scope: scopeOf(role),
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: roleKind, name: role.metadata.name },
      subjects,
    }));
    assert.deepEqual(bound, expected);
  }
  assert.equal(objects.length, 6);
});
