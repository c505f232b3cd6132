import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { gunzipSync } from 'node:zlib';
import { serverDiscovery } from '../../../discovery/server-discovery.ts';
import { apiGroup, apiResource, apiVersion } from '../../../kubernetes/aggregated-discovery.ts';
import {
  RECORDED,
  type RecordedVersion,
  recordedJson,
  recordedLegacyFiles,
  recordedText,
} from '../../../kubernetes/testing/recorded-documents.ts';
import { findRecording } from '../../recording/find-recording.ts';
import { MemoryStore } from '../../store/memory-store.ts';
import { TypeCatalog } from '../catalog/type-catalog.ts';
import { DiscoveryDocuments } from './discovery-documents.ts';
import { type Asked, asked } from './testing/asked.ts';

const V2 = 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList';
const V2_BETA_1 = V2.replace('v=v2', 'v=v2beta1');

for (const version of RECORDED) {
  describe(`discovery of ${version}`, () => {
    for (const root of ['api', 'apis'] as const) {
      it(`equals the recorded aggregated /${root} byte for byte, headers included`, async () => {
        const ask = await server(version);
        const { status, body, field } = await ask(`/${root}?pretty=1`, accept(V2));
        assert.equal(status, 200);
        assert.equal(body.toString(), recordedText(version, `${root}-v2.json`));
        const headers = recordedText(version, `${root}-v2.headers`);
        for (const name of ['content-type', 'etag', 'vary', 'cache-control']) {
          assert.equal(field(name), new RegExp(`^${name}: (.*?)\\r?$`, 'm').exec(headers)?.[1], name);
        }
      });

      it(`answers /${root} unaggregated to who knows v2beta1 only and takes plain JSON, as recorded`, async () => {
        const ask = await server(version);
        const { body, field } = await ask(`/${root}?pretty=1`, accept(`${V2_BETA_1},application/json`));
        assert.equal(field('content-type'), 'application/json');
        assert.equal(field('etag'), undefined);
        assert.deepEqual(
          JSON.parse(body.toString()),
          withoutLost(recordedJson(version, `${root}-v2beta1.json`), version),
        );
      });
    }

    it('equals every recorded unaggregated document but for storageVersionHash', async () => {
      const ask = await server(version);
      const files = recordedLegacyFiles(version);
      assert.ok(files.length > 30);
      for (const file of files) {
        const path = legacyPath(file);
        const { status, body } = await ask(path);
        assert.equal(status, 200, path);
        const expected = withoutLost(withoutHashes(recordedJson(version, `legacy/${file}`)), version);
        // Compared as text, because the order of fields counts too.
        assert.equal(body.toString(), `${JSON.stringify(expected)}\n`, path);
      }
    });
  });
}

