import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { type TestContext, test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import { type ApiClient, connectClient, PROTOCOLS } from '../support/api-client.ts';
import { type EmbeddedControlPlane, startEmbeddedControlPlane } from '../support/embedded-daemon.ts';
import { send } from '../support/fake-api-server.ts';
import type { FakeDiscovery } from '../support/fake-discovery.ts';

const V2 = 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList';
const NEW_ONLY = 'resource.k8s.io/v1/devicetaintrules';
const OLD_ONLY = 'old.example.com/v1/widgets';
const GROUP_VERSION = '/apis/resource.k8s.io/v1';

for (const local of ['old', 'new'] as const) {
  for (const protocol of PROTOCOLS) {
    test(`who walks unaggregated documents over ${protocol} sees the types of all servers (local: ${local})`, async (t) => {
      const { client } = await start(t, local, protocol);
      const walked = await walk(client);
      const merged = (await client.request({ path: '/apis', headers: { accept: V2 } })).text;
      assert.deepEqual(new Set(walked.types.keys()), typesOf(merged));
      assert.ok(walked.types.has(NEW_ONLY) && walked.types.has(OLD_ONLY));
      assert.equal(walked.documents.get('/apis')?.headers['cache-control'], 'no-cache, private');
    });
  }
}

test('/api names the address under which the client came', async (t) => {
  const { client } = await start(t, 'old');
  const { text, headers } = await client.request({ path: '/api', headers: JSON_ONLY });
  const { kind, versions, serverAddressByClientCIDRs: addresses } = JSON.parse(text);
  assert.deepEqual([kind, versions, headers['content-type']], ['APIVersions', ['v1'], 'application/json']);
  assert.match(addresses[0].serverAddress, /^127\.0\.0\.1:\d+$/);
});

test('two proxies with different local servers give equal bytes, compressed ones too', async (t) => {
  const [one, other] = [await start(t, 'old'), await start(t, 'new')];
  const documents = await walk(one.client);
  assert.ok(documents.documents.size > 40);
  for (const [path, { text }] of documents.documents) {
    assert.equal((await other.client.request({ path, headers: JSON_ONLY })).text, text, path);
    const zipped = await other.client.request({ path, headers: { ...JSON_ONLY, 'accept-encoding': 'gzip' } });
    assert.equal(zipped.headers['content-encoding'], 'gzip');
    assert.equal(gunzipSync(zipped.bytes).toString(), text, path);
  }
});

test('profile=nopeer is answered by the local server itself', async (t) => {
  const { plane, client } = await start(t, 'old');
  const headers = { accept: 'application/json;profile=nopeer' };
  const groups = await client.request({ path: '/apis', headers });
  assert.equal(groups.text, plane.old.discovery('/apis', headers.accept)?.body);
  const { servedBy } = JSON.parse((await client.request({ path: GROUP_VERSION, headers })).text);
  assert.equal(servedBy, 'old');
});

test('a caller whom the server does not let read a document is answered as it answers', async (t) => {
  const { plane, client } = await start(t, 'old');
  plane.old.permits = () => false;
  plane.old.handler = (stream) => send(stream, 403, 'text/plain', 'forbidden\n');
  for (const path of ['/apis', '/apis/apps', GROUP_VERSION, '/api/v1']) {
    const refused = await client.request({ path, headers: JSON_ONLY });
    assert.deepEqual([refused.status, refused.text], [403, 'forbidden\n'], path);
  }
});

test('a document that the local server lacks is granted by its 404 alone', async (t) => {
  const { plane, client } = await start(t, 'old');
  plane.old.handler = (stream) => send(stream, 404, 'text/plain', '404 page not found\n');
  const list = await client.request({ path: GROUP_VERSION, headers: JSON_ONLY });
  assert.equal(list.status, 200);
  assert.ok(list.text.includes('"devicetaintrules"'));
  const nowhere = await client.request({ path: '/apis/nowhere.example/v1', headers: JSON_ONLY });
  assert.deepEqual([nowhere.status, nowhere.text], [404, '404 page not found\n']);
});

const JSON_ONLY = { accept: 'application/json' };

/** Two releases, each with a type that the other lacks, and a client of a proxy that belongs to one of them. */
async function start(
  t: TestContext,
  local: 'old' | 'new',
  protocol?: (typeof PROTOCOLS)[number],
): Promise<{ readonly plane: EmbeddedControlPlane; readonly client: ApiClient }> {
  const plane = await startEmbeddedControlPlane(t, { local });
  const client = await plane.client(protocol);
  plane.old.discovery = withWidgets(plane.old.discovery);
  // Nobody is known to serve it, so that the proxy reads all discovery again.
  const answer = await client.request({ path: `/apis/${OLD_ONLY}` });
  assert.equal(JSON.parse(answer.text).servedBy, 'old');
  // The answer waits for that a second at most. Whoever else asks leaves no permission behind for `client`.
  const { servingCa, jane } = plane.pki;
  const url = plane.daemon.servingAddress;
  const other = await connectClient('h2', url, { ca: servingCa.cert, cert: jane.cert, key: jane.key });
  const [group = ''] = OLD_ONLY.split('/');
  while (!(await other.request({ path: '/apis', headers: { accept: V2 } })).text.includes(`"${group}"`));
  other.close();
  return { plane, client };
}

/** Adds OLD_ONLY to aggregated `/apis`. */
function withWidgets(discovery: FakeDiscovery): FakeDiscovery {
  const [name, version, resource] = OLD_ONLY.split('/');
  const responseKind = { group: name, version, kind: 'Widget' };
  const entry = { resource, responseKind, scope: 'Cluster', singularResource: 'widget', verbs: ['get', 'list'] };
  const group = { metadata: { name }, versions: [{ version, resources: [entry], freshness: 'Current' }] };
  return (path, accept) => {
    const document = discovery(path, accept);
    if (path !== '/apis' || document === undefined || !accept.includes('APIGroupDiscoveryList')) return document;
    const list = JSON.parse(document.body);
    const body = JSON.stringify({ ...list, items: [...list.items, group] });
    return { ...document, body, etag: `"${createHash('sha256').update(body).digest('hex')}"` };
  };
}

type Answer = Awaited<ReturnType<ApiClient['request']>>;

/** What clients without aggregated discovery do: every group-version that `/apis` names, one by one. */
async function walk(client: ApiClient) {
  const documents = new Map<string, Answer>();
  const read = async (path: string) => {
    const answer = await client.request({ path, headers: JSON_ONLY });
    assert.equal(answer.status, 200, path);
    assert.equal(answer.headers['content-type'], 'application/json');
    documents.set(path, answer);
    return JSON.parse(answer.text);
  };
  const types = new Map<string, readonly string[]>();
  const groups: { name: string; versions: { groupVersion: string }[] }[] = (await read('/apis')).groups;
  for (const { name, versions } of groups) {
    const { kind, apiVersion, ...own } = await read(`/apis/${name}`);
    assert.deepEqual([kind, apiVersion], ['APIGroup', 'v1']);
    assert.deepEqual(
      own,
      groups.find((group) => group.name === name),
    );
    for (const { groupVersion } of versions) {
      const list: { resources: { name: string; verbs: string[] }[] } = await read(`/apis/${groupVersion}`);
      for (const resource of list.resources) types.set(`${groupVersion}/${resource.name}`, resource.verbs);
    }
  }
  assert.ok((await read('/api/v1')).resources.length > 0);
  return { types, documents };
}

/** `group/version/resource[/subresource]` of all that the aggregated document lists. */
function typesOf(text: string): ReadonlySet<string> {
  type Resource = { resource: string; subresources?: { subresource: string }[] };
  type Group = { metadata: { name: string }; versions: { version: string; resources: Resource[] }[] };
  const { items }: { items: Group[] } = JSON.parse(text);
  const types = new Set<string>();
  for (const { metadata, versions } of items) {
    for (const { version, resources } of versions) {
      for (const { resource, subresources = [] } of resources) {
        const path = `${metadata.name}/${version}/${resource}`;
        types.add(path);
        for (const { subresource } of subresources) types.add(`${path}/${subresource}`);
      }
    }
  }
  return types;
}
