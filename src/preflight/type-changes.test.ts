import assert from 'node:assert/strict';
import { test } from 'node:test';
import { discoveryOf, type Listing } from '../discovery/testing/discovery-of.ts';
import { type ComparedRelease, typeChanges, typeText } from './type-changes.ts';

const server = (name: string, minor: number, listing: Listing) => ({
  server: name,
  version: { major: 1, minor, patch: 0 },
  discovery: discoveryOf(listing),
});

function changes(servers: Parameters<typeof typeChanges>[0], target?: ComparedRelease) {
  const { to, appearing, vanishing } = typeChanges(servers, target);
  return {
    to,
    appearing: appearing.map((type) => `${typeText(type)} (${type.servers})`),
    vanishing: vanishing.map((type) => `${typeText(type)} (${type.servers}) -> ${type.instead}`),
  };
}

test('without a target the newest server is what the others are compared with', () => {
  const found = changes([
    server('new', 37, { v1: { pods: ['get'] }, 'batch/v1': { jobs: ['get'] } }),
    server('old', 34, { v1: { pods: ['get'] }, 'batch/v1beta1': { jobs: ['get'] } }),
  ]);
  assert.deepEqual(found, {
    to: '1.37.0',
    appearing: ['jobs in batch/v1 (new)'],
    vanishing: ['jobs in batch/v1beta1 (old) -> batch/v1'],
  });
});

test('equal servers differ in nothing, and no server in nothing either', () => {
  const listing = { v1: { pods: ['get'] } };
  assert.deepEqual(changes([server('a', 36, listing), server('b', 36, listing)]), {
    to: '1.36.0',
    appearing: [],
    vanishing: [],
  });
  assert.deepEqual(changes([]), { to: '', appearing: [], vanishing: [] });
});

test('with a target, what no server has appears, and what it does not have vanishes', () => {
  const target = {
    name: '1.38.0',
    discovery: discoveryOf({ v1: { pods: ['get'] }, 'apps/v2': { deployments: ['get'] } }),
  };
  const servers = [server('a', 37, { v1: { pods: ['get'], bindings: ['create'] } })];
  assert.deepEqual(changes(servers, target), {
    to: '1.38.0',
    appearing: ['deployments in apps/v2 ()'],
    vanishing: ['bindings in v1 (a) -> '],
  });
});

test('a release says nothing of groups that a cluster adds', () => {
  const isAbout = (group: string) => group !== 'example.com';
  const target = { name: '1.38.0', discovery: discoveryOf({ v1: { pods: ['get'] } }), isAbout };
  const servers = [server('a', 37, { v1: { pods: ['get'] }, 'example.com/v1': { widgets: ['get'] } })];
  assert.deepEqual(changes(servers, target).vanishing, []);
});

test('a subresource is named where its resource stays, and goes without saying where it does not', () => {
  const servers = [
    server('new', 37, { v1: { pods: ['get'], 'pods/resize': ['patch'], nodes: ['get'], 'nodes/proxy': ['get'] } }),
    server('old', 31, { v1: { pods: ['get'], 'pods/old': ['get'], endpoints: ['get'], 'endpoints/x': ['get'] } }),
  ];
  assert.deepEqual(changes(servers), {
    to: '1.37.0',
    appearing: ['nodes in v1 (new)', 'pods/resize in v1 (new)'],
    vanishing: ['endpoints in v1 (old) -> ', 'pods/old in v1 (old) -> '],
  });
});

test('what takes the place of a type is in its own group, else wherever a resource of that name is', () => {
  const servers = [
    server('new', 22, {
      'networking.k8s.io/v1': { ingresses: ['get'] },
      'policy/v1': { budgets: ['get'] },
      'policy/v2': { budgets: ['get'] },
    }),
    server('old', 21, { 'extensions/v1beta1': { ingresses: ['get'] }, 'policy/v1beta1': { budgets: ['get'] } }),
  ];
  assert.deepEqual(changes(servers).vanishing, [
    'ingresses in extensions/v1beta1 (old) -> networking.k8s.io/v1',
    'budgets in policy/v1beta1 (old) -> policy/v1,policy/v2',
  ]);
});