describe('DiscoveryDocuments', () => {
  it('says 304 to exactly its own ETag, as kube-apiserver compares it', async () => {
    const ask = await server('1.37.2');
    const { body, field } = await ask('/apis', accept(V2));
    const etag = field('etag') ?? '';
    const same = await ask('/apis', accept(V2, ['if-none-match', etag]));
    assert.deepEqual([same.status, same.body.length, same.field('etag')], [304, 0, etag]);
    assert.deepEqual([same.field('vary'), same.field('cache-control')], ['Accept', 'public']);
    assert.equal((await ask('/apis', accept(V2, ['if-none-match', `W/${etag}`]))).status, 200);
    assert.equal(body.at(-1), 0x0a);
    assert.equal(body.toString(), JSON.stringify(recordedJson('1.37.2', 'apis-v2.json')).concat('\n'));
  });

  it('gives who asks for the server-local view the same', async () => {
    const ask = await server('1.37.2');
    const local = await ask('/apis', accept(`${V2};profile=nopeer`));
    assert.deepEqual(local, { ...(await ask('/apis', accept(V2))), field: local.field });
  });

  const SHAPES = [
    { version: '1.25.16', v2: 406, v2beta1: 406 },
    { version: '1.26.0', v2: 406, v2beta1: 200 },
    { version: '1.29.15', v2: 406, v2beta1: 200 },
    { version: '1.30.0', v2: 200, v2beta1: 200 },
    { version: '1.32.1', v2: 200, v2beta1: 200 },
    { version: '1.33.0', v2: 200, v2beta1: 406 },
    { version: '1.37.2', v2: 200, v2beta1: 406 },
  ];
  for (const { version, ...shapes } of SHAPES) {
    it(`offers what ${version} offers`, async () => {
      const ask = await server('1.37.2', version);
      for (const shape of ['v2', 'v2beta1'] as const) {
        const answer = await ask('/apis', accept(shape === 'v2' ? V2 : V2_BETA_1));
        assert.equal(answer.status, shapes[shape], shape);
        if (answer.status !== 200) continue;
        assert.equal(answer.field('content-type'), shape === 'v2' ? V2 : V2_BETA_1);
        assert.equal(JSON.parse(answer.body.toString()).apiVersion, `apidiscovery.k8s.io/${shape}`);
      }
    });
  }

  it('refuses what it cannot write, as kube-apiserver words it', async () => {
    const ask = await server('1.37.2');
    for (const path of ['/api', '/apis', '/apis/apps', '/apis/apps/v1']) {
      const { status, body } = await ask(path, accept('text/html'));
      assert.equal(status, 406, path);
      assert.equal(JSON.parse(body.toString()).reason, 'NotAcceptable');
      assert.equal(body.toString(), JSON.stringify(JSON.parse(body.toString()), undefined, 2));
    }
    // Only `/api` and `/apis` themselves have an aggregated form; for `/api/`, though not for `/apis/`, the slash counts nothing.
    for (const path of ['/apis/', '/apis/apps', '/apis/apps/v1', '/api/v1']) {
      assert.equal((await ask(path, accept(V2))).status, 406, path);
    }
    assert.equal((await ask('/api/', accept(V2))).field('content-type'), V2);
    assert.equal((await ask('/apis/')).status, 200);
    assert.equal((await ask('/api/v1/')).status, 200);
  });

  it('tells an unknown version of its own group from an unknown group', async () => {
    const ask = await server('1.37.2');
    for (const path of ['/apis/apps/v9', '/api/v9']) {
      const { status, body } = await ask(path);
      assert.equal(status, 404);
      assert.deepEqual(JSON.parse(body.toString()).details, {}, path);
    }
    for (const path of ['/apis/nope', '/apis/nope/v1']) {
      const { status, body, field } = await ask(path);
      assert.deepEqual([status, body.toString()], [404, '404 page not found\n'], path);
      assert.equal(field('content-type'), 'text/plain; charset=utf-8');
    }
  });

  it('has the routes of kube-apiserver for other methods', async () => {
    const ask = await server('1.37.2');
    for (const [path, status] of [
      ['/api', 405],
      ['/apis', 200],
      ['/apis/apps', 200],
      ['/apis/apps/v1', 405],
      ['/apis/apps/v9', 404],
      ['/api/v9', 404],
    ] as const) {
      assert.equal((await ask(path, { method: 'POST' })).status, status, path);
    }
    for (const path of ['/apis/none.example', '/apis/none.example/v1']) {
      const { status, body } = await ask(path, { method: 'DELETE' });
      assert.deepEqual([status, body.toString()], [404, '404 page not found\n'], path);
    }
    const group = apiGroup('example.com', [apiVersion({ version: 'v1', resources: [] })]);
    const custom = new DiscoveryDocuments({
      recording: { version: '1.37.2' },
      discovery: serverDiscovery([], [group]),
      isCompiledIn: () => false,
    });
    for (const [path, status] of [
      ['/apis/example.com/v1', 200],
      ['/apis/example.com/v7', 404],
    ] as const) {
      const answer = await asked((exchange) => custom.answer(exchange), path, { method: 'POST' });
      assert.equal(answer.status, status, path);
    }
    const head = await ask('/apis', { method: 'HEAD', fields: ['accept', V2] });
    assert.deepEqual([head.status, head.body.length], [200, 0]);
    assert.ok(Number(head.field('content-length')) > 1000);
  });

  it('names the address that the client asked as that of the server', async () => {
    const ask = await server('1.37.2');
    const { body } = await ask('/api', { authority: '10.0.0.1:6443' });
    assert.deepEqual(JSON.parse(body.toString()).serverAddressByClientCIDRs, [
      { clientCIDR: '0.0.0.0/0', serverAddress: '10.0.0.1:6443' },
    ]);
  });

  it('publishes anew when something changed, and compresses what is large', async () => {
    const source = {
      recording: { version: '1.37.2' },
      discovery: serverDiscovery([], []),
      isCompiledIn: () => true,
    };
    const documents = new DiscoveryDocuments(source);
    const ask = (fields: readonly string[]) =>
      asked((exchange) => documents.answer(exchange), '/apis', { fields: ['accept', V2, ...fields] });
    const empty = await ask([]);
    const verbs = ['get'];
    const resources = Array.from({ length: 2000 }, (_, i) =>
      apiResource({ resource: `things${i}`, scope: 'Cluster', singularResource: `thing${i}`, verbs }),
    );
    source.discovery = serverDiscovery([], [apiGroup('example.com', [apiVersion({ version: 'v1', resources })])]);
    const full = await ask(['accept-encoding', 'gzip, deflate']);
    assert.notEqual(full.field('etag'), empty.field('etag'));
    assert.equal(full.field('content-encoding'), 'gzip');
    assert.deepEqual(gunzipSync(full.body), (await ask([])).body);
    assert.equal(empty.field('content-encoding'), undefined);
  });

  it('leaves every other path alone', async () => {
    const documents = new DiscoveryDocuments(await catalogOf('1.37.2'));
    const refuse = () => assert.fail('answered');
    for (const target of [
      '/',
      '/version',
      '/apix',
      '/api/v1/pods',
      '/apis/apps/v1/deployments',
      '/openapi/v3',
      '/api//v1',
    ]) {
      const answered = new Promise((resolve) => {
        void asked((exchange) => resolve(documents.answer({ ...exchange, respond: refuse })), target);
      });
      assert.equal(await answered, false, target);
    }
  });
});

