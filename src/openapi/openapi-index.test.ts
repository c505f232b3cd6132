import assert from 'node:assert/strict';
import { test } from 'node:test';
import { encodeOpenAPIIndex, parseOpenAPIIndex } from './openapi-index.ts';

/** In the words of kube-apiserver 1.37, hashes shortened. */
const BODY =
  '{"paths":{".well-known/openid-configuration":{"serverRelativeURL":"/openapi/v3/.well-known/openid-configuration?hash=6FC9"},' +
  '"api":{"serverRelativeURL":"/openapi/v3/api?hash=5AF8"},"api/v1":{"serverRelativeURL":"/openapi/v3/api/v1?hash=8F5F"},' +
  '"apis/apps/v1":{"serverRelativeURL":"/openapi/v3/apis/apps/v1?hash=D9D9"},"version":{"serverRelativeURL":"/openapi/v3/version?hash=0AE2"}}}';

test('an index is read, and written as it was, byte for byte', () => {
  const index = parseOpenAPIIndex(BODY);
  assert.deepEqual(index.get('apis/apps/v1'), { url: '/openapi/v3/apis/apps/v1?hash=D9D9', hash: 'D9D9' });
  assert.equal(index.size, 5);
  assert.equal(encodeOpenAPIIndex(index), BODY);
  assert.equal(encodeOpenAPIIndex(new Map([...index].reverse())), BODY);
});

test('an address need not have a hash, nor only a hash', () => {
  const hashes = (url: string) => {
    const [entry] = parseOpenAPIIndex(JSON.stringify({ paths: { x: { serverRelativeURL: url } } })).values();
    return entry?.hash;
  };
  assert.equal(hashes('/openapi/v3/x'), '');
  assert.equal(hashes('/openapi/v3/x?a=b&hash=%22A%22'), '"A"');
});

test('an address is written as Go writes it', () => {
  const text = encodeOpenAPIIndex(new Map([['x', { url: '/openapi/v3/x?hash=A&b=<c>', hash: 'A' }]]));
  assert.equal(text, '{"paths":{"x":{"serverRelativeURL":"/openapi/v3/x?hash=A\\u0026b=\\u003cc\\u003e"}}}');
  assert.equal(encodeOpenAPIIndex(parseOpenAPIIndex(text)), text);
});

for (const body of [
  '',
  'ok',
  '[]',
  '{}',
  '{"kind":"Status"}',
  '{"paths":[]}',
  '{"paths":{"x":"/openapi"}}',
  '{"paths":{"x":{}}}',
  '{"paths":{"x":{"serverRelativeURL":1}}}',
]) {
  test(`${body || 'nothing'} is no index`, () => {
    assert.throws(() => parseOpenAPIIndex(body), SyntaxError);
  });
}
