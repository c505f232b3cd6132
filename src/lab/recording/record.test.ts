import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type ArrivedRequest, FakeUpstream } from '../../../test/support/fake-upstream.ts';
import { apiGroup, apiResource, apiVersion } from '../../kubernetes/aggregated-discovery.ts';
import { DiscoveryFetchError } from '../../servers/discovery/discovery-fetch-error.ts';
import { FetchError } from '../../wire/fetch.ts';
import { asked } from '../apiserver/discovery/testing/asked.ts';
import { findRecording } from './find-recording.ts';
import { type RecordingStep, record } from './record.ts';
import type { Recording } from './recording.ts';
import { RecordingError } from './recording-error.ts';
import { mergeSchemas } from './schema-fetch.ts';
import { recordedServer } from './testing/recorded-server.ts';

const shipped = await findRecording('1.37');

describe('record', () => {
  for (const [version, shape] of [
    ['v1.37.2', 'v2'],
    ['v1.29.15', 'v2beta1'],
    ['v1.25.16', 'legacy'],
  ] as const) {
    it(`reads everything of a server that tells its types as ${shape}`, async () => {
      const steps: RecordingStep[] = [];
      const { upstream } = server({ ...shipped, version: version.slice(1), versionInfo: { gitVersion: version } });
      const { recording, warnings } = await record(options(upstream), (step) => steps.push(step));
      assert.deepEqual(warnings, []);
      assert.equal(recording.version, version.slice(1));
      assert.deepEqual([recording.api, recording.apis], [shipped.api, shipped.apis]);
      const schemas = (await recording.schemas()) ?? new Map();
      const known = (await shipped.schemas()) ?? new Map();
      assert.ok(schemas.size > 500);
      for (const [name, schema] of schemas) assert.deepEqual(schema, known.get(name), name);
      assert.deepEqual(steps.slice(0, 2), [
        { kind: 'version', version: version.slice(1) },
        { kind: 'discovery', shape, resources: 72 },
      ]);
      const [first, last] = [steps[2], steps.at(-1)];
      assert.ok(first?.kind === 'schemas' && last?.kind === 'schemas');
      assert.deepEqual([first.done, last.done], [1, last.total]);
    });
  }

  it('asks for types only, never for objects', async () => {
    const { upstream, targets } = server(shipped);
    await record(options(upstream));
    assert.ok(targets.length > 20);
    for (const target of targets)
      assert.match(
        target,
        /^\/(version|api(\/v1)?|apis(\/[^/]+\/[^/]+)?|openapi\/v3(\/api\/v1|\/apis\/[^/]+\/[^/]+)?)(\?hash=\w+)?$/,
      );
  });

  it('leaves out what the server itself could not read, and says so', async () => {
    const verbs = ['get'];
    const things = apiResource({ resource: 'things', scope: 'Cluster', singularResource: 'thing', verbs });
    const metrics = apiGroup('metrics.k8s.io', [
      apiVersion({ version: 'v1beta1', freshness: 'Stale' }),
      apiVersion({ version: 'v1', resources: [things], freshness: 'Current' }),
    ]);
    const gone = apiGroup('gone.example.com', [apiVersion({ version: 'v1', freshness: 'Stale' })]);
    const { upstream } = server({ ...shipped, apis: [metrics, gone] });
    const { recording, warnings } = await record(options(upstream));
    assert.deepEqual(recording.apis, [{ ...metrics, versions: metrics.versions?.slice(1) }]);
    assert.deepEqual(
      warnings.map((warning) => warning.split(' ')[0]),
      ['metrics.k8s.io/v1beta1', 'gone.example.com/v1'],
    );
  });

  it('reads as which version what is stored is written', async () => {
    const resources = [
      { name: 'pods', kind: 'Pod', storageVersionHash: 'xPOwRZ+Yhw8=' },
      { name: 'bindings', kind: 'Binding' },
    ];
    const list = { kind: 'APIResourceList', groupVersion: 'v1', resources };
    const told = server(shipped, (target) => (target === '/api/v1' ? list : undefined));
    const { recording, warnings } = await record(options(told.upstream));
    assert.deepEqual(recording.storageVersions, new Map([['v1', new Map([['pods', 'xPOwRZ+Yhw8=']])]]));
    assert.deepEqual(warnings, []);
    assert.equal(
      (await record(options(server(shipped).upstream))).recording.storageVersions,
      undefined,
      'none is told',
    );

    const refused = server(shipped, (target) => (target === '/apis/apps/v1' ? 403 : undefined));
    assert.match((await record(options(refused.upstream))).warnings.join(), /GET \/apis\/apps\/v1 was answered 403/);
  });

  it('does without schemas, or some of them, and says so', async () => {
    const without = server(shipped, (target) => (target.startsWith('/openapi') ? 404 : undefined));
    const none = await record(options(without.upstream));
    assert.equal(await none.recording.schemas(), undefined);
    assert.match(none.warnings.join(), /no \/openapi\/v3 for this user/);

    const broken = server(shipped, (target) => (target.startsWith('/openapi/v3/apis/apps/v1?') ? 503 : undefined));
    const some = await record(options(broken.upstream));
    const schemas = await some.recording.schemas();
    assert.equal(schemas?.has('io.k8s.api.apps.v1.Deployment'), false);
    assert.equal(schemas?.has('io.k8s.api.batch.v1.Job'), true);
    assert.deepEqual(some.warnings, ['The schemas of apis/apps/v1 are missing: it was answered 503.']);
  });

  it('fails when version or discovery cannot be read', async () => {
    const refuse = (path: string, status: number) =>
      server(shipped, (target) => (target === path ? status : undefined));
    await assert.rejects(record(options(refuse('/version', 401).upstream)), RecordingError);
    await assert.rejects(record(options(refuse('/apis', 403).upstream)), DiscoveryFetchError);
    const { upstream } = server({ ...shipped, versionInfo: { gitVersion: 'none' } });
    await assert.rejects(record(options(upstream)), /GET \/version is not the \/version of a kube-apiserver/);
    const down = new FakeUpstream((request) => request.fail());
    await assert.rejects(record(options(down)), FetchError);
  });

  it('follows no address of the index that leads elsewhere', async () => {
    const index = { paths: { 'api/v1': { serverRelativeURL: '/api/v1/secrets' } } };
    const { upstream } = server(shipped, (target) => (target === '/openapi/v3' ? index : undefined));
    await assert.rejects(record(options(upstream)), /bad address for api\/v1/);
  });
});

