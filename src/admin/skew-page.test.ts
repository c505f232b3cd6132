import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { FakeExchange } from '../../test/support/fake-exchange.ts';
import type { ArrivedRequest } from '../../test/support/fake-upstream.ts';
import { playRegistry } from '../../test/support/played-registry.ts';
import { PlayedServer } from '../../test/support/played-server.ts';
import { settled } from '../../test/support/proxy-setting.ts';
import { discoveryOf } from '../discovery/testing/discovery-of.ts';
import type { SkewReport } from '../skew/skew-report.ts';
import { createAdminHandler } from './admin-handler.ts';
import { controlPages } from './control-pages.ts';

const OLD = discoveryOf({ v1: { pods: ['get', 'list'] }, 'apps/v1': { deployments: ['get'] } });
const NEW = discoveryOf({
  v1: { pods: ['get', 'list'], 'pods/resize': ['patch'] },
  'apps/v1': { deployments: ['get'] },
});

async function setting(t: TestContext) {
  const servers = [
    new PlayedServer('old', 'v1.34.4', OLD),
    new PlayedServer('new', 'v1.37.2', NEW),
    new PlayedServer('never', 'v1.36.3', OLD),
  ];
  const [old, newer, never] = servers;
  assert.ok(old !== undefined && newer !== undefined && never !== undefined);
  never.health = 'refusing';
  const { registry, started, now } = playRegistry(t, servers);
  await started();
  const handler = createAdminHandler({
    unreadiness: () => [],
    metrics: async () => '',
    metricsContentType: 'text/plain',
    status: () => ({}),
    pages: controlPages({ registry: () => registry, identity: () => [], clock: now, freshnessWindowMs: 2_000 }),
  });
  const ask = async (target: string) => {
    const exchange = new FakeExchange({ target });
    handler(exchange);
    for (let turn = 0; exchange.answers.length === 0 && turn < 1_000; turn++) await settled();
    const { answer } = exchange;
    return { status: answer.head.status, text: answer.body.text };
  };
  return {
    old,
    newer,
    ask,
    report: async (query = ''): Promise<SkewReport> => JSON.parse((await ask(`/skew${query}`)).text),
  };
}

/** Answers resource lists, where `hashes` are given for a group-version, and 404 otherwise. */
function storing(hashes: Readonly<Record<string, Readonly<Record<string, string>>>>) {
  return (request: ArrivedRequest) => {
    const groupVersion = request.head.target.replace(/^\/apis?\//, '');
    const entries = hashes[groupVersion];
    if (entries === undefined) return request.respond(404, [], '404 page not found');
    const resources = Object.entries(entries).map(([name, storageVersionHash]) => ({
      name,
      singularName: '',
      namespaced: true,
      kind: 'Any',
      verbs: [],
      storageVersionHash,
    }));
    request.respond(
      200,
      ['content-type', 'application/json'],
      JSON.stringify({ kind: 'APIResourceList', groupVersion, resources }),
    );
  };
}

test('what was read of the servers is compared, without asking them', async (t) => {
  const { report, old } = await setting(t);
  const asked = old.paths.length;
  const { kind, servers, rows, findings, storage, summary } = await report();
  assert.equal(old.paths.length, asked);
  assert.equal(kind, 'SkewReport');
  assert.deepEqual(
    servers.map(({ name, version, ready, discoveryAgeSeconds }) => [
      name,
      version,
      ready,
      discoveryAgeSeconds === null,
    ]),
    [
      ['new', '1.37.2', true, false],
      ['old', '1.34.4', true, false],
      ['never', '', false, true],
    ],
  );
  assert.match(servers[2]?.condition ?? '', /nobody listens/);
  assert.deepEqual(
    rows.map(({ resource, subresource, servers: cells }) => [resource, subresource, cells.map(({ serves }) => serves)]),
    [
      ['pods', '', ['yes', 'yes', 'unknown']],
      ['pods', 'resize', ['yes', 'no', 'unknown']],
      ['deployments', '', ['yes', 'yes', 'unknown']],
    ],
  );
  assert.deepEqual(
    findings.map(({ code }) => code),
    ['ServerNotRead', 'OnlyNewerReleases'],
  );
  assert.deepEqual([storage, summary.differing], [null, 1]);
});

test('one group, and differences alone', async (t) => {
  const { report } = await setting(t);
  assert.deepEqual(
    (await report('?differences=true')).rows.map(({ subresource }) => subresource),
    ['resize'],
  );
  assert.deepEqual(
    (await report('?group=apps')).rows.map(({ resource }) => resource),
    ['deployments'],
  );
  for (const core of ['core', '']) assert.equal((await report(`?group=${core}`)).rows.length, 2);
});

test('servers are asked how they store objects; one that cannot be asked is unknown, not an error', async (t) => {
  const { report, old, newer } = await setting(t);
  newer.objects = storing({ v1: { pods: 'new=' }, 'apps/v1': { deployments: 'same=' } });
  old.objects = storing({ v1: { pods: 'old=' }, 'apps/v1': { deployments: 'same=' } });
  const both = await report('?storage=true');
  assert.deepEqual(
    both.findings.filter(({ code }) => code.startsWith('Storage')).map(({ code, subject }) => [code, subject]),
    [['StorageVersionDiffers', 'pods in the core group']],
  );
  assert.deepEqual(
    both.rows[0]?.servers.map(({ storageVersionHash }) => storageVersionHash),
    ['new=', 'old=', undefined],
  );
  assert.equal(both.storage?.verdict, 'not-safe');
  assert.equal((await report('?storage=true&group=apps')).storage?.verdict, 'unknown', 'one server was never read');

  old.objects = (request) => request.respond(403, [], 'no');
  const refused = await report('?storage=true');
  assert.deepEqual(
    refused.findings.filter(({ code }) => code.startsWith('Storage')).map(({ code, subject }) => [code, subject]),
    [['StorageVersionUnknown', 'old']],
  );
  assert.match(refused.findings[0]?.text ?? '', /GET \/api\/v1 was answered 403/);
  assert.equal(refused.storage?.verdict, 'unknown');
  assert.equal(old.count('/apis/apps/v1'), 2, 'who refuses the first question is not asked another one');

  old.objects = storing({ v1: { pods: 'new=' } });
  const partly = await report('?storage=true');
  assert.deepEqual(
    partly.findings.filter(({ code }) => code.startsWith('Storage')).map(({ code, subject }) => [code, subject]),
    [['StorageVersionUnknown', 'deployments in apps']],
  );
});

test('wrong questions are refused with what to do', async (t) => {
  const { ask } = await setting(t);
  for (const [query, status, code, message] of [
    ['?group=app', 404, 'NotFound', /No server that was read serves the group "app"\. Did you mean apps\?/],
    ['?group=nothing.like.it', 404, 'NotFound', /"nothing\.like\.it"\. Without a group/],
    ['?storage=yes', 400, 'BadRequest', /storage must be true or false, not "yes"/],
    ['?differences=1', 400, 'BadRequest', /differences must be true or false/],
  ] as const) {
    const answer = await ask(`/skew${query}`);
    assert.equal(answer.status, status, query);
    const { error } = JSON.parse(answer.text);
    assert.equal(error.code, code);
    assert.match(error.message, message);
  }
});
