import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import type { FakeBody } from '../../test/support/fake-exchange.ts';
import { playRegistry } from '../../test/support/played-registry.ts';
import { PlayedServer } from '../../test/support/played-server.ts';
import { settled } from '../../test/support/proxy-setting.ts';
import { discoveryOf } from '../discovery/testing/discovery-of.ts';
import { WATCHED_RESOURCES } from './watches/watched-resource.ts';

const PODS = discoveryOf({ v1: { pods: ['get'] } });
const WIDGETS = discoveryOf({ v1: { pods: ['get'] }, 'example.com/v1': { widgets: ['get'] } });
/** Nothing but triggers reads within the time of a test. */
const discovery = { intervalMs: 3_600_000, timeoutMs: 5_000, maxBytes: 1_000_000, watch: true };

/** A server whose objects can be watched, but for those of `denied`. */
function watchable(name: string, denied: readonly string[] = []) {
  const server = new PlayedServer(name, 'v1.37.0', PODS);
  const bodies = new Map<string, FakeBody>();
  server.objects = (request) => {
    const [, resource = ''] = /\/(\w+)\?/.exec(request.head.target) ?? [];
    if (denied.includes(resource)) request.respond(403, []);
    else if (!request.head.target.includes('watch=1')) {
      request.respond(200, [], '{"metadata":{"resourceVersion":"1"}}');
    } else bodies.set(resource, request.begin(200));
  };
  const happen = (resource: string, type = 'ADDED') => {
    const body = bodies.get(resource) ?? assert.fail(`${resource} is not watched`);
    body.send(`${JSON.stringify({ type, object: { metadata: { name: 'x', resourceVersion: '2' } } })}\n`);
  };
  return { server, happen };
}

async function setUp(t: TestContext, servers: readonly PlayedServer[], watch = true) {
  const played = playRegistry(t, servers, { discovery: { ...discovery, watch } });
  await played.started();
  // What the lists at the beginning caused.
  await played.pass(2_000);
  return played;
}

for (const resource of ['customresourcedefinitions', 'apiservices']) {
  test(`an event of ${resource} makes that server be read, until the type is there`, async (t) => {
    const [one, other] = [watchable('one'), watchable('other')];
    const { registry, pass } = await setUp(t, [one.server, other.server]);
    const before = { one: one.server.count('/apis'), other: other.server.count('/apis') };
    one.happen(resource);
    await pass(100);
    assert.ok(one.server.count('/apis') > before.one);
    one.server.discovery = WIDGETS;
    await pass(300);
    // Documents are compressed in threads, which the played clock does not drive.
    while (!registry.settled) await settled();
    assert.equal(registry.snapshot.table.lookup('example.com', 'v1', 'widgets', '', 'get').kind, 'capable');
    assert.match(registry.snapshot.published?.['/apis'].v2.identity.toString() ?? '', /widgets/);
    assert.equal(other.server.count('/apis'), before.other, 'a server that watches for itself is left alone');
    await pass(5_000);
    const after = one.server.count('/apis');
    await pass(10_000);
    assert.equal(one.server.count('/apis'), after, 'readings end');
  });
}

test('where a watch is denied, an event at any server makes that one be read as well', async (t) => {
  const [one, blind] = [watchable('one'), watchable('blind', ['customresourcedefinitions'])];
  const { pass } = await setUp(t, [one.server, blind.server]);
  const before = blind.server.count('/apis');
  one.happen('apiservices');
  await pass(5_000);
  assert.equal(blind.server.count('/apis'), before, 'it would tell of APIServices itself');
  one.happen('customresourcedefinitions');
  await pass(5_000);
  assert.ok(blind.server.count('/apis') > before);
});

