import assert from 'node:assert/strict';
import { test } from 'node:test';
import { mayBeUnknown, saysUnknown } from './unknown-answer.ts';

const PLAIN = ['content-type', 'text/plain; charset=utf-8'];
const JSON_TYPE = ['content-type', 'application/json'];
const head = (fields: readonly string[], status = 404) => ({ status, fields });

for (const [what, method, fields, status, expected] of [
  ['plain text', 'GET', PLAIN, 404, true],
  ['JSON', 'POST', [...JSON_TYPE, 'content-length', '174'], 404, true],
  ['protobuf', 'GET', ['content-type', 'application/vnd.kubernetes.protobuf'], 404, true],
  ['YAML', 'GET', ['content-type', 'application/yaml'], 404, true],
  ['another status', 'GET', PLAIN, 403, false],
  ['an answer to HEAD', 'HEAD', PLAIN, 404, false],
  ['one that is longer than any such answer', 'GET', [...JSON_TYPE, 'content-length', '4097'], 404, false],
  ['a length that is none', 'GET', [...JSON_TYPE, 'content-length', 'x'], 404, false],
  ['a compressed one', 'GET', [...JSON_TYPE, 'content-encoding', 'gzip'], 404, false],
  ['HTML', 'GET', ['content-type', 'text/html'], 404, false],
  ['one without a type', 'GET', [], 404, false],
] as const) {
  test(`${what} ${expected ? 'is looked at' : 'passes unseen'}`, () => {
    assert.equal(mayBeUnknown(method, head(fields, status)), expected);
  });
}

const message = 'the server could not find the requested resource';
const status = (details: unknown, space?: number) =>
  Buffer.from(JSON.stringify({ kind: 'Status', message, reason: 'NotFound', details, code: 404 }, undefined, space));

test('the 404 of an object is told from that of a type, however it is written', () => {
  const named = { name: 'x', kind: 'pods' };
  for (const space of [undefined, 2]) {
    assert.equal(saysUnknown(head(JSON_TYPE), status(named, space)), false);
    assert.equal(saysUnknown(head(JSON_TYPE), status({}, space)), true);
  }
  assert.equal(saysUnknown(head(PLAIN), Buffer.from('404 page not found\n')), true);
  assert.equal(saysUnknown(head(PLAIN), Buffer.from('the pod says no')), false);
});

test('a part of a larger buffer is looked at alone', () => {
  const around = Buffer.concat([Buffer.from('"details":{"'), status({})]);
  assert.equal(saysUnknown(head(JSON_TYPE), around.subarray(12)), true);
});
