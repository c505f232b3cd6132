import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { answerField, FakeExchange } from '../../test/support/fake-exchange.ts';
import { playRegistry } from '../../test/support/played-registry.ts';
import { PlayedServer } from '../../test/support/played-server.ts';
import { settled } from '../../test/support/proxy-setting.ts';
import { discoveryOf } from '../discovery/testing/discovery-of.ts';
import { createAdminHandler } from './admin-handler.ts';
import { controlPages } from './control-pages.ts';
import type { RequestExplanation } from './request-explanation.ts';

const OLD = discoveryOf({ v1: { pods: ['get', 'list'] }, 'apps/v1': { deployments: ['get'] } });
const NEW = discoveryOf({ v1: { pods: ['get', 'list'] }, 'example.com/v1': { widgets: ['get', 'list'] } }, [
  'metrics.test/v1',
]);
const AGGREGATED = (version: string) => `application/json;g=apidiscovery.k8s.io;v=${version};as=APIGroupDiscoveryList`;

async function setting(t: TestContext) {
  const old = new PlayedServer('old', 'v1.34.4', OLD);
  const newer = new PlayedServer('new', 'v1.37.2', NEW);
  const never = new PlayedServer('never', 'v1.36.3', OLD);
  never.health = 'refusing';
  const { registry, started, now, pass } = playRegistry(t, [old, newer, never]);
  await started();
  const handler = createAdminHandler({
    unreadiness: () => [],
    metrics: async () => '',
    metricsContentType: 'text/plain',
    status: () => ({}),
    pages: controlPages({ registry: () => registry, identity: () => [], clock: now, freshnessWindowMs: 2_000 }),
  });
  return {
    old,
    newer,
    pass,
    async ask(target: string, accept?: string) {
      const exchange = new FakeExchange({ target, ...(accept !== undefined && { fields: ['accept', accept] }) });
      handler(exchange);
      await settled();
      const { answer } = exchange;
      const field = (name: string) => answerField(answer, name);
      return { status: answer.head.status, text: answer.body.text, field };
    },
  };
}