for (const resource of ['leases', 'endpointslices']) {
  test(`an event of ${resource} makes that server be probed and all be read`, async (t) => {
    const [one, other] = [watchable('one'), watchable('other')];
    const { pass } = await setUp(t, [one.server, other.server]);
    const counts = () => [one, other].map(({ server }) => [server.count('/readyz'), server.count('/apis')]);
    const [[probes = 0, readings = 0] = [], [, others = 0] = []] = counts();
    one.happen(resource);
    await settled();
    await pass(100);
    const [[probesAfter, readingsAfter] = [], [, othersAfter] = []] = counts();
    assert.deepEqual([probesAfter, readingsAfter, othersAfter], [probes + 1, readings + 1, others + 1]);
  });
}

for (const health of [500, 'refusing', 'silent'] as const) {
  test(`a server that is going (${health}) is kept by no watch of ours, and watched again once it is back`, async (t) => {
    const { server, happen } = watchable('one');
    const { registry, pass } = await setUp(t, [server]);
    const watches = () =>
      server.opened
        .flatMap(({ upstream }) => upstream.requests)
        .filter(({ head, resetReason }) => head.target.includes('watch=1') && resetReason === undefined).length;
    assert.equal(watches(), WATCHED_RESOURCES.length);
    server.health = health;
    await pass(3_000);
    assert.equal(watches(), 0);
    await pass(60_000);
    assert.equal(watches(), 0, 'nor is it asked for another one');
    server.health = 200;
    await pass(1_000);
    assert.equal(watches(), WATCHED_RESOURCES.length);
    server.discovery = WIDGETS;
    happen('customresourcedefinitions');
    await pass(1_000);
    assert.equal(registry.snapshot.table.lookup('example.com', 'v1', 'widgets', '', 'get').kind, 'capable');
  });
}

test('every trigger and every reading is counted, over a change of servers', async (t) => {
  const one = watchable('one');
  const { registry, pass, create } = await setUp(t, [one.server]);
  const { triggers, readings } = registry.discoveryCounters;
  assert.deepEqual(
    [...triggers.keys()].sort(),
    ['apiservice', 'crd', 'endpointslice', 'health', 'lease'],
    'a server that became healthy, and the lists at the beginning',
  );
  const before = { crd: triggers.get('crd') ?? 0, readings: { ...readings.get('one') } };
  one.happen('customresourcedefinitions');
  one.server.discovery = WIDGETS;
  await pass(5_000);
  assert.equal(triggers.get('crd'), before.crd + 1);
  assert.equal(readings.get('one')?.changed, (before.readings.changed ?? 0) + 1);
  one.server.discoveryStatus = 500;
  await registry.refresh('unknown-resource');
  assert.equal(triggers.get('unknown-resource'), 1);
  assert.equal(readings.get('one')?.failed, 1);
  assert.equal(create(registry).discoveryCounters, registry.discoveryCounters);
});

test('with discovery.watch off nothing is watched', async (t) => {
  const { server } = watchable('one');
  const { registry } = await setUp(t, [server], false);
  assert.deepEqual(
    server.paths.filter((path) => WATCHED_RESOURCES.some(({ resource }) => path.includes(resource))),
    [],
  );
  assert.deepEqual(registry.monitors[0]?.watches, []);
});

test('after a refresh that changed something the next one waits four times as long as it took', async (t) => {
  const { server } = watchable('one');
  const { registry, pass } = await setUp(t, [server], false);
  let asked: Promise<void> | undefined;
  /** Milliseconds to the beginning of a refresh that is asked for now. */
  const untilRead = async (): Promise<number> => {
    const before = server.count('/apis');
    asked = registry.refresh('unknown-resource');
    await settled();
    let waited = 0;
    for (; server.count('/apis') === before; waited += 10) await pass(10);
    return waited;
  };
  const took = async (milliseconds: number) => {
    await pass(milliseconds);
    server.release();
    await asked;
  };
  server.hold();
  assert.equal(await untilRead(), 0);
  server.discovery = WIDGETS;
  await took(100);
  assert.match(registry.snapshot.published?.['/apis'].v2.identity.toString() ?? '', /widgets/);
  server.hold();
  assert.equal(await untilRead(), 400);
  await took(150);
  assert.equal(await untilRead(), 50, 'nothing changed: refreshSpacing alone counts');
});
