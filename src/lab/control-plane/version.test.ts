import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compareVersions, parseVersion } from './version.ts';

test('versions are ordered by number, not by text', () => {
  assert.deepEqual(['1.37.2', '1.9.11', '1.37.10', '1.34.4'].sort(compareVersions), [
    '1.9.11',
    '1.34.4',
    '1.37.2',
    '1.37.10',
  ]);
});

for (const text of ['1.37', 'v1.37.2', '1.37.2-rc.0', '2.0.0', '', '1.37.2 ']) {
  test(`"${text}" is refused`, () => {
    assert.throws(() => parseVersion(text), { code: 'BadUsage' });
  });
}