test('one server’s own documents are there in every shape, with their age', async (t) => {
  const { ask, pass, newer } = await setting(t);
  newer.health = 'silent';
  await pass(2_500);
  for (const [path, accept, type, expected] of [
    [
      '/apis',
      AGGREGATED('v2'),
      AGGREGATED('v2'),
      /"apiVersion":"apidiscovery\.k8s\.io\/v2","metadata":\{\},"items":\[\{"metadata":\{"name":"example\.com"/,
    ],
    ['/apis', AGGREGATED('v2beta1'), AGGREGATED('v2beta1'), /v2beta1/],
    ['/api', AGGREGATED('v2'), AGGREGATED('v2'), /"resource":"pods"/],
    ['/apis', 'application/json', 'application/json', /"kind":"APIGroupList".*"name":"example\.com"/],
    ['/api', undefined, 'application/json', /"kind":"APIVersions".*"v1"/],
    ['/apis/example.com', undefined, 'application/json', /"kind":"APIGroup"/],
    ['/apis/example.com/v1', '*/*', 'application/json', /"kind":"APIResourceList".*"widgets"/],
    ['/api/v1', undefined, 'application/json', /"name":"pods"/],
  ] as const) {
    const { status, text, field } = await ask(`/servers/new/discovery?path=${path}`, accept);
    assert.equal(status, 200, path);
    assert.equal(field('content-type'), type);
    assert.match(text, expected);
    assert.doesNotMatch(text, /deployments|"apps"/, 'it is not the merged view');
    assert.equal(field('age'), '2');
    assert.match(field('x-mvproxy-read-at') ?? '', /^\d{4}-.*Z$/);
  }
  assert.equal((await ask('/servers/new/discovery')).text, (await ask('/servers/new/discovery?path=/apis')).text);
});

test('what cannot be shown of a server is an error that says why', async (t) => {
  const { ask } = await setting(t);
  for (const [target, status, code, message] of [
    ['/servers/nope/discovery', 404, 'UnknownServer', /There is no server "nope"\. The servers are: old, new, never\./],
    ['/servers/never/discovery', 503, 'NotRead', /was never read \(nobody listens\)/],
    ['/servers/old/discovery?path=/apis/nope', 404, 'NotFound', /has no document \/apis\/nope/],
    ['/servers/old/discovery?path=/version', 404, 'NotFound', /There are \/api, \/apis/],
  ] as const) {
    const answer = await ask(target);
    assert.equal(answer.status, status, target);
    const { error } = JSON.parse(answer.text);
    assert.equal(error.code, code);
    assert.match(error.message, message);
  }
  const protobuf = await ask('/servers/old/discovery', 'application/vnd.kubernetes.protobuf');
  assert.deepEqual([protobuf.status, JSON.parse(protobuf.text).error.code], [406, 'NotAcceptable']);
});

test('a failure to read is told beside the last good document', async (t) => {
  const { ask, old, pass } = await setting(t);
  old.discoveryStatus = 500;
  await pass(3_000);
  const { status, field } = await ask('/servers/old/discovery');
  assert.equal(status, 200);
  assert.match(field('x-mvproxy-read-failure') ?? '', /500/);
});

test('an explanation says how the URL is read, who serves it, and who answers', async (t) => {
  const { ask } = await setting(t);
  const { status, text } = await ask(
    `/explain?method=get&path=${encodeURIComponent('/apis/example.com/v1/widgets?watch=1')}`,
  );
  assert.equal(status, 200);
  const found: RequestExplanation = JSON.parse(text);
  assert.deepEqual([found.method, found.request?.verb, found.subject], ['GET', 'watch', 'widgets.v1.example.com']);
  assert.deepEqual(
    found.servers.map(({ name, version, ready, capability }) => [name, version, ready, capability?.serves]),
    [
      ['new', '1.37.2', true, 'no'],
      ['old', '1.34.4', true, 'no'],
      ['never', '', false, 'unknown'],
    ],
  );
  assert.deepEqual(
    found.outcomes.map(({ reason }) => reason),
    ['ServersNotSeen'],
  );
  assert.deepEqual([found.merged, found.alone], [false, null]);
});

test('a server that is named is the preferred one, and is told what it serves by itself', async (t) => {
  const { ask } = await setting(t);
  const explain = async (path: string): Promise<RequestExplanation> =>
    JSON.parse((await ask(`/explain?path=${path}&server=old`)).text);
  const resource = await explain('/apis/example.com/v1/widgets');
  assert.deepEqual(
    resource.outcomes.map(({ preferred, server }) => [preferred, server]),
    [[['old'], 'new']],
  );
  assert.equal(resource.alone?.text, 'By itself, old does not know the group example.com.');
  const root = await explain('/apis');
  assert.deepEqual([root.merged, root.alone?.lists], [true, ['apps']]);
  assert.deepEqual((await explain('/apis/apps/v1')).alone?.lists, ['deployments']);
  assert.match((await explain('/apis/example.com')).alone?.text ?? '', /By itself, old has no document/);
  assert.match((await explain('/version')).alone?.text ?? '', /only old knows/);
});

test('a request that kube-apiserver refuses is explained as refused', async (t) => {
  const { ask } = await setting(t);
  const found: RequestExplanation = JSON.parse((await ask('/explain?path=/api/v1/watch')).text);
  assert.deepEqual([found.request, found.refused?.status], [null, 500]);
});

for (const [target, status, message] of [
  ['/explain', 400, /The parameter path is missing/],
  ['/explain?path=pods', 400, /must begin with "\/"/],
  ['/explain?path=/api&server=nope', 404, /There is no server "nope"/],
  ['/verify', 400, /The parameter target is missing/],
  ['/verify?target=a/b/c/d', 400, /more than three parts/],
] as const) {
  test(`${target} is ${status} and says what is wrong`, async (t) => {
    const answer = await (await setting(t)).ask(target);
    assert.equal(answer.status, status);
    assert.match(JSON.parse(answer.text).error.message, message);
  });
}

test('verify takes a text, or group, version and resource', async (t) => {
  const { ask } = await setting(t);
  for (const query of [
    'target=deployments.apps',
    'target=apps/v1/deployments',
    'group=apps&version=v1&resource=deployments',
  ]) {
    const report = JSON.parse((await ask(`/verify?${query}`)).text);
    assert.equal(report.target.resource, 'deployments', query);
    assert.equal(report.versions[0].shapes[0].servers.old.state, 'listed', query);
    assert.equal(report.versions[0].shapes[0].servers.new.state, 'missing', query);
    assert.equal(report.versions[0].shapes[0].merged.state, 'listed', query);
  }
  assert.deepEqual(JSON.parse((await ask('/verify?group=apps')).text).target, {
    group: 'apps',
    version: '',
    resource: '',
  });
  assert.deepEqual(JSON.parse((await ask('/verify?group=')).text).target, { group: '', version: '', resource: '' });
});

test('a path that is not there names the pages there are', async (t) => {
  const { status, text } = await (await setting(t)).ask('/servers/old');
  assert.equal(status, 404);
  assert.match(text, /\/servers\/NAME\/discovery, \/explain, \/verify/);
});
