import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { ApiObject, JsonObject } from '../../api-object.ts';
import { findRecording } from '../../recording/find-recording.ts';
import { shippedRecordings } from '../../recording/shipped-recordings.ts';
import { MemoryStore } from '../../store/memory-store.ts';
import { crdKey } from '../catalog/custom-resource-definition.ts';
import { TypeCatalog } from '../catalog/type-catalog.ts';
import { type Asked, asked } from '../discovery/testing/asked.ts';
import { type WireField, wireFields } from '../protobuf/wire-fields.ts';
import type { CheckedFields } from '../served-type.ts';
import { OpenapiDocuments } from './openapi-documents.ts';

const PROTOBUF = 'application/com.github.proto-openapi.spec.v2@v1.0+protobuf';
const DEPLOYMENT = { group: 'apps', version: 'v1', kind: 'Deployment' };

for (const { version } of await shippedRecordings()) {
  describe(`OpenAPI of ${version}`, () => {
    it('describes every kind that the server serves, and lacks nothing that it refers to', async () => {
      const { ask, catalog } = await server(version);
      const { paths } = json(await ask('/openapi/v3'));
      const groupVersions = Object.keys(paths as JsonObject);
      assert.ok(groupVersions.length > 20);
      const described = new Set<string>();
      for (const path of groupVersions) {
        const document = json(await ask(`/openapi/v3/${path}`));
        const { schemas } = document['components'] as { schemas: Record<string, JsonObject> };
        for (const reference of JSON.stringify(document).matchAll(/"#\/components\/schemas\/([^"]+)"/g)) {
          assert.ok(schemas[reference[1] ?? ''], `${path}: ${reference[1]}`);
        }
        for (const schema of Object.values(schemas)) {
          for (const kind of (schema['x-kubernetes-group-version-kind'] ?? []) as JsonObject[]) {
            described.add(`${kind['group']}/${kind['version']}/${kind['kind']}`);
          }
        }
      }
      for (const { group, version, kind } of catalog.all()) {
        assert.ok(described.has(`${group}/${version}/${kind}`), `${group}/${version}/${kind}`);
      }
    });
  });
}

