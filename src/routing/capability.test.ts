import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { discoveryOf } from '../discovery/testing/discovery-of.ts';
import { requestInfo } from '../kubernetes/request-info.ts';
import { capabilityOf, capabilityText } from './capability.ts';
import { lists, settings } from './testing/routing-arbitrary.ts';
import { snapshotOf } from './testing/snapshot-of.ts';

const snapshot = snapshotOf([
  {
    minor: 37,
    serves: {
      v1: { pods: ['get', 'list'], 'pods/status': ['get'], 'services/proxy': ['get'], services: ['get'] },
      'batch/v1': { jobs: ['get'] },
    },
  },
  { minor: 36, discovery: discoveryOf({ 'batch/v1': {} }, ['batch/v1']) },
  { minor: 35 },
]);

for (const [method, path, position, capability, text] of [
  ['GET', '/api/v1/pods', 0, { serves: 'yes' }, 'serves it'],
  ['GET', '/api/v1/proxy/namespaces/a/services/b', 0, { serves: 'yes' }, 'serves it'],
  ['DELETE', '/api/v1/namespaces/a/pods/b', 0, { serves: 'no', lacks: 'verb' }, 'knows pods, not the verb delete'],
  [
    'PATCH',
    '/api/v1/namespaces/a/pods/b/status',
    0,
    { serves: 'no', lacks: 'verb' },
    'knows pods/status, not the verb patch',
  ],
  [
    'GET',
    '/api/v1/namespaces/a/pods/b/log',
    0,
    { serves: 'no', lacks: 'subresource' },
    'knows pods, not its subresource log',
  ],
  [
    'GET',
    '/api/v1/proxy/namespaces/a/pods/b',
    0,
    { serves: 'no', lacks: 'subresource' },
    'knows pods, not its subresource proxy',
  ],
  [
    'GET',
    '/apis/batch/v1/cronjobs',
    0,
    { serves: 'no', lacks: 'resource' },
    'knows batch/v1, not the resource cronjobs',
  ],
  ['GET', '/api/v2/pods', 0, { serves: 'no', lacks: 'version' }, 'knows the core group, not its version v2'],
  ['GET', '/apis/batch/v2/jobs', 1, { serves: 'no', lacks: 'version' }, 'knows the group batch, not its version v2'],
  ['GET', '/apis/apps/v1/deployments', 1, { serves: 'no', lacks: 'group' }, 'does not know the group apps'],
  [
    'GET',
    '/apis/batch/v1/jobs',
    1,
    { serves: 'maybe' },
    'lists batch/v1 as Stale, without resources, and may serve it',
  ],
  ['GET', '/api/v1/pods', 2, { serves: 'unknown' }, 'may serve it: its discovery was never read'],
] as const) {
  test(`${method} ${path} on server ${position}: ${text}`, () => {
    const request = requestInfo(method, path);
    const found = capabilityOf(position, request, snapshot);
    assert.deepEqual(found, capability);
    assert.equal(capabilityText(found, request), text);
  });
}

test('a server is called capable exactly when its document lists the request', () => {
  fc.assert(
    fc.property(settings, ({ snapshot: any, served, request }) => {
      if (!request.isResourceRequest) return;
      served.forEach((discovery, position) => {
        const { serves } = capabilityOf(position, request, any);
        assert.equal(serves === 'yes', lists(discovery, request));
        assert.equal(serves === 'unknown', discovery === undefined);
      });
    }),
  );
});
