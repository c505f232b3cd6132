import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import type { ProxyStatus } from '../../../src/admin/status.ts';
import { findBinary } from '../../../tools/control-plane/binaries.ts';
import { startProxy } from '../../../tools/control-plane/proxy.ts';
import { startControlPlane } from '../../../tools/control-plane/start.ts';
import { findSdkProgram, Kubectl } from '../kubectl/support-kubectl.ts';
import { apiRequest } from '../support/api-request.ts';
import { eventually } from '../support/eventually.ts';
import { type HttpClient, header, httpClient } from '../support/http-client.ts';
import { assertSameAnswer } from '../support/same-answer.ts';

/**
 * Types that only one of the servers has, in every way: 1.37 has none of the group-versions networking.k8s.io/v1beta1 and
 * storage.k8s.io/v1alpha1, 1.34 none of storagemigration.k8s.io/v1, and of two group-versions that both have the newer lacks
 * a type, so that neither server's document has all of it.
 */
const MERGED = ['apis/apps/v1', 'apis/resource.k8s.io/v1alpha3'];
const controlPlane = await startControlPlane({
  servers: [
    { name: 'old', version: '1.34.4', runtimeConfig: 'api/all=true' },
    {
      name: 'new',
      version: '1.37.2',
      runtimeConfig: 'api/all=true,apps/v1/controllerrevisions=false,resource.k8s.io/v1alpha3/devicetaintrules=false',
    },
  ],
});
after(() => controlPlane.stop());
const { pki, servers } = controlPlane;
const [oldServer, newServer] = [controlPlane.server('old'), controlPlane.server('new')];
const local = (server: { readonly url: string }) => [`--local-server=${server.url}`];
const [sidecar, replica, alone] = await Promise.all([
  startProxy(controlPlane, { name: 'sidecar', extraArgs: local(oldServer) }),
  startProxy(controlPlane, { name: 'replica', servers: servers.toReversed(), extraArgs: local(newServer) }),
  startProxy(controlPlane, { name: 'alone', servers: [newServer] }),
]);

const clients: HttpClient[] = [];
after(() => {
  for (const client of clients) client.close();
});

function clientOf({ url }: { readonly url: string }, credentials: object = { certificate: pki.jane }): HttpClient {
  const client = httpClient({ url, protocol: 'h2', ca: pki.servingCa.cert, ...credentials });
  clients.push(client);
  return client;
}

const [through, byReplica, byItself] = [clientOf(sidecar), clientOf(replica), clientOf(alone)];
const own = { old: clientOf(oldServer), new: clientOf(newServer) };
const V2_PROTOBUF = 'application/com.github.proto-openapi.spec.v2@v1.0+protobuf';
const V3_PROTOBUF = 'application/com.github.proto-openapi.spec.v3@v1.0+protobuf';

type Index = Readonly<Record<string, { readonly serverRelativeURL: string }>>;

async function indexOf(client: HttpClient): Promise<Index> {
  return (await json(client, '/openapi/v3'))['paths'] as Index;
}

async function json(client: HttpClient, target: string): Promise<Readonly<Record<string, object>>> {
  const { status, body } = await client.request({ target });
  assert.equal(status, 200, `${target}: ${body.toString('utf8', 0, 200)}`);
  return JSON.parse(body.toString('utf8'));
}

// A server that is slow is not waited for by a proxy that starts.
await Promise.all(
  [sidecar, replica, alone].map(({ adminUrl }) =>
    eventually('OpenAPI of every server was read', async () => {
      const { servers }: ProxyStatus = JSON.parse((await apiRequest(`${adminUrl}/status`)).body);
      return servers.every(({ state, openapi }) => state === 'ready' && openapi.failure === '' && openapi.documents);
    }),
  ),
);
// A server puts v2 together when it is asked first, and on a busy machine a proxy would not wait for that.
for (const accept of ['application/json', V2_PROTOBUF]) {
  for (const client of Object.values(own)) {
    assert.equal((await client.request({ target: '/openapi/v2', headers: ['accept', accept] })).status, 200);
  }
}
const [ofOld, ofNew, ofProxy] = [await indexOf(own.old), await indexOf(own.new), await indexOf(through)];
const urlOf = (index: Index, path: string) => index[path]?.serverRelativeURL ?? assert.fail(`${path} is not listed`);