describe('/openapi/v3', () => {
  it('tells kubectl that the server validates fields, and how objects can be patched', async () => {
    const { ask } = await server();
    const document = json(await ask('/openapi/v3/apis/apps/v1'));
    assert.deepEqual(document['info'], { title: 'Kubernetes', version: '1.37' });
    const paths = document['paths'] as Record<string, Record<string, JsonObject>>;
    const patch = paths['/apis/apps/v1/namespaces/{namespace}/deployments/{name}']?.['patch'] ?? {};
    assert.deepEqual(patch['x-kubernetes-group-version-kind'], DEPLOYMENT);
    const parameters = patch['parameters'] as { name: string; in: string }[];
    assert.ok(parameters.some(({ name, in: place }) => name === 'fieldValidation' && place === 'query'));
    assert.deepEqual(patchTypes(patch), [
      'application/apply-patch+yaml',
      'application/json-patch+json',
      'application/merge-patch+json',
      'application/strategic-merge-patch+json',
    ]);
    const list = paths['/apis/apps/v1/deployments']?.['get'];
    assert.deepEqual([list?.['x-kubernetes-action'], list?.['x-kubernetes-group-version-kind']], ['list', DEPLOYMENT]);
    assert.deepEqual(Object.keys(paths['/apis/apps/v1/namespaces/{namespace}/deployments/{name}/scale'] ?? {}), [
      'get',
      'put',
      'patch',
      'parameters',
    ]);
  });

  it('has the paths that a kube-apiserver has, but for those below watch', async () => {
    const { ask } = await server();
    const { paths } = json(await ask('/openapi/v3/apis/autoscaling/v2'));
    assert.deepEqual(Object.keys(paths as JsonObject), [
      '/apis/autoscaling/v2/horizontalpodautoscalers',
      '/apis/autoscaling/v2/namespaces/{namespace}/horizontalpodautoscalers',
      '/apis/autoscaling/v2/namespaces/{namespace}/horizontalpodautoscalers/{name}',
      '/apis/autoscaling/v2/namespaces/{namespace}/horizontalpodautoscalers/{name}/status',
    ]);
    const core = json(await ask('/openapi/v3/api/v1'))['paths'] as Record<string, Record<string, JsonObject>>;
    const eviction = core['/api/v1/namespaces/{namespace}/pods/{name}/eviction'];
    assert.deepEqual(eviction?.['post']?.['x-kubernetes-group-version-kind'], {
      group: 'policy',
      version: 'v1',
      kind: 'Eviction',
    });
    assert.ok(core['/api/v1/nodes/{name}']?.['get']);
  });

  it('may be kept for ever under an address with the right hash, and leads there from a wrong one', async () => {
    const { ask } = await server();
    const { paths } = json(await ask('/openapi/v3')) as { paths: Record<string, { serverRelativeURL: string }> };
    const url = paths['apis/apps/v1']?.serverRelativeURL ?? '';
    const right = await ask(url);
    assert.deepEqual([right.status, right.field('content-type')], [200, 'application/json']);
    assert.equal(right.field('cache-control'), 'public, immutable');
    assert.ok(Date.parse(right.field('expires') ?? '') > Date.now() + 300 * 24 * 3600 * 1000);
    assert.equal(url, `/openapi/v3/apis/apps/v1?hash=${right.field('etag')?.replaceAll('"', '')}`);
    const wrong = await ask('/openapi/v3/apis/apps/v1?hash=ABC');
    assert.deepEqual([wrong.status, wrong.field('location'), wrong.body.length], [301, url, 0]);
    const plain = await ask('/openapi/v3/apis/apps/v1');
    assert.deepEqual([plain.status, plain.field('expires')], [200, undefined]);
    assert.deepEqual(plain.body, right.body);
  });

  it('says 304 to its ETag, also weak and in a list', async () => {
    const { ask } = await server();
    const etag = (await ask('/openapi/v3/apis/apps/v1')).field('etag') ?? '';
    for (const value of [etag, `W/${etag}`, `"x", ${etag}`, '*']) {
      const { status, body } = await ask('/openapi/v3/apis/apps/v1', { fields: ['if-none-match', value] });
      assert.deepEqual([status, body.length], [304, 0], value);
    }
    assert.equal((await ask('/openapi/v3/apis/apps/v1', { fields: ['if-none-match', '"x"'] })).status, 200);
  });

  it('answers what it does not have as kube-apiserver does', async () => {
    const { ask } = await server();
    for (const path of ['/openapi/v3/apis/apps/v9', '/openapi/v3/', '/openapi/v3/nope']) {
      const { status, body } = await ask(path);
      assert.deepEqual([status, body.length], [404, 0], path);
    }
    assert.equal((await ask('/openapi/v3/apis/apps/v1', { fields: ['accept', 'text/html'] })).status, 406);
    assert.equal((await ask('/openapi/v3/apis/apps/v1', { fields: ['accept', 'application/json, */*'] })).status, 200);
    const documents = new OpenapiDocuments((await server()).catalog);
    for (const target of ['/openapi', '/openapi/v4', '/openapi/v2x', '/apis']) {
      const answered = new Promise((resolve) => {
        void asked((exchange) => resolve(documents.answer(exchange)), target);
      });
      assert.equal(await answered, false, target);
    }
  });

  it('describes custom types as soon as they are served, with what every object has', async () => {
    const { ask, store } = await server();
    assert.equal((await ask('/openapi/v3/apis/example.com/v1')).status, 404);
    store.put(crdKey('widgets.example.com'), widgets(), 'absent');
    const { paths } = json(await ask('/openapi/v3'));
    assert.ok((paths as JsonObject)['apis/example.com/v1']);
    const document = json(await ask('/openapi/v3/apis/example.com/v1'));
    const { schemas } = document['components'] as { schemas: Record<string, JsonObject> };
    const { properties, ...widget } = schemas['com.example.v1.Widget'] ?? {};
    assert.deepEqual(widget, {
      type: 'object',
      description: 'A widget is a thing.',
      'x-kubernetes-group-version-kind': [{ group: 'example.com', version: 'v1', kind: 'Widget' }],
    });
    const { apiVersion, kind, metadata, spec } = properties as Record<string, JsonObject>;
    assert.match(String(apiVersion?.['description']), /versioned schema/);
    assert.equal(kind?.['type'], 'string');
    assert.deepEqual(metadata?.['allOf'], [
      { $ref: '#/components/schemas/io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta' },
    ]);
    assert.equal(metadata?.['default'], undefined);
    const fields = spec?.['properties'] as Record<string, JsonObject>;
    assert.deepEqual(fields['size'], { type: 'integer', minimum: 1, description: 'How big it is.' });
    assert.deepEqual(fields['port'], {
      'x-kubernetes-int-or-string': true,
      anyOf: [{ type: 'integer' }, { type: 'string' }],
    });
    assert.deepEqual(fields['pod']?.['required'], ['kind', 'apiVersion']);
    assert.deepEqual(Object.keys((fields['pod']?.['properties'] ?? {}) as JsonObject), [
      'apiVersion',
      'kind',
      'metadata',
    ]);
    assert.deepEqual(schemas['com.example.v1.WidgetList']?.['required'], ['items']);
    assert.ok(schemas['io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta']);
    assert.ok(schemas['io.k8s.api.autoscaling.v1.Scale']);
    const operations = document['paths'] as Record<string, Record<string, JsonObject>>;
    const patch = operations['/apis/example.com/v1/namespaces/{namespace}/widgets/{name}']?.['patch'];
    assert.deepEqual(patchTypes(patch), [
      'application/apply-patch+yaml',
      'application/json-patch+json',
      'application/merge-patch+json',
    ]);
  });

  it('of a server whose schemas were not recorded lists operations without schemas', async () => {
    const { ask } = await server('1.37.2', { schemas: async () => undefined });
    const document = json(await ask('/openapi/v3/apis/apps/v1'));
    assert.deepEqual(document['components'], { schemas: {} });
    const paths = document['paths'] as Record<string, Record<string, JsonObject>>;
    const { get } = paths['/apis/apps/v1/namespaces/{namespace}/deployments/{name}'] ?? {};
    assert.deepEqual(get?.['responses'], { 200: { description: 'OK', content: { 'application/json': {} } } });
  });
});

