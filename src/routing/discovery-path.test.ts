import assert from 'node:assert/strict';
import { test } from 'node:test';
import { discoveryPath } from './discovery-path.ts';

const group = (name: string, version?: string) => ({ kind: 'group', group: name, version }) as const;

for (const [path, expected] of [
  ['/api', undefined],
  ['/apis', undefined],
  ['/api/v1', group('', 'v1')],
  ['/api/v1/', group('', 'v1')],
  ['/apis/apps', group('apps')],
  ['/apis/apps/', group('apps')],
  ['/apis/apps/v1', group('apps', 'v1')],
  ['/openapi/v2', { kind: 'openapi', document: undefined }],
  ['/openapi/v3', { kind: 'openapi', document: undefined }],
  ['/openapi/v3/apis/apps/v1', { kind: 'openapi', document: 'apis/apps/v1' }],
  ['/api/', undefined],
  ['/apis/', undefined],
  ['/api/v1/pods', undefined],
  ['/apis/apps/v1/deployments', undefined],
  ['/openapi', undefined],
  ['/version', undefined],
  ['/', undefined],
  ['', undefined],
  ['/apiserver', undefined],
  ['/xapis/apps', undefined],
] as const) {
  test(`${path || 'an empty path'} is ${expected === undefined ? 'no API metadata' : JSON.stringify(expected)}`, () => {
    assert.deepEqual(discoveryPath(path), expected);
  });
}
