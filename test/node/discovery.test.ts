import assert from 'node:assert/strict';
import { test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import { PROTOCOLS } from '../support/api-client.ts';
import { startEmbeddedControlPlane } from '../support/embedded-daemon.ts';

const V2 = 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList';
const V2_BETA_1 = 'application/json;g=apidiscovery.k8s.io;v=v2beta1;as=APIGroupDiscoveryList';

for (const protocol of PROTOCOLS) {
  test(`the merged document over ${protocol} has a strong ETag, is compressed on request and not repeated`, async (t) => {
    const plane = await startEmbeddedControlPlane(t);
    const client = await plane.client(protocol);
    const whole = await client.request({ path: '/apis', headers: { accept: V2 } });
    assert.equal(whole.status, 200);
    assert.equal(whole.headers['content-type'], V2);
    assert.equal(whole.headers.vary, 'Accept');
    assert.equal(whole.headers['cache-control'], 'public');
    const etag = whole.headers.etag ?? '';
    assert.match(etag, /^"[0-9A-F]{128}"$/);
    assert.ok(resourcesOf(whole.text).has('resource.k8s.io/v1/devicetaintrules'), 'of the newer server');
    assert.equal(Number(whole.headers['content-length']), whole.bytes.length);

    const zipped = await client.request({ path: '/apis', headers: { accept: V2, 'accept-encoding': 'gzip' } });
    assert.equal(zipped.headers['content-encoding'], 'gzip');
    assert.equal(zipped.headers.etag, etag);
    assert.ok(zipped.bytes.length < whole.bytes.length / 2);
    assert.equal(gunzipSync(zipped.bytes).toString(), whole.text);

    for (const condition of [etag, `W/${etag}`, `"other", ${etag}`, '*']) {
      const repeated = await client.request({ path: '/apis', headers: { accept: V2, 'if-none-match': condition } });
      assert.equal(repeated.status, 304, condition);
      assert.equal(repeated.headers.etag, etag);
      assert.equal(repeated.bytes.length, 0);
    }
    const other = await client.request({ path: '/apis', headers: { accept: V2, 'if-none-match': '"other"' } });
    assert.equal(other.status, 200);
    assert.equal(other.text, whole.text);
  });
}

test('both shapes and both roots tell the same, whichever server is local', async (t) => {
  const documents = [];
  for (const local of ['old', 'new'] as const) {
    const plane = await startEmbeddedControlPlane(t, { local });
    const client = await plane.client();
    for (const path of ['/api', '/apis']) {
      const v2 = await client.request({ path, headers: { accept: V2 } });
      const beta = await client.request({ path, headers: { accept: V2_BETA_1 } });
      assert.equal(beta.headers['content-type'], V2_BETA_1);
      assert.deepEqual(JSON.parse(beta.text).items, JSON.parse(v2.text).items);
      documents.push({ path, etag: v2.headers.etag, text: v2.text });
    }
  }
  assert.deepEqual(documents.slice(0, 2), documents.slice(2), 'two proxies publish equal documents with equal ETags');
});

test('profile=nopeer is answered by the local server', async (t) => {
  const plane = await startEmbeddedControlPlane(t);
  const client = await plane.client();
  const nopeer = await client.request({ path: '/apis', headers: { accept: `${V2};profile=nopeer` } });
  assert.equal(nopeer.status, 200);
  assert.ok(!resourcesOf(nopeer.text).has('resource.k8s.io/v1/devicetaintrules'));
});

test('a caller whom the servers do not let read discovery is answered as they answer', async (t) => {
  const plane = await startEmbeddedControlPlane(t);
  const client = await plane.client();
  plane.old.permits = () => false;
  const refused = await client.request({ path: '/apis', headers: { accept: V2 } });
  assert.equal(refused.status, 403);
  assert.equal(refused.text, 'forbidden\n');
});

function resourcesOf(text: string): ReadonlySet<string> {
  const document: {
    items: { metadata: { name: string }; versions: { version: string; resources: { resource: string }[] }[] }[];
  } = JSON.parse(text);
  return new Set(
    document.items.flatMap(({ metadata, versions }) =>
      versions.flatMap(({ version, resources }) =>
        resources.map(({ resource }) => `${metadata.name}/${version}/${resource}`),
      ),
    ),
  );
}