describe('the index of v3', () => {
  test('is the union, with the newest server’s entry wherever one document has everything', (t) => {
    assert.deepEqual(Object.keys(ofProxy), [...new Set([...Object.keys(ofOld), ...Object.keys(ofNew)])].sort());
    const merged = Object.keys(ofProxy).filter((path) => urlOf(ofProxy, path) !== urlOf({ ...ofOld, ...ofNew }, path));
    assert.deepEqual(merged, MERGED);
    t.diagnostic(`${Object.keys(ofOld).length} and ${Object.keys(ofNew).length} of ${Object.keys(ofProxy).length}`);
    assert.ok(
      Object.keys(ofOld).some((path) => !(path in ofNew)) && Object.keys(ofNew).some((path) => !(path in ofOld)),
    );
  });

  test('leads to a document at every address, without a redirect, and each may be kept for ever', async () => {
    for (const [path, { serverRelativeURL: target }] of Object.entries(ofProxy)) {
      const answer = await through.request({ target });
      assert.equal(answer.status, 200, path);
      assert.equal(header(answer, 'etag'), `"${target.slice(target.indexOf('=') + 1)}"`);
      assert.equal(header(answer, 'cache-control'), 'public, immutable');
      assert.match(header(answer, 'expires') ?? '', / UTC$/);
    }
  });

  test('of one server is that server’s own, but for an ETag', async () => {
    const [expected, actual] = [await own.new, byItself].map((client) => client.request({ target: '/openapi/v3' }));
    assert.deepEqual((await actual)?.body, (await expected)?.body);
    for (const name of ['content-type', 'cache-control']) {
      assert.equal(header((await actual) ?? assert.fail(), name), header((await expected) ?? assert.fail(), name));
    }
  });
});

test('replicas give equal bytes and ETags', async () => {
  const targets = ['/openapi/v3', '/openapi/v2', ...MERGED.map((path) => urlOf(ofProxy, path))];
  for (const target of targets) {
    for (const accept of ['application/json', target === '/openapi/v2' ? V2_PROTOBUF : V3_PROTOBUF]) {
      const ask = (client: HttpClient, extra: readonly string[] = []) =>
        client.request({ target, headers: ['accept', accept, ...extra] });
      const [one, other] = [await ask(through), await ask(byReplica)];
      assert.equal(one.status, 200);
      assert.ok(one.body.equals(other.body), target);
      assert.equal(header(one, 'etag'), header(other, 'etag'));
      assert.ok(gunzipSync((await ask(byReplica, ['accept-encoding', 'gzip'])).body).equals(one.body));
      assert.equal((await ask(through, ['if-none-match', header(one, 'etag') ?? ''])).status, 304);
    }
  }
});

for (const path of MERGED) {
  test(`${path} has what either server has, as the newer describes it, and refers to nothing else`, async () => {
    type Document = { readonly paths: object; readonly components: { readonly schemas: object } };
    const [older, newer, merged] = (await Promise.all([
      json(own.old, urlOf(ofOld, path)),
      json(own.new, urlOf(ofNew, path)),
      json(through, urlOf(ofProxy, path)),
    ])) as unknown as [Document, Document, Document];
    assert.deepEqual(merged.paths, { ...older.paths, ...newer.paths });
    assert.deepEqual(merged.components.schemas, { ...older.components.schemas, ...newer.components.schemas });
    assert.ok(Object.keys(merged.paths).length > Object.keys(newer.paths).length);
    const names = new Set(Object.keys(merged.components.schemas).map((name) => `#/components/schemas/${name}`));
    for (const [, reference] of JSON.stringify(merged).matchAll(/"\$ref":"([^"]*)"/g)) {
      assert.ok(names.has(reference ?? ''), reference);
    }
  });

  test(`${path} under a server’s own hash leads to the merged document`, async () => {
    const moved = await through.request({ target: urlOf(ofNew, path) });
    assert.deepEqual([moved.status, header(moved, 'location')], [301, urlOf(ofProxy, path)]);
  });
}

