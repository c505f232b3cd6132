import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { compareApiVersions, compareServerVersions, insertApiVersions, parseServerVersion } from './kube-version.ts';

test('API versions are ordered as Kubernetes prefers them', () => {
  const preferred = ['v10', 'v2', 'v1', 'v11beta2', 'v10beta3', 'v3beta1', 'v12alpha1', 'v11alpha2', 'foo1', 'foo10'];
  assert.deepEqual([...preferred].reverse().sort(compareApiVersions), preferred);
  const native = ['v2', 'v1', 'v2beta1', 'v1beta1', 'v1alpha1'];
  assert.deepEqual([...native].reverse().sort(compareApiVersions), native);
});

test('what only resembles an API version is ordered as a name', () => {
  const names = ['v1', 'V1', 'latest', 'v', 'v1.1', 'v1alpha', 'v1beta1x', 'v1gamma1'];
  assert.deepEqual([...names].reverse().sort(compareApiVersions), names);
  assert.ok(compareApiVersions(`v${'9'.repeat(30)}`, 'v1alpha1') > 0);
});

test('the order of API versions is total', () => {
  const name = fc.oneof(fc.stringMatching(/^v\d{1,2}((alpha|beta)\d{1,2})?$/), fc.string({ maxLength: 3 }));
  fc.assert(
    fc.property(name, name, name, (a, b, c) => {
      assert.equal(Math.sign(compareApiVersions(a, b)), -Math.sign(compareApiVersions(b, a)) || 0);
      assert.equal(compareApiVersions(a, b) === 0, a === b);
      if (compareApiVersions(a, b) < 0 && compareApiVersions(b, c) < 0) assert.ok(compareApiVersions(a, c) < 0);
    }),
  );
});

test('a missing API version is inserted by preference and moves nothing', () => {
  assert.deepEqual(insertApiVersions(['v1', 'v1beta1'], ['v1alpha1', 'v2']), ['v2', 'v1', 'v1beta1', 'v1alpha1']);
  assert.deepEqual(insertApiVersions(['v1', 'v2'], ['v1beta1']), ['v1', 'v2', 'v1beta1']);
  assert.deepEqual(insertApiVersions(['v1', 'latest'], ['v1alpha1', 'a']), ['v1', 'v1alpha1', 'a', 'latest']);
  assert.deepEqual(insertApiVersions([], ['v1beta1', 'v1']), ['v1', 'v1beta1']);
});

test('among API versions in an order of their own, alpha is never put before beta', () => {
  assert.deepEqual(insertApiVersions(['v1alpha1', 'v1'], ['v1beta1']), ['v1beta1', 'v1alpha1', 'v1']);
  assert.deepEqual(insertApiVersions(['v1alpha1', 'v1beta1'], ['v1alpha2']), ['v1alpha1', 'v1beta1', 'v1alpha2']);
  assert.deepEqual(insertApiVersions(['latest', 'v1beta1'], ['v1alpha1']), ['latest', 'v1beta1', 'v1alpha1']);
});

const released = (major: number, minor: number, patch: number) => ({ major, minor, patch });

for (const [gitVersion, expected] of [
  ['v1.34.4', released(1, 34, 4)],
  ['1.34.4', released(1, 34, 4)],
  ['v1.31.2+k3s1', released(1, 31, 2)],
  ['v1.30.4+rke2r1', released(1, 30, 4)],
  ['v1.33.1-eks-1ed2', released(1, 33, 1)],
  ['v1.30.5-gke.100', released(1, 30, 5)],
  ['v1.25.4+a34b9e9499e6c3', released(1, 25, 4)],
  ['v1.36.0-dirty', released(1, 36, 0)],
  ['v1.36.0-betamax.1', released(1, 36, 0)],
  ['v1.37.0-alpha.1+abc', { ...released(1, 37, 0), prerelease: { stage: 'alpha', numbers: [1] } }],
  ['v1.37.0-alpha.2.123+0a1b2c-dirty', { ...released(1, 37, 0), prerelease: { stage: 'alpha', numbers: [2, 123] } }],
  ['v1.36.0-rc.1-eks-1ed2', { ...released(1, 36, 0), prerelease: { stage: 'rc', numbers: [1] } }],
  ['v1.36.0-rc1', { ...released(1, 36, 0), prerelease: { stage: 'rc', numbers: [1] } }],
  ['v1.36.0-beta', { ...released(1, 36, 0), prerelease: { stage: 'beta', numbers: [] } }],
  ['v0.0.0-master+$Format:%H$', undefined],
  ['v1.34', undefined],
  ['v1.34.4.1', undefined],
  ['v1.34.4x', undefined],
  ['', undefined],
] as const) {
  test(`gitVersion ${JSON.stringify(gitVersion)} is understood`, () => {
    assert.deepEqual(parseServerVersion(gitVersion), expected);
  });
}

test('servers are ordered by age, a pre-release before its release', () => {
  const oldestFirst = [
    'v1.36.3',
    'v1.37.0-alpha.1',
    'v1.37.0-alpha.1.22',
    'v1.37.0-alpha.2',
    'v1.37.0-beta.0',
    'v1.37.0-rc.0',
    'v1.37.0-rc.10',
    'v1.37.0',
    'v1.37.2',
    'v1.100.0',
    'v2.0.0',
  ].map((text) => parseServerVersion(text) ?? assert.fail(text));
  assert.deepEqual([...oldestFirst].reverse().sort(compareServerVersions), oldestFirst);
});

test('a vendor build is as old as its release', () => {
  const [vendor, plain] = ['v1.33.1-eks-1ed2', 'v1.33.1'].map((text) => parseServerVersion(text) ?? assert.fail(text));
  assert.ok(vendor && plain);
  assert.equal(compareServerVersions(vendor, plain), 0);
});
