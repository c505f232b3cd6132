import assert from 'node:assert/strict';
import { test } from 'node:test';
import { negotiateOpenAPI, wantsOwnIndex } from './openapi-accept.ts';

const OLD_NAME = 'application/com.github.proto-openapi.spec.v2@v1.0+protobuf';
const NEW_NAME = 'application/com.github.proto-openapi.spec.v2.v1.0+protobuf';

/** What kube-apiserver 1.34 and 1.37 answer. */
for (const [accept, encoding] of [
  [undefined, 'json'],
  ['', 'json'],
  ['application/json', 'json'],
  ['application/*', 'json'],
  ['*/*', 'json'],
  ['text/plain, */*;q=0.1', 'json'],
  [OLD_NAME, 'protobuf'],
  [NEW_NAME, 'protobuf'],
  [`application/json, ${NEW_NAME}`, 'json'],
  [`application/json;q=0.5, ${NEW_NAME}`, 'protobuf'],
  [`application/yaml, ${OLD_NAME}`, 'protobuf'],
  ['application/json;profile=other', 'json'],
  ['application/yaml', undefined],
  ['text/json', undefined],
  ['application/com.github.googleapis.gnostic.OpenAPIv2@68f4ded+protobuf', undefined],
  [OLD_NAME.replace('v2', 'v3'), undefined],
] as const) {
  test(`${accept === undefined ? 'no Accept' : `Accept: ${accept}`} is answered ${encoding ?? '406'}`, () => {
    assert.equal(negotiateOpenAPI(accept, 'v2')?.encoding, encoding);
  });
}

test('v3 has names of its own', () => {
  assert.equal(negotiateOpenAPI(OLD_NAME.replace('v2', 'v3'), 'v3')?.encoding, 'protobuf');
  assert.equal(negotiateOpenAPI(OLD_NAME, 'v3'), undefined);
});

test('one server’s own document is asked for by the clause that decides', () => {
  assert.equal(negotiateOpenAPI('application/json;profile=nopeer', 'v3')?.nopeer, true);
  assert.equal(negotiateOpenAPI(`${OLD_NAME};profile=nopeer,application/json`, 'v2')?.nopeer, true);
  assert.equal(negotiateOpenAPI('application/yaml;profile=nopeer,application/json', 'v3')?.nopeer, false);
  assert.equal(negotiateOpenAPI('application/json;q=0.1;profile=nopeer,*/*;q=0.5', 'v3')?.nopeer, false);
});

test('one server’s own index is asked for by the first clause, whatever its type', () => {
  assert.equal(wantsOwnIndex('application/json;profile=nopeer'), true);
  assert.equal(wantsOwnIndex('text/plain;profile=nopeer, */*'), true);
  assert.equal(wantsOwnIndex('application/json'), false);
  assert.equal(wantsOwnIndex(undefined), false);
});