describe('/openapi/v2', () => {
  test('has the types of both servers, as the newer describes them', async () => {
    const [older, newer, merged] = [
      await json(own.old, '/openapi/v2'),
      await json(own.new, '/openapi/v2'),
      await json(through, '/openapi/v2'),
    ];
    for (const part of ['paths', 'definitions', 'parameters']) {
      assert.deepEqual(merged[part], { ...older[part], ...newer[part] }, part);
    }
    assert.deepEqual(Object.keys(merged), Object.keys(newer));
    assert.ok('io.k8s.api.storage.v1alpha1.VolumeAttributesClass' in (merged['definitions'] ?? {}));
    assert.ok('io.k8s.api.storagemigration.v1.StorageVersionMigration' in (merged['definitions'] ?? {}));
  });

  for (const accept of ['application/json', V2_PROTOBUF]) {
    test(`of one server is that server’s own (${accept})`, async () => {
      const request = { target: '/openapi/v2', headers: ['accept', accept] };
      const [expected, actual] = [await own.new.request(request), await byItself.request(request)];
      assert.ok(actual.body.equals(expected.body));
      for (const name of ['etag', 'content-type', 'cache-control', 'vary']) {
        assert.equal(header(actual, name), header(expected, name), name);
      }
    });
  }

  test('in a form that servers do not have is 406, as theirs', async () => {
    const request = { target: '/openapi/v2', headers: ['accept', 'application/yaml'] };
    assertSameAnswer(await through.request(request), await own.new.request(request), 'YAML');
  });
});

test('profile=nopeer gives the local server’s own documents', async () => {
  const headers = ['accept', 'application/json;profile=nopeer'];
  for (const target of ['/openapi/v3', '/openapi/v2', ...MERGED.map((path) => `/openapi/v3/${path}`)]) {
    const [actual, expected] = [await through.request({ target, headers }), await own.old.request({ target, headers })];
    assert.deepEqual([actual.status, actual.body.equals(expected.body)], [200, true], target);
  }
});

test('what nobody has is 404, as a server’s', async () => {
  const target = '/openapi/v3/apis/nowhere.example.com/v1';
  assertSameAnswer(await through.request({ target }), await own.old.request({ target }), target);
});

test('who may not read gets the server’s refusal', async () => {
  const [nobody, refused] = [clientOf(sidecar, { token: 'wrong' }), clientOf(oldServer, { token: 'wrong' })];
  for (const target of ['/openapi/v3', '/openapi/v2', urlOf(ofProxy, 'apis/apps/v1')]) {
    const [actual, expected] = [await nobody.request({ target }), await refused.request({ target })];
    assert.deepEqual([actual.status, actual.body.toString()], [401, expected.body.toString()]);
  }
});

const kubeconfig = await controlPlane.kubeconfig({ server: sidecar.url, user: 'admin' });

/** Each is served by one of the servers alone. */
const TYPES = [
  {
    of: 'the newer',
    name: 'storageversionmigrations',
    object: {
      apiVersion: 'storagemigration.k8s.io/v1',
      kind: 'StorageVersionMigration',
      spec: { resource: { group: '', resource: 'configmaps' } },
    },
    change: { metadata: { labels: { a: 'b' } } },
  },
  {
    of: 'the older',
    name: 'volumeattributesclasses',
    object: {
      apiVersion: 'storage.k8s.io/v1alpha1',
      kind: 'VolumeAttributesClass',
      driverName: 'example.com',
      parameters: { a: 'b' },
    },
    change: { metadata: { labels: { a: 'b' } } },
  },
  {
    of: 'the older, of a group-version of both',
    name: 'controllerrevisions',
    object: { apiVersion: 'apps/v1', kind: 'ControllerRevision', revision: 1, data: { a: 'b' } },
    change: { revision: 2 },
  },
] as const;

