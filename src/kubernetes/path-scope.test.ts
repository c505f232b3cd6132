import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fitsScope } from './path-scope.ts';
import { requestInfo } from './request-info.ts';

for (const [target, scope, fits] of [
  ['/api/v1/namespaces/a/pods/x', 'Namespaced', true],
  ['/api/v1/namespaces/a/pods', 'Namespaced', true],
  ['/api/v1/pods', 'Namespaced', true],
  ['/api/v1/pods?fieldSelector=metadata.name%3Dx', 'Namespaced', true],
  ['/api/v1/watch/pods', 'Namespaced', true],
  ['/api/v1/pods/x', 'Namespaced', false],
  ['/api/v1/pods/x/status', 'Namespaced', false],
  ['/api/v1/pods/a/b/c', 'Namespaced', false],
  ['/api/v1/watch/pods/x', 'Namespaced', false],
  ['/api/v1/nodes', 'Cluster', true],
  ['/api/v1/nodes/x/status', 'Cluster', true],
  ['/api/v1/namespaces/a/nodes', 'Cluster', false],
  ['/api/v1/namespaces/a/nodes/x', 'Cluster', false],
  ['/api/v1/namespaces', 'Cluster', true],
  ['/api/v1/namespaces/a', 'Cluster', true],
  ['/api/v1/namespaces/a/status', 'Cluster', true],
  ['/api/v1/namespaces/a/finalize', 'Cluster', true],
] as const) {
  test(`${target} is ${fits ? 'a path' : 'no path'} of a resource with the scope ${scope}`, () => {
    assert.equal(fitsScope(requestInfo('GET', target), scope), fits);
  });
}
