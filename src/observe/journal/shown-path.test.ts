import assert from 'node:assert/strict';
import { test } from 'node:test';
import { requestInfo } from '../../kubernetes/request-info.ts';
import { shownName, shownPath } from './shown-path.ts';

for (const [target, path, name] of [
  ['/api/v1/namespaces/a/pods/x?token=t', '/api/v1/namespaces/a/pods/x', 'x'],
  ['/api/v1/pods?fieldSelector=metadata.name%3Dq', '/api/v1/pods', ''],
  ['/api/v1/namespaces/a/secrets', '/api/v1/namespaces/a/secrets', ''],
  ['/api/v1/namespaces/a/secrets/', '/api/v1/namespaces/a/secrets/', ''],
  ['/api/v1/namespaces/a/secrets/pw', '/api/v1/namespaces/a/secrets/…', ''],
  ['/api/v1/namespaces/a/secrets/pw/status', '/api/v1/namespaces/a/secrets/…', ''],
  ['/api/v1/watch/namespaces/a/secrets/pw', '/api/v1/watch/namespaces/a/secrets/…', ''],
  ['/api/v1/namespaces/a/%73ecrets/pw', '/api/v1/namespaces/a/secrets/…', ''],
  ['/api/v1/secrets?fieldSelector=metadata.name%3Dpw', '/api/v1/secrets', ''],
  ['/api/v1//namespaces/a/secrets/pw', '/api/v1//namespaces/a/secrets/…', 'namespaces'],
  ['/apis/other.example/v1/namespaces/a/secrets/pw', '/apis/other.example/v1/namespaces/a/secrets/…', ''],
  ['/api/v1/namespaces/secrets/pods/x', '/api/v1/namespaces/secrets/pods/x', 'x'],
  ['/api/v1/namespaces/secrets/secrets/pw', '/api/v1/namespaces/secrets/secrets/…', ''],
  ['/api/v1/namespaces/a/services/s/proxy/reset/TOKEN', '/api/v1/namespaces/a/services/s/proxy/…', 's'],
  ['/api/v1/namespaces/a/services/s/proxy', '/api/v1/namespaces/a/services/s/proxy', 's'],
  ['/api/v1/proxy/namespaces/a/services/s/reset/TOKEN', '/api/v1/proxy/namespaces/a/services/s/…', 's'],
  ['/api/v1/nodes/proxy/proxy/TOKEN', '/api/v1/nodes/proxy/proxy/…', 'proxy'],
  ['/healthz?verbose', '/healthz', ''],
] as const) {
  test(`${target} is shown as ${path}`, () => {
    const info = requestInfo('GET', target);
    assert.equal(shownPath(info), path);
    if (info.resource !== '') assert.equal(shownName(info), name);
  });
}