describe('mergeSchemas', () => {
  it('keeps one schema for each name, with the kinds of all', () => {
    const KINDS = 'x-kubernetes-group-version-kind';
    const [one, two] = ['a', 'b'].map((group) => ({ group, version: 'v1', kind: 'DeleteOptions' }));
    const merged = mergeSchemas([
      ['Delete', { type: 'object', [KINDS]: [one] }],
      ['Delete', { type: 'object', description: 'later', [KINDS]: [one, two] }],
      ['Other', { type: 'string' }],
      ['Other', { type: 'integer' }],
    ]);
    assert.deepEqual(Object.fromEntries(merged), {
      Delete: { type: 'object', [KINDS]: [one, two] },
      Other: { type: 'string' },
    });
  });
});

/** A number answers that status, an object that document, instead of the server. */
function server(recording: Recording, instead: (target: string) => number | object | undefined = () => undefined) {
  const targets: string[] = [];
  const handle = recordedServer(recording);
  const upstream = new FakeUpstream((request) => void answer(request));
  const answer = async (request: ArrivedRequest) => {
    const { target, fields } = request.head;
    targets.push(target);
    const other = instead(target);
    if (typeof other === 'number') request.respond(other, [], '');
    else if (other !== undefined) request.respond(200, [], JSON.stringify(other));
    else {
      const { status, fields: answered, body } = await asked(handle, target, { fields });
      request.respond(status, answered, body.toString());
    }
  };
  return { upstream, targets };
}

function options(upstream: FakeUpstream) {
  return { upstream, fields: [], timeoutMs: 10_000, maxBytes: 2 ** 26 };
}
