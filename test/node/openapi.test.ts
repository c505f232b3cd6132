import assert from 'node:assert/strict';
import { describe, type TestContext, test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import { type ApiClient, H1Client, PROTOCOLS } from '../support/api-client.ts';
import { type EmbeddedOptions, startEmbeddedControlPlane } from '../support/embedded-daemon.ts';
import { send } from '../support/fake-api-server.ts';
import { FakeOpenAPI } from '../support/fake-openapi.ts';
import { promptly } from './support/prompt-answer.ts';

/** Group-versions of the recorded discovery: 1.34 lacks storagemigration.k8s.io/v1, and devicetaintrules of resource.k8s.io/v1. */
const NEW = {
  'api/v1': ['Pod'],
  'apis/resource.k8s.io/v1': ['DeviceClass', 'DeviceTaintRule'],
  'apis/storagemigration.k8s.io/v1': ['StorageVersionMigration'],
};
const OLD = { 'api/v1': ['Pod'], 'apis/resource.k8s.io/v1': ['DeviceClass'], 'apis/old.example.com/v1': ['Relic'] };
const QUICK = { 'discovery-interval-seconds': '0.05' };

async function start(t: TestContext, options: EmbeddedOptions = {}, protocol?: (typeof PROTOCOLS)[number]) {
  const servers = { old: new FakeOpenAPI('1.34', OLD), new: new FakeOpenAPI('1.37', NEW) };
  const plane = await startEmbeddedControlPlane(t, options);
  plane.old.openapi = servers.old.handler;
  plane.new.openapi = servers.new.handler;
  const client = await plane.client(protocol);
  // Nobody is known to have it, so that the proxy reads all indexes again before it answers, within a second.
  await until(async () => {
    await client.request({ path: '/openapi/v3/nowhere' });
    return (await indexOf(client)).size === 4;
  });
  return { plane, client, old: servers.old, new: servers.new };
}

/** Tries again and again; the test's own time limit ends what never happens. */
async function until(holds: () => Promise<boolean>): Promise<void> {
  while (!(await holds())) await new Promise(setImmediate);
}

async function indexOf(client: ApiClient): Promise<ReadonlyMap<string, string>> {
  const { status, text } = await client.request({ path: '/openapi/v3' });
  if (status !== 200) return new Map();
  const { paths }: { paths: Record<string, { serverRelativeURL: string }> } = JSON.parse(text);
  return new Map(Object.entries(paths).map(([path, { serverRelativeURL }]) => [path, serverRelativeURL]));
}

async function kindsAt(client: ApiClient, path: string): Promise<string[]> {
  const { status, text } = await client.request({ path });
  assert.equal(status, 200, path);
  return kindsIn(text);
}

function kindsIn(text: string): string[] {
  const { components, definitions } = JSON.parse(text);
  return Object.keys(components?.schemas ?? definitions).map((name) => name.split('.').at(-1) ?? '');
}

for (const local of ['old', 'new'] as const) {
  for (const protocol of PROTOCOLS) {
    test(`over ${protocol} there are the documents of all servers, each at its address (local: ${local})`, async (t) => {
      const { client, ...servers } = await start(t, { local }, protocol);
      const index = await indexOf(client);
      assert.deepEqual(
        new Map(await Promise.all([...index].map(async ([path, url]) => [path, await kindsAt(client, url)] as const))),
        new Map(Object.entries({ ...OLD, ...NEW })),
      );
      assert.equal(index.get('api/v1'), `/openapi/v3/api/v1?hash=${servers.new.hashOf('api/v1')}`);
      const v2 = await kindsAt(client, '/openapi/v2');
      assert.deepEqual(v2.sort(), ['DeviceClass', 'DeviceTaintRule', 'Pod', 'Relic', 'StorageVersionMigration']);
    });
  }
}

test('two proxies with different local servers give equal bytes, compressed ones too', async (t) => {
  const one = await start(t, { local: 'old' });
  const other = await start(t, { local: 'new' });
  for (const path of ['/openapi/v3', '/openapi/v2', ...(await indexOf(one.client)).values()]) {
    const [mine, theirs] = [await one.client.request({ path }), await other.client.request({ path })];
    assert.deepEqual([mine.status, mine.text, mine.headers['etag']], [200, theirs.text, theirs.headers['etag']], path);
    const zipped = await other.client.request({ path, headers: { 'accept-encoding': 'gzip' } });
    const text = zipped.headers['content-encoding'] === 'gzip' ? gunzipSync(zipped.bytes).toString() : zipped.text;
    assert.equal(text, mine.text, path);
    assert.equal(
      (await other.client.request({ path, headers: { 'if-none-match': mine.headers['etag'] ?? '' } })).status,
      304,
    );
  }
});

test('a schema that changes is in the index with the next reading; its old address leads to the new document', async (t) => {
  const { client, ...servers } = await start(t, { flags: QUICK });
  const path = 'apis/storagemigration.k8s.io/v1';
  const before = (await indexOf(client)).get(path) ?? '';
  servers.new.kinds = { ...NEW, [path]: ['StorageVersionMigration', 'Added'] };
  const moved = await client.request({ path: before });
  const after = `/openapi/v3/${path}?hash=${servers.new.hashOf(path)}`;
  assert.deepEqual([moved.status, moved.headers['location']], [301, after]);
  await until(async () => (await indexOf(client)).get(path) === after);
  assert.deepEqual(await kindsAt(client, after), ['StorageVersionMigration', 'Added']);
  assert.ok((await kindsAt(client, '/openapi/v2')).includes('Added'));
});

test('a document that was created a moment ago is found, although no index has it yet', async (t) => {
  const { client, ...servers } = await start(t, {
    local: 'old',
    flags: { 'discovery-interval-seconds': '60', 'discovery-stale-after-seconds': '120' },
  });
  const { status, text } = await promptly(async (round) => {
    const path = `apis/late-${round}.example.com/v1`;
    assert.equal((await client.request({ path: `/openapi/v3/${path}` })).status, 404);
    servers.new.kinds = { ...NEW, [path]: ['Late'] };
    return client.request({ path: `/openapi/v3/${path}` });
  });
  assert.equal(status, 200);
  assert.deepEqual(kindsIn(text), ['Late']);
});

describe('a server whose OpenAPI does not answer', () => {
  test('loses no document, delays neither readiness nor discovery, and is named', async (t) => {
    const { client, plane, ...servers } = await start(t, { flags: QUICK });
    const before = await indexOf(client);
    const hanging = new Promise<void>((resolve) => {
      plane.new.openapi = (_stream, headers) => {
        if (headers['x-remote-user'] === 'system:mixed-version-proxy') resolve();
      };
    });
    await hanging;
    await until(async () => failureOf(await statusOf(plane)).includes('has not been answered'));
    servers.old.kinds = { ...OLD, 'apis/more.example.com/v1': ['More'] };
    await until(async () => (await indexOf(client)).has('apis/more.example.com/v1'));
    const index = await indexOf(client);
    for (const [path, url] of before) assert.equal(index.get(path), url);
    // Neither do requests wait for it that make the proxy read discovery again.
    assert.equal((await client.request({ path: '/openapi/v3/nowhere' })).status, 404);
    const { servers: shown } = await statusOf(plane);
    assert.deepEqual(
      shown.map(({ state, discovery }) => [state, discovery.failure]),
      [
        ['ready', ''],
        ['ready', ''],
      ],
    );
    plane.new.openapi = (stream) => send(stream, 500, 'text/plain', 'broken\n');
    await until(async () => failureOf(await statusOf(plane)).includes('500'));
    assert.deepEqual(await indexOf(client), index);
    let warned = false;
    while (plane.log.size > 0) {
      const { message, fields } = await plane.log.next();
      warned ||= message.startsWith('the OpenAPI index cannot be read') && fields['server'] === 'new';
    }
    assert.ok(warned);
  });
});

test('without the newest server its documents are 503, and shared ones come from the next', async (t) => {
  const { client, plane } = await start(t, { local: 'old', flags: { 'health-interval-seconds': '0.05' } });
  const index = await indexOf(client);
  await plane.new.stop();
  await until(async () =>
    (await statusOf(plane)).servers.some(({ name, state }) => name === 'new' && state !== 'ready'),
  );
  assert.deepEqual(await indexOf(client), index);
  const gone = await client.request({ path: index.get('apis/storagemigration.k8s.io/v1') ?? '' });
  assert.deepEqual([gone.status, gone.headers['retry-after']], [503, '1']);
  const moved = await client.request({ path: index.get('api/v1') ?? '' });
  assert.equal(moved.status, 301);
  assert.deepEqual(await kindsAt(client, moved.headers['location'] ?? ''), ['Pod']);
});

test('profile=nopeer is answered by the local server itself', async (t) => {
  const { client, old } = await start(t, { local: 'old' });
  const headers = { accept: 'application/json;profile=nopeer' };
  const ask = async (path: string) => (await client.request({ path, headers })).text;
  assert.equal(await ask('/openapi/v3'), old.index);
  assert.equal(await ask('/openapi/v2'), old.v2);
  assert.equal(await ask('/openapi/v3/api/v1'), old.document('api/v1'));
  const absent = await client.request({ path: '/openapi/v3/apis/storagemigration.k8s.io/v1', headers });
  assert.equal(absent.status, 404);
});

test('a caller whom the servers do not let read is answered as they answer', async (t) => {
  const { client, plane } = await start(t);
  for (const server of [plane.old, plane.new]) {
    const { openapi } = server;
    server.openapi = (stream, headers) => {
      if (headers['x-remote-user'] === 'system:mixed-version-proxy') openapi(stream, headers);
      else send(stream, 403, 'text/plain', 'forbidden\n');
    };
  }
  for (const path of ['/openapi/v2', '/openapi/v3/apis/resource.k8s.io/v1']) {
    const refused = await client.request({ path });
    assert.deepEqual([refused.status, refused.text], [403, 'forbidden\n'], path);
  }
});

const failureOf = ({ servers }: Status) => servers.find(({ name }) => name === 'new')?.openapi.failure ?? '';

interface Status {
  readonly servers: readonly {
    readonly name: string;
    readonly state: string;
    readonly discovery: { readonly failure: string };
    readonly openapi: { readonly failure: string };
  }[];
}

async function statusOf({
  daemon,
}: {
  readonly daemon: { readonly adminAddress: string | undefined };
}): Promise<Status> {
  const admin = new H1Client(daemon.adminAddress ?? '', { ca: '' });
  const { text } = await admin.request({ path: '/status' });
  admin.close();
  return JSON.parse(text);
}
