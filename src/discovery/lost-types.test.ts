import assert from 'node:assert/strict';
import { test } from 'node:test';
import { lostTypes } from './lost-types.ts';
import { discoveryOf, type Listing } from './testing/discovery-of.ts';

const JOBS = { jobs: ['get', 'list'], 'jobs/status': ['get', 'patch'] };

function lost(before: Listing, after: Listing): readonly string[] | undefined {
  const types = lostTypes(discoveryOf(before), discoveryOf(after));
  if (types === undefined) return undefined;
  return [...types.api, ...types.apis].flatMap(({ metadata: { name }, versions = [] }) =>
    versions.flatMap(({ version, resources = [] }) =>
      resources.map(({ resource }) => `${name}/${version}/${resource}`),
    ),
  );
}

test('nothing is lost where everything stays or more comes', () => {
  const both = { v1: { pods: ['get'] }, 'batch/v1': JOBS };
  assert.equal(lost(both, both), undefined);
  assert.equal(lost({ 'batch/v1': JOBS }, both), undefined);
  assert.equal(lost({ 'batch/v1': { jobs: ['get'] } }, { 'batch/v1': JOBS }), undefined);
});

test('a group, a version and a resource can be lost', () => {
  assert.deepEqual(lost({ 'batch/v1': JOBS }, { v1: { pods: ['get'] } }), ['batch/v1/jobs']);
  assert.deepEqual(lost({ 'batch/v1': JOBS, 'batch/v2': JOBS }, { 'batch/v1': JOBS }), ['batch/v2/jobs']);
  assert.deepEqual(lost({ v1: { pods: ['get'], secrets: ['get'] } }, { v1: { pods: ['get'] } }), ['/v1/secrets']);
});

test('a resource that lost a subresource or a verb is lost as a whole', () => {
  assert.deepEqual(lost({ 'batch/v1': JOBS }, { 'batch/v1': { jobs: ['get', 'list'] } }), ['batch/v1/jobs']);
  assert.deepEqual(lost({ 'batch/v1': JOBS }, { 'batch/v1': { ...JOBS, jobs: ['get'] } }), ['batch/v1/jobs']);
  const lessStatus = { ...JOBS, 'jobs/status': ['get'] };
  assert.deepEqual(lost({ 'batch/v1': JOBS }, { 'batch/v1': lessStatus }), ['batch/v1/jobs']);
});

test('types of custom resources and aggregated APIs are deleted, not lost', () => {
  assert.equal(lost({ 'example.com/v1': { widgets: ['get'] }, 'batch/v1': JOBS }, { 'batch/v1': JOBS }), undefined);
});
