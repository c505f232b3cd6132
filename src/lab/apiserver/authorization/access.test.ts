import assert from 'node:assert/strict';
import { test } from 'node:test';
import { requestInfo } from '../../../kubernetes/request-info.ts';
import { statusJson } from '../../../kubernetes/status.ts';
import { accessOf, forbiddenAccess } from './access.ts';

const NOBODY = { name: 'nobody', uid: '', groups: [], extra: [] };

// Recorded from kube-apiserver 1.37.2.
for (const [method, target, message, details] of [
  [
    'GET',
    '/api/v1/namespaces/default/pods/one/log',
    'pods \\"one\\" is forbidden: User \\"nobody\\" cannot get resource \\"pods/log\\" in API group \\"\\" in the namespace \\"default\\"',
    '{"name":"one","kind":"pods"}',
  ],
  [
    'GET',
    '/apis/apps/v1/deployments?watch=1',
    'deployments.apps is forbidden: User \\"nobody\\" cannot watch resource \\"deployments\\" in API group \\"apps\\" at the cluster scope',
    '{"group":"apps","kind":"deployments"}',
  ],
  [
    'GET',
    '/api/v1/namespaces/default',
    'namespaces \\"default\\" is forbidden: User \\"nobody\\" cannot get resource \\"namespaces\\" in API group \\"\\" in the namespace \\"default\\"',
    '{"name":"default","kind":"namespaces"}',
  ],
  [
    'OPTIONS',
    '/api/v1/pods',
    'pods is forbidden: User \\"nobody\\" cannot  resource \\"pods\\" in API group \\"\\" at the cluster scope',
    '{"kind":"pods"}',
  ],
  ['POST', '/nosuch', 'forbidden: User \\"nobody\\" cannot post path \\"/nosuch\\"', '{}'],
  ['GET', '/nosuch/<a>', 'forbidden: User \\"nobody\\" cannot get path \\"/nosuch/\\u0026lt;a\\u0026gt;\\"', '{}'],
] as const) {
  test(`403 of ${method} ${target}`, () => {
    const { status } = forbiddenAccess(NOBODY, accessOf(requestInfo(method, target)), '');
    const head = '{"kind":"Status","apiVersion":"v1","metadata":{},"status":"Failure"';
    assert.equal(
      statusJson(status),
      `${head},"message":"${message}","reason":"Forbidden","details":${details},"code":403}\n`,
    );
  });
}

test('a reason follows the words', () => {
  const access = accessOf(requestInfo('GET', '/metrics'));
  const { message } = forbiddenAccess(NOBODY, access, 'RBAC: role not found');
  assert.equal(message, 'forbidden: User "nobody" cannot get path "/metrics": RBAC: role not found');
});
