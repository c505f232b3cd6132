import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Access } from './access.ts';
import { allows, policyRules } from './policy-rule.ts';

function resource(verb: string, path: string, name = ''): Access {
  const [whole = '', group = ''] = path.split('@');
  const [plural = '', subresource = ''] = whole.split('/');
  return { kind: 'resource', verb, group, resource: plural, subresource, namespace: 'default', name };
}

const path = (verb: string, at: string): Access => ({ kind: 'path', verb, path: at });

const READ_PODS = { verbs: ['get', 'list'], apiGroups: [''], resources: ['pods', 'pods/log'] };
const NAMED = { verbs: ['get'], apiGroups: [''], resources: ['pods'], resourceNames: ['one'] };
const SCALE = { verbs: ['*'], apiGroups: ['*'], resources: ['*/scale'] };
const ALL = { verbs: ['*'], apiGroups: ['*'], resources: ['*'] };
const PATHS = { verbs: ['get'], nonResourceURLs: ['/api', '/apis/*', '/healthz'] };

for (const [rule, access, allowed] of [
  [READ_PODS, resource('get', 'pods'), true],
  [READ_PODS, resource('get', 'pods/log'), true],
  [READ_PODS, resource('delete', 'pods'), false],
  [READ_PODS, resource('get', 'pods/exec'), false],
  [READ_PODS, resource('get', 'pods@apps'), false],
  [NAMED, resource('get', 'pods', 'one'), true],
  [NAMED, resource('get', 'pods', 'two'), false],
  [NAMED, resource('get', 'pods'), false],
  [SCALE, resource('update', 'deployments/scale@apps'), true],
  [SCALE, resource('update', 'deployments@apps'), false],
  [ALL, resource('', 'anything/at-all@all'), true],
  [ALL, path('get', '/api'), false],
  [PATHS, path('get', '/api'), true],
  [PATHS, path('get', '/api/v1'), false],
  [PATHS, path('get', '/apis/apps'), true],
  [PATHS, path('get', '/apis'), false],
  [PATHS, path('post', '/api'), false],
  [{ verbs: ['*'], nonResourceURLs: ['*'] }, path('post', '/anything'), true],
  [{ verbs: ['get'], apiGroups: [''], resources: [] }, resource('get', 'pods'), false],
  [{}, resource('get', 'pods'), false],
] as const) {
  test(`${JSON.stringify(rule)} ${allowed ? 'allows' : 'does not allow'} ${Object.values(access).join(' ')}`, () => {
    assert.deepEqual(
      policyRules({ rules: [rule] }).map((each) => allows(each, access)),
      [allowed],
    );
  });
}

test('what is no list of rules allows nothing', () => {
  for (const rules of [undefined, null, 'all', { verbs: ['*'] }, [null, 1]])
    assert.deepEqual(policyRules({ rules }), []);
});
