import assert from 'node:assert/strict';
import { test } from 'node:test';
import { discoveryOf } from '../discovery/testing/discovery-of.ts';
import { buildGroupIndex } from './group-index.ts';

const index = buildGroupIndex([
  { server: 0, discovery: discoveryOf({ v1: { pods: [] }, 'apps/v1': {}, 'apps/v2': {} }) },
  { server: 2, discovery: discoveryOf({ v1: { pods: [] }, 'apps/v1': {} }) },
  { server: 3, discovery: discoveryOf({ 'batch/v1': {} }) },
]);

for (const [group, version, expected] of [
  ['', undefined, [0, 2]],
  ['', 'v1', [0, 2]],
  ['', 'v2', []],
  ['apps', undefined, [0, 2]],
  ['apps', 'v1', [0, 2]],
  ['apps', 'v2', [0]],
  ['batch', undefined, [3]],
  ['batch', 'v2', []],
  ['none', undefined, []],
  ['constructor', undefined, []],
] as const) {
  test(`${group || 'the core group'} ${version ?? ''} is listed by [${expected.join()}]`, () => {
    assert.deepEqual(index.serversOf(group, version), expected);
  });
}

test('a group with several versions lists each server once', () => {
  const discovery = discoveryOf({ 'apps/v1': {}, 'apps/v2': {}, 'apps/v3': {} });
  assert.deepEqual(buildGroupIndex([{ server: 5, discovery }]).serversOf('apps', undefined), [5]);
});
