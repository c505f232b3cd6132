import assert from 'node:assert/strict';
import { test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import fc from 'fast-check';
import { parseAggregatedDiscovery } from '../kubernetes/aggregated-discovery.ts';
import { RECORDED, recordedJson, recordedText } from '../kubernetes/testing/recorded-documents.ts';
import { publishDiscovery } from './published-discovery.ts';
import { discoveryContent, encodeDiscovery, encodePrettyDiscovery } from './representation.ts';
import { serverDiscovery } from './server-discovery.ts';
import { discoveries } from './testing/discovery-arbitrary.ts';
import { discoveryOf } from './testing/discovery-of.ts';
import { recordedDiscovery } from './testing/recorded-discovery.ts';

const utf8 = new TextDecoder();

const VERSIONS = ['v2', 'v2beta1'] as const;

for (const version of RECORDED) {
  for (const root of ['/api', '/apis'] as const) {
    const file = `${root.slice(1)}-v2`;

    test(`${root} of ${version} is published as that server publishes it`, async () => {
      const { [root]: published } = await publishDiscovery(recordedDiscovery(version));
      const headers = recordedText(version, `${file}.headers`);
      assert.ok(headers.includes(`etag: ${published.v2.etag}`), headers);
      assert.match(headers, new RegExp(`^content-type: ${published.v2.contentType.replaceAll('.', '\\.')}\\s*$`, 'm'));
      assert.equal(published.v2.identity.toString(), `${JSON.stringify(recordedJson(version, `${file}.json`))}\n`);
    });

    test(`pretty ${root} of ${version} is byte for byte that server's answer to curl`, () => {
      const groups = recordedDiscovery(version)[root === '/api' ? 'api' : 'apis'];
      assert.equal(utf8.decode(encodePrettyDiscovery(groups, 'v2')), recordedText(version, `${file}.json`));
    });
  }
}

test('v2beta1 differs from v2 in apiVersion and Content-Type alone and shares its ETag', async () => {
  const { '/apis': published } = await publishDiscovery(recordedDiscovery('1.36.3'));
  assert.equal(published.v2beta1.etag, published.v2.etag);
  assert.equal(
    published.v2beta1.contentType,
    'application/json;g=apidiscovery.k8s.io;v=v2beta1;as=APIGroupDiscoveryList',
  );
  assert.equal(
    published.v2beta1.identity.toString(),
    published.v2.identity.toString().replace('apidiscovery.k8s.io/v2"', 'apidiscovery.k8s.io/v2beta1"'),
  );
});

test('each form has its compressed twin', async () => {
  const published = await publishDiscovery(recordedDiscovery('1.36.3'));
  for (const root of ['/api', '/apis'] as const) {
    for (const version of VERSIONS) {
      const { identity, gzip } = published[root][version];
      assert.deepEqual(gunzipSync(gzip), identity);
      assert.ok(gzip.length * 5 < identity.length);
    }
  }
});

test('unaggregated documents are those of the same root, in each representation', async () => {
  const published = await publishDiscovery(recordedDiscovery('1.36.3'));
  assert.deepEqual([...published['/api'].unaggregated.keys()], ['/api/v1']);
  for (const root of ['/api', '/apis'] as const) {
    for (const [path, { contentType, identity, gzip, pretty }] of published[root].unaggregated) {
      assert.equal(contentType, 'application/json');
      assert.equal(utf8.decode(pretty), recordedLegacy(path));
      assert.equal(utf8.decode(identity), `${JSON.stringify(JSON.parse(recordedLegacy(path)))}\n`);
      assert.deepEqual(new Uint8Array(gunzipSync(gzip)), new Uint8Array(identity));
    }
  }
});

test('unaggregated documents are encoded once, and escaped as Go escapes', async () => {
  const published = await publishDiscovery(discoveryOf({ 'g/v1': { '<a>&': [] } }));
  const document = published['/apis'].unaggregated.get('/apis/g/v1') ?? assert.fail();
  assert.ok(utf8.decode(document.identity).includes('"name":"\\u003ca\\u003e\\u0026"'));
  assert.ok(utf8.decode(document.pretty).includes('"name": "\\u003ca\\u003e\\u0026"'));
  for (const form of ['identity', 'gzip', 'pretty'] as const) assert.equal(document[form], document[form]);
});

test('an unchanged root is taken over, a changed one is not', async () => {
  const before = await publishDiscovery(discoveryOf({ v1: { pods: ['get'] }, 'g/v1': { a: ['get'] } }));
  const after = await publishDiscovery(discoveryOf({ v1: { pods: ['get'] }, 'g/v1': { a: ['get', 'list'] } }), before);
  assert.equal(after['/api'], before['/api']);
  assert.notEqual(after['/apis'].v2.etag, before['/apis'].v2.etag);
  const anew = await publishDiscovery(discoveryOf({ v1: { pods: ['get'] }, 'g/v1': { a: ['get', 'list'] } }));
  assert.deepEqual(after['/apis'], anew['/apis']);
});

test('a server without groups publishes empty lists', async () => {
  const published = await publishDiscovery(serverDiscovery([], []));
  assert.equal(
    published['/apis'].v2.identity.toString(),
    '{"kind":"APIGroupDiscoveryList","apiVersion":"apidiscovery.k8s.io/v2","metadata":{},"items":[]}\n',
  );
});

test('what is meant for HTML or JavaScript is escaped as Go escapes it', () => {
  const groups = discoveryOf({ 'g/v1': { '<a>&\u2028\u2029é"\\': [] } }).apis;
  assert.ok(discoveryContent(groups).includes('"resource":"\\u003ca\\u003e\\u0026\\u2028\\u2029é\\"\\\\"'));
  assert.ok(utf8.decode(encodePrettyDiscovery(groups, 'v2')).includes('"resource": "\\u003ca\\u003e\\u0026'));
});

test('the indented form is made once, and escaped like the other', async () => {
  const discovery = serverDiscovery([], discoveryOf({ 'g/v1': { '<a>&': [] } }).apis);
  const { v2 } = (await publishDiscovery(discovery))['/apis'];
  assert.deepEqual(v2.pretty, encodePrettyDiscovery(discovery.apis, 'v2'));
  assert.equal(v2.pretty, v2.pretty);
});

test('what is published reads back as what was served', () => {
  fc.assert(
    fc.property(discoveries, fc.constantFrom(...VERSIONS), ({ apis }, version) => {
      const compact = utf8.decode(encodeDiscovery(discoveryContent(apis), version));
      for (const body of [compact, utf8.decode(encodePrettyDiscovery(apis, version))]) {
        const read = parseAggregatedDiscovery(JSON.parse(body));
        assert.deepEqual(read.items, apis);
        assert.equal(read.apiVersion, `apidiscovery.k8s.io/${version}`);
      }
    }),
  );
});

test('bytes depend on content alone', () => {
  const reversed = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(reversed);
    if (typeof value !== 'object' || value === null) return value;
    return Object.fromEntries(
      Object.entries(value)
        .reverse()
        .map(([key, entry]) => [key, reversed(entry)]),
    );
  };
  const { apis } = recordedDiscovery('1.37.2');
  assert.notEqual(JSON.stringify(reversed(apis)), JSON.stringify(apis));
  assert.equal(discoveryContent(reversed(apis) as typeof apis), discoveryContent(apis));
});

/** The recorded unaggregated document as curl gets it (the files end with a line feed of their own), without hashes. */
function recordedLegacy(path: string): string {
  const text = recordedText('1.36.3', `legacy/${path.slice(1).replaceAll('/', '-')}.json`);
  return text.replaceAll(/,\n *"storageVersionHash": "[^"]*"/g, '').trimEnd();
}

test('unaggregated /api names the address that the client asked, which cannot break out of it', async () => {
  const { apiVersions } = await publishDiscovery(recordedDiscovery('1.37.2'));
  const document = (authority: string | undefined) =>
    JSON.parse(Buffer.from(apiVersions(authority).identity).toString());
  const recorded = recordedJson('1.37.2', 'legacy/api.json');
  assert.deepEqual(document('127.0.0.1:6443'), recorded);
  const odd = '"}<script>';
  assert.equal(document(odd).serverAddressByClientCIDRs[0].serverAddress, odd);
  assert.ok(!Buffer.from(apiVersions(odd).identity).includes('<'));
  assert.deepEqual(document(undefined).serverAddressByClientCIDRs, []);
});
