import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { startListener, testPki } from '../../../test/support/loopback.ts';
import { discover, preferredResources } from './discovery-client.ts';
import { RestMapper } from './rest-mapper.ts';
import { type ScriptedReply, type ScriptedRequest, scriptedApi } from './testing/scripted-api.ts';
import { testClient } from './testing/start-client.ts';

const AGGREGATED = ['content-type', 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList'];

const resource = (name: string, group: string, version: string, kind: string, verbs = ['get', 'list']) => ({
  resource: name,
  responseKind: { group, version, kind },
  scope: 'Cluster',
  singularResource: '',
  verbs,
});

const aggregated = (items: readonly object[]): ScriptedReply => ({
  status: 200,
  headers: AGGREGATED,
  json: { kind: 'APIGroupDiscoveryList', apiVersion: 'apidiscovery.k8s.io/v2', metadata: {}, items },
});

const CORE = aggregated([
  { metadata: {}, versions: [{ version: 'v1', resources: [resource('nodes', '', 'v1', 'Node')] }] },
]);

async function start(t: TestContext, reply: (request: ScriptedRequest) => ScriptedReply) {
  const { handler, requests } = scriptedApi(reply);
  const { port } = await startListener(t, { handler });
  const client = testClient(port, (await testPki()).ca.cert);
  t.after(() => client.close());
  return { client, requests };
}

test('aggregated discovery: preferred is the first version that is not stale', async (t) => {
  const { client, requests } = await start(t, ({ path }) =>
    path === '/api'
      ? CORE
      : aggregated([
          {
            metadata: { name: 'g' },
            versions: [
              { version: 'v3', freshness: 'Stale', resources: [resource('as', 'g', 'v3', 'A')] },
              { version: 'v2', resources: [resource('as', 'g', 'v2', 'A')] },
              { version: 'v1', resources: [resource('as', 'g', 'v1', 'A'), resource('bs', 'g', 'v1', 'B')] },
            ],
          },
        ]),
  );
  const discovered = await discover(client);
  assert.deepEqual(
    preferredResources(discovered).map(({ version, resource: name }) => `${version} ${name}`),
    ['v1 nodes', 'v2 as', 'v1 bs'],
  );
  assert.deepEqual([...discovered.failed.keys()], ['g/v3']);
  assert.match(
    requests[0]?.fields.join(' ') ?? '',
    /g=apidiscovery\.k8s\.io;v=v2;as=APIGroupDiscoveryList,application\/json;g=apidiscovery\.k8s\.io;v=v2beta1;.*,application\/json /,
  );
});

test('unaggregated discovery asks for every group-version; one that fails is named', async (t) => {
  const { client } = await start(t, ({ path }) => {
    const json = (value: object): ScriptedReply => ({ status: 200, json: value });
    const version = (name: string) => ({ groupVersion: `g/${name}`, version: name });
    switch (path) {
      case '/api':
        return json({ kind: 'APIVersions', versions: ['v1'] });
      case '/apis':
        return json({
          kind: 'APIGroupList',
          groups: [{ name: 'g', versions: [version('v1'), version('v2')], preferredVersion: version('v1') }],
        });
      case '/api/v1':
        return json({
          kind: 'APIResourceList',
          groupVersion: 'v1',
          resources: [
            { name: 'pods', singularName: 'pod', namespaced: true, kind: 'Pod', verbs: ['get'] },
            { name: 'pods/log', singularName: '', namespaced: true, kind: 'Pod', verbs: ['get'] },
          ],
        });
      case '/apis/g/v1':
        return json({
          kind: 'APIResourceList',
          groupVersion: 'g/v1',
          resources: [{ name: 'as', singularName: 'a', namespaced: false, kind: 'A', verbs: ['get'] }],
        });
      default:
        return { status: 404, text: '404 page not found' };
    }
  });
  const { resources, failed } = await discover(client);
  assert.deepEqual([...failed.keys()], ['g/v2']);
  assert.deepEqual(resources.get('v1'), [
    { group: '', version: 'v1', resource: 'pods', kind: 'Pod', namespaced: true, verbs: ['get'] },
  ]);
  assert.equal(resources.get('g/v1')?.[0]?.kind, 'A');
});

test('the mapper asks once and keeps what it learnt until it is reset', async (t) => {
  let kinds = ['A'];
  const { client, requests } = await start(t, ({ path }) =>
    path === '/api'
      ? CORE
      : aggregated([
          {
            metadata: { name: 'g' },
            versions: [{ version: 'v1', resources: kinds.map((kind) => resource(`${kind}s`, 'g', 'v1', kind)) }],
          },
        ]),
  );
  const mapper = new RestMapper(client);
  const [mapping, kind] = await Promise.all([
    mapper.mapping('g/v1', 'A'),
    mapper.kindFor({ group: '', version: 'v1', resource: 'nodes' }),
  ]);
  assert.deepEqual(mapping, { resource: { group: 'g', version: 'v1', resource: 'As' }, namespaced: false });
  assert.equal(kind, 'Node');
  kinds = ['A', 'B'];
  assert.equal(await mapper.mapping('g/v1', 'B'), undefined);
  assert.equal(requests.length, 2);
  mapper.reset();
  assert.equal((await mapper.mapping('g/v1', 'B'))?.resource.resource, 'Bs');
});

test('a mapper that could not read discovery tries again', async (t) => {
  let isDown = true;
  const { client } = await start(t, ({ path }) => (isDown ? { status: 500 } : path === '/api' ? CORE : aggregated([])));
  const mapper = new RestMapper(client);
  await assert.rejects(mapper.mapping('v1', 'Node'), { name: 'ClientError', status: 500 });
  isDown = false;
  assert.equal((await mapper.mapping('v1', 'Node'))?.resource.resource, 'nodes');
});