describe('/openapi/v2', () => {
  it('has all kinds with their fields, in what Swagger 2.0 can say', async () => {
    const { ask, store } = await server();
    store.put(crdKey('widgets.example.com'), widgets(), 'absent');
    const { status, field, body } = await ask('/openapi/v2');
    assert.deepEqual([status, field('content-type'), field('vary')], [200, 'application/json', 'Accept']);
    const text = body.toString();
    const { definitions, paths, swagger } = JSON.parse(text);
    assert.equal(swagger, '2.0');
    assert.ok(!text.includes('#/components/'));
    for (const [, name] of text.matchAll(/"#\/definitions\/([^"]+)"/g)) assert.ok(definitions[name ?? ''], name);
    const deployment = definitions['io.k8s.api.apps.v1.Deployment'];
    assert.deepEqual(Object.keys(deployment.properties.spec), ['description', '$ref']);
    const intOrString = definitions['io.k8s.apimachinery.pkg.util.intstr.IntOrString'];
    assert.deepEqual([intOrString.type, intOrString.format, intOrString.oneOf], ['string', 'int-or-string', undefined]);
    const widget = definitions['com.example.v1.Widget'].properties.spec.properties;
    assert.deepEqual(widget.port, { 'x-kubernetes-int-or-string': true });
    assert.deepEqual(widget.maybe, {});
    assert.deepEqual(widget.pod, {
      'x-kubernetes-embedded-resource': true,
      'x-kubernetes-preserve-unknown-fields': true,
    });
    const { patch } = paths['/apis/apps/v1/namespaces/{namespace}/deployments/{name}'];
    assert.ok(patch.parameters.some(({ name }: { name: string }) => name === 'fieldValidation'));
    assert.deepEqual(patch.parameters[0].schema, {
      $ref: '#/definitions/io.k8s.apimachinery.pkg.apis.meta.v1.Patch',
    });
  });

  it('is protobuf to kubectl before 1.29, under either name of the media type', async () => {
    const { ask } = await server();
    const asJson = await ask('/openapi/v2');
    for (const accept of [PROTOBUF, PROTOBUF.replace('@', '.')]) {
      const { status, body, field } = await ask('/openapi/v2', { fields: ['accept', accept] });
      assert.equal(status, 200);
      assert.equal(field('content-type'), PROTOBUF.replace('@', '.'));
      assert.equal(field('etag'), asJson.field('etag'));
      const document = wireFields(body);
      assert.equal(textOf(document, 1), '2.0');
      const definitions = namedValues(messageOf(document, 9), 1);
      assert.deepEqual([...definitions.keys()], Object.keys((json(asJson) as { definitions: JsonObject }).definitions));
      const spec = wireFields(definitions.get('io.k8s.api.apps.v1.DeploymentSpec') ?? Buffer.alloc(0));
      assert.deepEqual(
        spec.filter(({ number }) => number === 19).map(({ value }) => text(value)),
        ['selector', 'template'],
      );
      const replicas = wireFields(namedValues(messageOf(spec, 25), 1).get('replicas') ?? Buffer.alloc(0));
      assert.equal(textOf(replicas, 2), 'int32');
      assert.deepEqual(textOf(messageOf(replicas, 22), 1), 'integer');
      const patch = messageOf(
        wireFields(
          namedValues(messageOf(document, 8), 2).get('/apis/apps/v1/namespaces/{namespace}/deployments/{name}') ??
            Buffer.alloc(0),
        ),
        8,
      );
      const kind = wireFields(namedValues(patch, 13).get('x-kubernetes-group-version-kind') ?? Buffer.alloc(0));
      assert.deepEqual(JSON.parse(textOf(kind, 2)), DEPLOYMENT);
      const query = patch
        .filter(({ number }) => number === 8)
        .map((field) => messageOf(messageOf([field], 8), 1))
        .filter((parameter) => parameter.some(({ number }) => number === 2))
        .map((parameter) => textOf(messageOf(messageOf(parameter, 2), 3), 4));
      assert.deepEqual(query, ['dryRun', 'fieldManager', 'fieldValidation', 'force']);
    }
    assert.equal((await ask('/openapi/v2', { fields: ['accept', 'text/html'] })).status, 406);
  });
});

