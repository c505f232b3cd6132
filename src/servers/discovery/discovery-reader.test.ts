import assert from 'node:assert/strict';
import { describe, type TestContext, test } from 'node:test';
import { playRegistry } from '../../../test/support/played-registry.ts';
import { PlayedServer } from '../../../test/support/played-server.ts';
import { describeStatus } from '../../admin/status.ts';
import type { ServerDiscovery } from '../../discovery/server-discovery.ts';
import { discoveryOf } from '../../discovery/testing/discovery-of.ts';
import { entrySet } from '../../discovery/testing/entries.ts';
import { parseAggregatedDiscovery } from '../../kubernetes/aggregated-discovery.ts';
import type { ServerRegistry } from '../server-registry.ts';

const BUILT_IN = { v1: { pods: ['get'] }, 'apps/v1': { deployments: ['get', 'list'] } };
const CUSTOM = { 'example.com/v1': { widgets: ['get'], gadgets: ['get'] } };
const WHOLE = discoveryOf({ ...BUILT_IN, ...CUSTOM });
const STARTING = discoveryOf(BUILT_IN);
const HALF = discoveryOf({ ...BUILT_IN, 'example.com/v1': { widgets: ['get'] } });

function publishedBy({ snapshot }: ServerRegistry): ServerDiscovery {
  const items = (root: '/api' | '/apis') =>
    parseAggregatedDiscovery(JSON.parse(snapshot.published?.[root].v2.identity.toString() ?? '')).items;
  return { api: items('/api'), apis: items('/apis') };
}

async function setUp(t: TestContext, discovery = WHOLE) {
  const server = new PlayedServer('only', 'v1.37.2', discovery);
  const played = playRegistry(t, [server]);
  await played.started();
  const status = () => describeStatus(played.registry, played.now()).servers[0]?.discovery;
  return { server, ...played, status };
}

describe('a server that starts', () => {
  for (const [what, listed] of [
    ['groups', STARTING],
    ['a resource', HALF],
  ] as const) {
    test(`and does not list ${what} yet takes nothing away`, async (t) => {
      const { server, registry, pass, status } = await setUp(t);
      // The old process is gone and the new one answers before a probe has noticed.
      server.discovery = listed;
      server.health = 500;
      await pass(12_000);
      assert.deepEqual(entrySet(publishedBy(registry)), entrySet(WHOLE));
      assert.equal(status()?.reason, 'not-ready');
      assert.match(
        status()?.failure ?? '',
        /^\/apis\/example\.com\/v1\S* is not listed any more, but \/readyz is answered 500/,
      );

      server.discovery = WHOLE;
      server.health = 200;
      await pass(6_000);
      assert.deepEqual(entrySet(publishedBy(registry)), entrySet(WHOLE));
      assert.deepEqual([status()?.reason, status()?.failure], ['', '']);
    });

    test(`and does not list ${what} when it is ready is believed`, async (t) => {
      const { server, registry, pass, refreshed } = await setUp(t);
      server.discovery = listed;
      server.health = 500;
      await pass(3_000);
      server.health = 200;
      await pass(6_000);
      await refreshed();
      assert.deepEqual(entrySet(publishedBy(registry)), entrySet(listed));
    });
  }

  test('is read again after it has said that it is ready, not believed for what it listed before', async (t) => {
    const { server, registry, refreshed } = await setUp(t);
    const { discovery: metadata } = server;
    let asked = 0;
    // Ready between the reading and the question.
    Object.defineProperty(server, 'discovery', { get: () => (asked++ < 2 ? STARTING : metadata) });
    await refreshed();
    assert.ok(asked > 2);
    assert.deepEqual(entrySet(publishedBy(registry)), entrySet(WHOLE));
  });

  test('and lists more than before is shown with it once it is ready, and believed at once', async (t) => {
    const { server, registry, pass, refreshed } = await setUp(t, STARTING);
    server.discovery = WHOLE;
    server.health = 500;
    await pass(3_000);
    await refreshed();
    assert.deepEqual(
      entrySet(publishedBy(registry)),
      entrySet(STARTING),
      'Stale would be an error where nothing is missed yet',
    );
    const found = registry.snapshot.table.lookup('example.com', 'v1', 'widgets', '', 'get');
    assert.equal(found.kind, 'capable', 'who asks for it already is told to wait');
    server.health = 200;
    await pass(2_000);
    await refreshed();
    assert.deepEqual(entrySet(publishedBy(registry)), entrySet(WHOLE));
  });

  test('and lists other types than before has both, for requests, until it is ready', async (t) => {
    const { server, registry, pass, refreshed } = await setUp(t);
    const after = discoveryOf({ ...BUILT_IN, 'new.example/v1': { novelties: ['get'] } });
    server.discovery = after;
    server.health = 500;
    await pass(3_000);
    const kinds = () =>
      [
        ['example.com', 'widgets'],
        ['new.example', 'novelties'],
      ].map(([group = '', resource = '']) => registry.snapshot.table.lookup(group, 'v1', resource, '', 'get').kind);
    assert.deepEqual(kinds(), ['capable', 'capable'], 'none of them is told not to exist');
    server.health = 200;
    await pass(2_000);
    await refreshed();
    assert.deepEqual(kinds(), ['unknown', 'capable']);
    assert.deepEqual(entrySet(publishedBy(registry)), entrySet(after));
  });

  test('and does not say whether it is ready takes nothing away', async (t) => {
    const { server, registry, pass, status } = await setUp(t);
    server.discovery = STARTING;
    server.health = 404;
    await pass(3_000);
    assert.deepEqual(entrySet(publishedBy(registry)), entrySet(WHOLE));
    assert.equal(status()?.reason, 'not-ready');
  });
});

