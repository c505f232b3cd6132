import assert from 'node:assert/strict';
import { test } from 'node:test';
import { saysTooLargeResourceVersion } from './too-large-resource-version.ts';

/** As kube-apiserver 1.34.4 and 1.37.2 answer a list at a resource version of the future, after 3 s. */
const JSON_STATUS =
  '{"kind":"Status","apiVersion":"v1","metadata":{},"status":"Failure","message":"Timeout: Too large resource version: 9999999, current: 229","reason":"Timeout","details":{"causes":[{"reason":"ResourceVersionTooLarge","message":"Too large resource version"}],"retryAfterSeconds":1},"code":504}\n';
const PROTOBUF_STATUS =
  'k8s\0\n\f\n\x02v1\x12\x06Status\x12\x98\x01\n\x06\n\0\x12\0\x1a\0\x12\x07Failure\x1a:Timeout: Too large resource version: 9999999, current: 232"\x07Timeout*C\n\0\x12\0\x1a\0"7\n\x17ResourceVersionTooLarge\x12\x1aToo large resource version\x1a\0(\x012\x000\xf8\x03\x1a\0"\0';

for (const [form, text] of [
  ['JSON', JSON_STATUS],
  ['protobuf', PROTOBUF_STATUS],
] as const) {
  test(`it is told by its cause, in ${form}`, () => {
    assert.equal(saysTooLargeResourceVersion(504, Buffer.from(text, 'latin1')), true);
  });
}

test('other 504s, other statuses and long bodies do not say it', () => {
  const timeout = JSON_STATUS.replace('ResourceVersionTooLarge', 'Other');
  assert.equal(saysTooLargeResourceVersion(504, Buffer.from(timeout)), false);
  assert.equal(saysTooLargeResourceVersion(500, Buffer.from(JSON_STATUS)), false);
  assert.equal(saysTooLargeResourceVersion(504, Buffer.from(JSON_STATUS.padEnd(5_000))), false);
});