interface Overrides {
  readonly schemas?: () => Promise<undefined>;
}

describe('the fields of a kind', () => {
  const container = { name: 'c', image: 'i', imag: 'j', resources: { limits: { cpu: '1', anything: 2 } } };
  const template = {
    metadata: { labels: { any: 'thing' }, labelz: {} },
    spec: { containers: [container], tolerations: [{ kei: 'x' }] },
  };
  const paths = ({ unknown }: CheckedFields) => unknown.map(({ path }) => path);

  it('are told from others, wherever these stand', async () => {
    const { documents } = await server();
    const deployment = {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name: 'd', managedFields: [{ fieldsV1: { 'f:spec': {} } }] },
      spec: { replicaz: 1, template },
      statu: {},
    };
    const fields = await documents.fieldsOf(DEPLOYMENT);
    assert.ok(fields);
    const checked = fields.check(deployment);
    assert.deepEqual(checked.unknown, [
      { path: 'spec.replicaz', typedPath: '.spec.replicaz' },
      { path: 'spec.template.metadata.labelz', typedPath: '.spec.template.metadata.labelz' },
      {
        path: 'spec.template.spec.containers[0].imag',
        typedPath: '.spec.template.spec.containers[name="c"].imag',
      },
      { path: 'spec.template.spec.tolerations[0].kei', typedPath: '.spec.template.spec.tolerations[0].kei' },
      { path: 'statu', typedPath: '.statu' },
    ]);
    const { imag: _imag, ...knownContainer } = container;
    assert.deepEqual(checked.object, {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: deployment.metadata,
      spec: {
        template: {
          metadata: { labels: { any: 'thing' } },
          spec: { containers: [knownContainer], tolerations: [{}] },
        },
      },
    });
    const good = checked.object;
    assert.equal(fields.check(good).object, good);
    assert.equal(await documents.fieldsOf({ ...DEPLOYMENT, kind: 'Nope' }), undefined);
  });

  it('of a custom type are those of its schema, but for what that leaves open', async () => {
    const { documents, store } = await server();
    store.put(crdKey('widgets.example.com'), widgets(), 'absent');
    const pod = { apiVersion: 'v1', kind: 'Pod', spec: { x: 1 }, metadata: { name: 'p', nam: 'x' } };
    const spec = { size: 1, siz: 2, port: 'http', pod, bare: { x: 1 } };
    const metadata = { name: 'w', labels: { any: 'thing' }, nam: 'x' };
    const fields = await documents.fieldsOf({ group: 'example.com', version: 'v1', kind: 'Widget' });
    const checked = fields?.check({ top: 1, spec, metadata, apiVersion: 'example.com/v1', kind: 'Widget' });
    assert.ok(checked);
    assert.deepEqual(paths(checked), ['metadata.nam', 'spec.bare.x', 'spec.pod.metadata.nam', 'spec.siz', 'top']);
    assert.deepEqual(checked.object['spec'], {
      size: 1,
      port: 'http',
      pod: { ...pod, metadata: { name: 'p' } },
      bare: {},
    });
  });
});

