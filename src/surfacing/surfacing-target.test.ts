import assert from 'node:assert/strict';
import { test } from 'node:test';
import { chooseReading, SurfacingTargetError, surfacingTarget } from './surfacing-target.ts';

for (const [text, ...readings] of [
  ['', { group: '' }],
  ['core', { group: '' }],
  ['core/v1', { group: '', version: 'v1' }],
  ['core/v1/pods', { group: '', version: 'v1', resource: 'pods' }],
  ['v1/pods', { group: '', version: 'v1', resource: 'pods' }],
  ['apps', { group: 'apps' }, { group: '', resource: 'apps' }],
  ['pods', { group: 'pods' }, { group: '', resource: 'pods' }],
  ['apps/v1', { group: 'apps', version: 'v1' }],
  ['apps/v1/deployments', { group: 'apps', version: 'v1', resource: 'deployments' }],
  ['v1', { group: '', version: 'v1' }],
  ['v1.apps', { group: 'apps', version: 'v1' }],
  ['v1.', { group: '', version: 'v1' }],
  ['pods.v1.', { group: '', version: 'v1', resource: 'pods' }],
  ['pods.v1', { group: '', version: 'v1', resource: 'pods' }],
  ['widgets.v1.example.com', { group: 'example.com', version: 'v1', resource: 'widgets' }],
  ['widgets.v1alpha2.example.com', { group: 'example.com', version: 'v1alpha2', resource: 'widgets' }],
  ['widgets.example.com', { group: 'widgets.example.com' }, { group: 'example.com', resource: 'widgets' }],
  ['storage.k8s.io', { group: 'storage.k8s.io' }, { group: 'k8s.io', resource: 'storage' }],
] as const) {
  test(`"${text}" is read as ${readings.map((reading) => JSON.stringify(reading)).join(' or ')}`, () => {
    assert.deepEqual(surfacingTarget(text), readings);
  });
}

for (const text of ['a/b/c/d', 'Apps', 'a b', 'apps/v1/de ploy', '-x', 'apps/v1/pods?x']) {
  test(`"${text}" is refused with the forms that there are`, () => {
    assert.throws(
      () => surfacingTarget(text),
      (error: unknown) => {
        assert.ok(error instanceof SurfacingTargetError);
        assert.match(error.message, /RESOURCE\.VERSION\.GROUP/);
        return true;
      },
    );
  });
}

test('of several readings the first that exists is chosen, else the first', () => {
  const readings = surfacingTarget('widgets.example.com');
  assert.equal(
    chooseReading(readings, ({ resource }) => resource !== undefined),
    readings[1],
  );
  assert.equal(
    chooseReading(readings, () => false),
    readings[0],
  );
});
