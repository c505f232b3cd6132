import assert from 'node:assert/strict';
import { test } from 'node:test';
import { aggregatedDeclaration, customResourceDeclaration } from './type-declaration.ts';

const NONE = { kind: 'none' };
const condition = (type: string, status: string) => ({ type, status, lastTransitionTime: '2026-01-01T00:00:00Z' });
const definition = (...conditions: object[]) => ({
  metadata: { uid: 'u1' },
  spec: {
    versions: [
      { name: 'v1', served: true },
      { name: 'v1beta1', served: false },
    ],
  },
  status: { conditions },
});

test('a definition that is not Established yet is pending, from its first moment on', () => {
  const { status: _, ...fresh } = definition();
  for (const document of [
    fresh,
    definition(),
    definition(condition('NamesAccepted', 'True')),
    definition(condition('NamesAccepted', 'True'), condition('Established', 'False')),
    definition(condition('NamesAccepted', 'Unknown')),
  ]) {
    assert.deepEqual(customResourceDeclaration(document, 'v1'), { kind: 'pending' });
  }
});

test('one whose names are taken comes to nothing, unless it was Established before', () => {
  const taken = condition('NamesAccepted', 'False');
  assert.deepEqual(customResourceDeclaration(definition(taken, condition('Established', 'False')), 'v1'), NONE);
  assert.equal(customResourceDeclaration(definition(taken, condition('Established', 'True')), 'v1').kind, 'served');
});

test('an Established one is served, under an identity that each version and each object has for itself', () => {
  const established = definition(condition('NamesAccepted', 'True'), condition('Established', 'True'));
  const served = customResourceDeclaration(established, 'v1');
  const again = customResourceDeclaration({ ...established, metadata: { uid: 'u2' } }, 'v1');
  assert.equal(served.kind, 'served');
  assert.notDeepEqual(served, again);
});

test('versions that are not served, or not there, are not declared', () => {
  const established = definition(condition('Established', 'True'));
  for (const version of ['v1beta1', 'v2', '']) assert.deepEqual(customResourceDeclaration(established, version), NONE);
});

test('what is being deleted declares nothing', () => {
  const metadata = { uid: 'u1', deletionTimestamp: '2026-01-01T00:00:00Z' };
  const dying = { ...definition(condition('Established', 'True')), metadata };
  assert.deepEqual(customResourceDeclaration(dying, 'v1'), NONE);
  assert.deepEqual(aggregatedDeclaration({ metadata, spec: { service: { name: 'a' } } }), NONE);
});

test('an APIService declares its version only if a Service is behind it', () => {
  const metadata = { uid: 'u1' };
  assert.deepEqual(aggregatedDeclaration({ metadata, spec: { service: { name: 'a', namespace: 'b' } } }), {
    kind: 'served',
    identity: 'u1',
  });
  for (const spec of [{}, { service: null }, undefined])
    assert.deepEqual(aggregatedDeclaration({ metadata, spec }), NONE);
});

test('what is no such object declares nothing', () => {
  for (const document of [
    undefined,
    null,
    1,
    'text',
    [],
    {},
    { spec: { versions: {} } },
    { spec: { versions: [1] } },
  ]) {
    assert.deepEqual(customResourceDeclaration(document, 'v1'), NONE);
    assert.deepEqual(aggregatedDeclaration(document), NONE);
  }
});