type Ask = (target: string, how?: Asked) => ReturnType<typeof asked>;

/** The server that was recorded, or one that serves the same under another version. */
async function server(recorded: RecordedVersion, version: string = recorded): Promise<Ask> {
  const documents = new DiscoveryDocuments(await catalogOf(recorded, version));
  return (target, how) => asked(async (exchange) => assert.equal(await documents.answer(exchange), true), target, how);
}

async function catalogOf(recorded: RecordedVersion, version: string = recorded): Promise<TypeCatalog> {
  const recording = await findRecording(recorded);
  return new TypeCatalog({ recording: { ...recording, version }, store: new MemoryStore(), crdLagMs: 0 });
}

function accept(value: string, fields: readonly string[] = []): Asked {
  return { fields: ['accept', value, ...fields] };
}

/** `apis-apps-v1.json` is of `/apis/apps/v1`; group names have no dash. */
function legacyPath(file: string): string {
  return `/${file.replace('.json', '').replaceAll('-', '/')}`;
}

/**
 * While 1.37.2 was recorded, an older server that shared its etcd had removed the APIService objects it did not know, and
 * with them the group from the unaggregated list of every server.
 */
function withoutLost(document: unknown, version: RecordedVersion): unknown {
  const isList = typeof document === 'object' && document !== null && 'groups' in document;
  if (version !== '1.37.2' || !isList || !Array.isArray(document.groups)) return document;
  const name = 'storagemigration.k8s.io';
  const entry = { groupVersion: `${name}/v1`, version: 'v1' };
  return { ...document, groups: [...document.groups, { name, versions: [entry], preferredVersion: entry }] };
}

function withoutHashes(document: unknown): unknown {
  return JSON.parse(JSON.stringify(document), (key, value) => (key === 'storageVersionHash' ? undefined : value));
}