const sdk = await findSdkProgram('kubectl.1.27');
const PROGRAMS = [
  ...(sdk === undefined ? [] : [{ release: '1.27', program: sdk }]),
  ...(await Promise.all(
    ['1.30.14', '1.37.2'].map(async (release) => ({ release, program: await findBinary('kubectl', release) })),
  )),
];

for (const { release, program } of PROGRAMS) {
  describe(`kubectl ${release}, whose local server is the older`, () => {
    const kubectl = new Kubectl(program, kubeconfig, controlPlane.directory);
    const run = async (args: readonly string[], input?: object) => {
      const { code, stdout, stderr } = await kubectl.run(args, input);
      assert.equal(code, 0, `kubectl ${args.join(' ')}: ${stderr}`);
      return stdout;
    };

    for (const { of, name, object, change } of TYPES) {
      const { apiVersion, kind } = object;

      test(`explains ${kind} (${apiVersion}), a type of ${of}`, async () => {
        const args = ['explain', name, `--api-version=${apiVersion}`];
        assert.match(await run(args), new RegExp(`KIND: +${kind}\n`));
        // v2 in protobuf, which is all that kubectl before 1.27 knows. Later ones have given it up.
        if (release === '1.27') {
          assert.match(await run([...args, '--output=plaintext-openapiv2']), new RegExp(`KIND: +${kind}\n`));
        }
      });

      test(`applies ${kind} twice with strict validation, and refuses an unknown field`, async () => {
        const metadata = { name: `a-${release.replaceAll('.', '-')}` };
        const apply = ['apply', '--validate=strict', '-f', '-'];
        await run(apply, { ...object, metadata });
        const changed =
          'metadata' in change ? { metadata: { ...metadata, ...change.metadata } } : { metadata, ...change };
        assert.match(await run(apply, { ...object, ...changed }), /configured/);
        const { code, stderr } = await kubectl.run(apply, { ...object, metadata, nonsense: true });
        assert.equal(code, 1);
        assert.match(stderr, /nonsense/);
      });
    }
  });
}

describe('a custom type', () => {
  const DEFINITION = 'relics.schema.example.com';
  const path = 'apis/schema.example.com/v1';
  const definition = (field: string) => ({
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: DEFINITION },
    spec: {
      group: 'schema.example.com',
      scope: 'Namespaced',
      names: { plural: 'relics', singular: 'relic', kind: 'Relic' },
      versions: [
        {
          name: 'v1',
          served: true,
          storage: true,
          schema: {
            openAPIV3Schema: {
              type: 'object',
              properties: { spec: { type: 'object', properties: { [field]: { type: 'string' } } } },
            },
          },
        },
      ],
    },
  });
  const program = PROGRAMS.at(-1)?.program ?? '';
  const kubectl = new Kubectl(program, kubeconfig, controlPlane.directory);
  const apply = (field: string) => kubectl.run(['apply', '-f', '-'], definition(field));
  const explains = async (field: string) =>
    (await kubectl.run(['explain', 'relics.spec', '--api-version=schema.example.com/v1'])).stdout.includes(field);
  const isListed = async () => path in (await indexOf(through));

  test('is described as soon as it is there, anew when its schema changes, and no more when it is gone', async () => {
    await apply('first');
    await eventually('the new type is explained', () => explains('first'));
    const before = urlOf(await indexOf(through), path);
    await apply('second');
    await eventually('the changed schema is explained', () => explains('second'));
    await eventually('its address is new', async () => urlOf(await indexOf(through), path) !== before);
    const v2 = async () => (await json(through, '/openapi/v2'))['definitions'] ?? {};
    await eventually('v2 has it', async () => JSON.stringify(await v2()).includes('"second"'));
    await kubectl.run(['delete', 'customresourcedefinition', DEFINITION]);
    await eventually('it is gone', async () => !(await isListed()));
  });
});