test('what a ready server has deleted leaves with the next reading', async (t) => {
  const { server, registry, refreshed } = await setUp(t);
  server.discovery = STARTING;
  await refreshed();
  assert.deepEqual(entrySet(publishedBy(registry)), entrySet(STARTING));
});

test('a Stale version that lists nothing keeps the resources it had, until it lists some', async (t) => {
  const { server, registry, refreshed } = await setUp(t);
  server.discovery = discoveryOf({ ...BUILT_IN, 'example.com/v1': {} }, ['example.com/v1']);
  await refreshed();
  const published = publishedBy(registry);
  assert.deepEqual(entrySet(published), entrySet(WHOLE));
  assert.deepEqual(
    published.apis.flatMap(({ versions = [] }) => versions.map(({ freshness }) => freshness)),
    ['Current', 'Stale'],
  );
  server.discovery = HALF;
  await refreshed();
  assert.deepEqual(entrySet(publishedBy(registry)), entrySet(HALF));
});

test('a Current version that lists nothing has nothing', async (t) => {
  const { server, registry, refreshed } = await setUp(t);
  server.discovery = discoveryOf({ ...BUILT_IN, 'example.com/v1': {} });
  await refreshed();
  assert.deepEqual(entrySet(publishedBy(registry)), entrySet(server.discovery));
});

test('failures are counted by reason, over a reload too', async (t) => {
  const { server, registry, create, pass, status, now } = await setUp(t);
  server.discoveryStatus = 500;
  await pass(2_000);
  const { 'status-5xx': counted = 0 } = status()?.errors ?? {};
  assert.ok(counted >= 1);
  assert.equal(status()?.reason, 'status-5xx');
  server.discoveryStatus = 429;
  await pass(5_000);
  assert.deepEqual(Object.keys(status()?.errors ?? {}), ['status-5xx', 'status-4xx']);
  const next = create(registry);
  const inherited = describeStatus(next, now()).servers[0]?.discovery;
  assert.deepEqual(inherited?.errors, status()?.errors);
});