async function server(version = '1.37.2', overrides: Overrides = {}) {
  const store = new MemoryStore();
  const recording = { ...(await findRecording(version)), ...overrides };
  const catalog = new TypeCatalog({ recording, store, crdLagMs: 0 });
  const documents = new OpenapiDocuments(catalog);
  const ask = (target: string, how?: Asked) =>
    asked(async (exchange) => assert.equal(await documents.answer(exchange), true), target, how);
  return { ask, catalog, documents, store };
}

function json({ status, body }: { readonly status: number; readonly body: Buffer }): JsonObject {
  assert.equal(status, 200);
  return JSON.parse(body.toString());
}

function patchTypes(operation: JsonObject | undefined): string[] {
  const { content } = (operation?.['requestBody'] ?? {}) as { content?: object };
  return Object.keys(content ?? {});
}

function widgets(): ApiObject {
  const preserve = { 'x-kubernetes-preserve-unknown-fields': true };
  const spec = {
    type: 'object',
    properties: {
      size: { type: 'integer', minimum: 1, description: 'How big it is.' },
      port: { 'x-kubernetes-int-or-string': true },
      maybe: { type: 'string', nullable: true },
      bare: { type: 'object' },
      pod: { type: 'object', 'x-kubernetes-embedded-resource': true, ...preserve },
    },
  };
  const schema = { type: 'object', description: 'A widget is a thing.', properties: { spec } };
  const scale = { specReplicasPath: '.spec.replicas', statusReplicasPath: '.status.replicas' };
  const version = {
    name: 'v1',
    served: true,
    storage: true,
    schema: { openAPIV3Schema: schema },
    subresources: { scale },
  };
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: 'widgets.example.com', uid: '1', resourceVersion: '', creationTimestamp: '2026-11-22T21:12:02Z' },
    spec: {
      group: 'example.com',
      names: { plural: 'widgets', kind: 'Widget' },
      scope: 'Namespaced',
      versions: [version],
    },
  };
}

function text(value: WireField['value'] | undefined): string {
  return value instanceof Uint8Array ? Buffer.from(value).toString() : '';
}

function textOf(message: readonly WireField[], number: number): string {
  return text(message.find((field) => field.number === number)?.value);
}

function messageOf(message: readonly WireField[], number: number): readonly WireField[] {
  const value = message.find((field) => field.number === number)?.value;
  return value instanceof Uint8Array ? wireFields(value) : [];
}

/** Name and value of the pairs in a repeated field. */
function namedValues(message: readonly WireField[], number: number): Map<string, Uint8Array> {
  const pairs = message
    .filter((field) => field.number === number)
    .map(({ value }) => (value instanceof Uint8Array ? wireFields(value) : []));
  return new Map(
    pairs.map((pair): [string, Uint8Array] => {
      const value = pair.find((field) => field.number === 2)?.value;
      return [textOf(pair, 1), value instanceof Uint8Array ? value : Buffer.alloc(0)];
    }),
  );
}
