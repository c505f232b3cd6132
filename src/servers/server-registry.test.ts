import assert from 'node:assert/strict';
import { describe, type TestContext, test } from 'node:test';
import { PEER_TRUST, playRegistry } from '../../test/support/played-registry.ts';
import { PlayedServer, unreachable } from '../../test/support/played-server.ts';
import { discoveryOf } from '../discovery/testing/discovery-of.ts';
import { fieldValue } from '../wire/fields.ts';
import type { ServerRegistry } from './server-registry.ts';

const PODS = discoveryOf({ v1: { pods: ['get'] } });
const WIDGETS = discoveryOf({ v1: { pods: ['get'] }, 'example.com/v1': { widgets: ['get'] } });
const oldServer = () => new PlayedServer('old', 'v1.36.0', PODS);
const newServer = () => new PlayedServer('new', 'v1.37.0', WIDGETS);

/** Who is capable of a GET of `resource`, by name. */
function serving({ snapshot }: ServerRegistry, group: string, resource: string): readonly (string | undefined)[] {
  const found = snapshot.table.lookup(group, 'v1', resource, '', 'get');
  return found.kind === 'capable' ? found.servers.map((position) => snapshot.servers[position]?.name) : [];
}

/** Group-versions of the published `/apis` and whether they are Current. */
function published({ snapshot }: ServerRegistry): Record<string, string> {
  const text = snapshot.published?.['/apis'].v2.identity.toString();
  if (text === undefined) return {};
  const entries = JSON.parse(text).items.flatMap(
    ({ metadata, versions }: { metadata: { name: string }; versions: { version: string; freshness: string }[] }) =>
      versions.map(({ version, freshness }) => [`${metadata.name}/${version}`, freshness]),
  );
  return Object.fromEntries(entries);
}

test('before the start nothing is known and nothing is dialled', (t) => {
  const server = newServer();
  const { registry } = playRegistry(t, [server]);
  assert.deepEqual([registry.complete, registry.anyReady, server.paths], [false, false, []]);
  assert.deepEqual(
    registry.snapshot.servers.map(({ name, ready, known }) => [name, ready, known]),
    [['new', false, false]],
  );
  assert.equal(registry.snapshot.published, undefined);
});

test('once every server was read, requests can be routed and the merged documents are there', async (t) => {
  const { registry, started } = playRegistry(t, [oldServer(), newServer()]);
  await started();
  const { snapshot } = registry;
  assert.deepEqual(
    snapshot.servers.map(({ name, ready, ageRank }) => [name, ready, ageRank]),
    [
      ['new', true, 0],
      ['old', true, 1],
    ],
  );
  assert.deepEqual(serving(registry, '', 'pods'), ['new', 'old']);
  assert.deepEqual(serving(registry, 'example.com', 'widgets'), ['new']);
  assert.deepEqual(published(registry), { 'example.com/v1': 'Current' });
  assert.deepEqual([snapshot.view, snapshot.incompleteUntil, registry.anyReady], ['merged', 0, true]);
});

test('a server that does not answer is not waited for, but it keeps unknown types in doubt for the grace', async (t) => {
  const [up, down] = [oldServer(), newServer()];
  down.health = 'refusing';
  const { registry, started, now } = playRegistry(t, [up, down]);
  const startedAt = now();
  await started();
  assert.deepEqual([registry.complete, registry.anyReady], [true, true]);
  assert.equal(registry.snapshot.incompleteUntil, startedAt + 300_000);
  down.health = 200;
});

test('completeness does not wait for a server that is ready, and holds from then on', async (t) => {
  const down = newServer();
  down.health = 'refusing';
  const { registry, started, pass } = playRegistry(t, [down]);
  await started();
  assert.deepEqual([registry.complete, registry.anyReady], [true, false]);
  down.health = 200;
  await pass(1_000);
  assert.deepEqual([registry.complete, registry.anyReady], [true, true]);
});

test('the snapshot carries what a conditional request to each server needs, and its connections', async (t) => {
  const server = newServer();
  const { registry, started } = playRegistry(t, [server]);
  await started();
  const [backend] = registry.snapshot.backends;
  const asked = server.opened.flatMap(({ upstream }) => upstream.requests).find(({ head }) => head.target === '/apis');
  assert.equal(backend?.conditions['/apis']?.accept, fieldValue(asked?.head.fields ?? [], 'accept'));
  assert.match(backend?.conditions['/apis']?.etag ?? '', /^"[0-9a-f]{64}"$/);
  assert.notEqual(backend?.conditions['/api']?.etag, backend?.conditions['/apis']?.etag);
  assert.deepEqual(
    [backend?.asserted, backend?.own, backend?.unproven, backend?.anonymous],
    server.opened.slice(0, 4).map(({ upstream }) => upstream),
  );
});

test('a server that goes is out of the routes at once, and its types stay known', async (t) => {
  const [old, recent] = [oldServer(), newServer()];
  const { registry, started } = playRegistry(t, [old, recent]);
  await started();
  recent.health = 'refusing';
  recent.tell('clients', { kind: 'connect-failed', failure: unreachable() });
  assert.deepEqual(
    registry.snapshot.servers.map(({ name, ready, condition }) => [name, ready, condition]),
    [
      ['new', false, 'nobody listens'],
      ['old', true, ''],
    ],
  );
  assert.deepEqual(serving(registry, 'example.com', 'widgets'), ['new']);
});

test('what only an unready server serves stays published, as Stale', async (t) => {
  const [old, recent] = [oldServer(), newServer()];
  const { registry, started, refreshed } = playRegistry(t, [old, recent]);
  await started();
  recent.health = 'refusing';
  recent.tell('clients', { kind: 'connect-failed', failure: unreachable() });
  await refreshed();
  assert.deepEqual(published(registry), { 'example.com/v1': 'Stale' });
});

test('what a ready server has not confirmed for ten seconds is Stale, and Current once it has', async (t) => {
  const server = newServer();
  const { registry, started, pass, refreshed } = playRegistry(t, [server]);
  await started();
  server.discoveryStatus = 500;
  await pass(9_000);
  assert.deepEqual(published(registry), { 'example.com/v1': 'Current' });
  await pass(2_500);
  await refreshed();
  assert.deepEqual(published(registry), { 'example.com/v1': 'Stale' });
  assert.deepEqual(serving(registry, 'example.com', 'widgets'), ['new']);
  server.discoveryStatus = undefined;
  await refreshed();
  assert.deepEqual(published(registry), { 'example.com/v1': 'Current' });
});

test('a type that appears or vanishes does so with the next reading', async (t) => {
  const server = oldServer();
  const { registry, started, refreshed } = playRegistry(t, [server]);
  await started();
  server.discovery = WIDGETS;
  await refreshed();
  assert.deepEqual(
    [serving(registry, 'example.com', 'widgets'), published(registry)],
    [['old'], { 'example.com/v1': 'Current' }],
  );
  server.discovery = PODS;
  await refreshed();
  assert.deepEqual([serving(registry, 'example.com', 'widgets'), published(registry)], [[], {}]);
});

test('a snapshot is never changed, only followed by a newer one', async (t) => {
  const server = oldServer();
  const { registry, started, refreshed } = playRegistry(t, [server]);
  await started();
  const { snapshot } = registry;
  const { table, generation } = snapshot;
  server.discovery = WIDGETS;
  await refreshed();
  assert.equal(snapshot.table, table);
  assert.ok(registry.snapshot.generation > generation);
  assert.notEqual(registry.snapshot.table, table);
});

test('tables are kept while neither documents nor the order of servers change', async (t) => {
  const { registry, started, refreshed } = playRegistry(t, [oldServer(), newServer()]);
  await started();
  const { table, published: documents } = registry.snapshot;
  await refreshed();
  assert.equal(registry.snapshot.table, table);
  assert.equal(registry.snapshot.published, documents);
});

test('tables are as old as their last confirmation', async (t) => {
  const { registry, started, pass, now } = playRegistry(t, [newServer()]);
  await started();
  await pass(2_000);
  assert.equal(registry.snapshot.confirmedAt, now());
});

describe('a refresh', () => {
  /** How often discovery was read since this was called. */
  const counter = (server: PlayedServer) => {
    const before = server.count('/apis');
    return () => server.count('/apis') - before;
  };

  test('begins after it was asked for: what is being read already may be of before', async (t) => {
    const server = oldServer();
    const { registry, started, pass } = playRegistry(t, [server]);
    await started();
    server.hold();
    await pass(2_000);
    const readings = counter(server);
    const refreshed = registry.refresh('unknown-resource');
    server.release();
    server.discovery = WIDGETS;
    await refreshed;
    assert.deepEqual([readings(), serving(registry, 'example.com', 'widgets')], [1, ['old']]);
  });

  test('is shared by all who ask before it begins', async (t) => {
    const server = newServer();
    const { registry, started, pass } = playRegistry(t, [server]);
    await started();
    await pass(1_000);
    const readings = counter(server);
    await Promise.all([
      registry.refresh('unknown-resource'),
      registry.refresh('unknown-resource'),
      registry.refresh('unknown-resource'),
    ]);
    assert.equal(readings(), 1);
  });

  test('follows the one before at a distance, however many ask', async (t) => {
    const server = newServer();
    const { registry, started, pass } = playRegistry(t, [server], {
      discovery: { intervalMs: 100_000, timeoutMs: 5_000, maxBytes: 1_000_000, watch: true },
    });
    await started();
    const readings = counter(server);
    const asked: Promise<void>[] = [];
    for (let step = 0; step < 10; step++) {
      for (let i = 0; i < 100; i++) asked.push(registry.refresh('unknown-resource'));
      await pass(100);
    }
    await pass(200);
    await Promise.all(asked);
    assert.equal(readings(), 6, 'one per 200 ms, for a second');
  });

  test('is not waited for longer than a second, whoever is silent, and the silent delay no next one', async (t) => {
    const [up, silent] = [oldServer(), newServer()];
    const { registry, started, pass } = playRegistry(t, [up, silent]);
    await started();
    await pass(1_000);
    silent.hold();
    let over = false;
    const refresh = registry.refresh('unknown-resource').then(() => {
      over = true;
    });
    await pass(900);
    assert.equal(over, false);
    up.discovery = WIDGETS;
    void registry.refresh('unknown-resource');
    await pass(100);
    await refresh;
    assert.deepEqual(serving(registry, 'example.com', 'widgets'), ['new', 'old'], 'read although another one hangs');
    silent.release();
  });

  test('does not wait for servers that hang, or are not ready', async (t) => {
    const [up, silent, down] = [oldServer(), newServer(), new PlayedServer('down', 'v1.35.0', PODS)];
    down.health = 'refusing';
    const { registry, started, pass } = playRegistry(t, [up, silent, down]);
    await started();
    silent.hold();
    await pass(3_300);
    const [readings, ofDown] = [counter(up), counter(down)];
    await registry.refresh('unknown-resource');
    assert.deepEqual([readings(), ofDown()], [1, 0]);
    silent.release();
  });

  test('finds a server that is back, before its next probe would', async (t) => {
    const [up, recent] = [oldServer(), newServer()];
    recent.health = 'refusing';
    const { registry, started, refreshed } = playRegistry(t, [up, recent]);
    await started();
    recent.health = 200;
    await refreshed();
    assert.deepEqual(serving(registry, 'example.com', 'widgets'), ['new']);
    assert.equal(registry.snapshot.servers.find(({ name }) => name === 'new')?.ready, true);
  });

  test('learns what a server will serve that is about to be ready, so that its types are not denied', async (t) => {
    const [up, recent] = [oldServer(), newServer()];
    recent.health = 'refusing';
    const { registry, started, refreshed } = playRegistry(t, [up, recent]);
    await started();
    recent.health = 500;
    await refreshed();
    assert.deepEqual(serving(registry, 'example.com', 'widgets'), ['new']);
    assert.equal(registry.snapshot.servers.find(({ name }) => name === 'new')?.ready, false);
  });

  test('never rejects', async (t) => {
    const server = newServer();
    const { registry, started, pass } = playRegistry(t, [server]);
    await started();
    await pass(1_000);
    server.health = 'refusing';
    await registry.refresh('unknown-resource');
    assert.deepEqual(serving(registry, 'example.com', 'widgets'), ['new']);
  });
});

test('without peer trust every server is watched, none is read and nothing is merged', async (t) => {
  const servers = [oldServer(), newServer()];
  const trust = { ...PEER_TRUST, frontProxy: undefined };
  const { registry, started, refreshed } = playRegistry(t, servers, { trust });
  await started();
  await refreshed();
  const { view, published: documents, servers: known } = registry.snapshot;
  assert.deepEqual([view, documents], ['server-local', undefined]);
  assert.deepEqual(
    known.map(({ name, ready }) => [name, ready]),
    [
      ['new', true],
      ['old', true],
    ],
  );
  assert.equal(
    servers.reduce((sum, server) => sum + server.count('/apis'), 0),
    0,
  );
});

test('the local server is marked', async (t) => {
  const local = new PlayedServer('old', 'v1.36.0', PODS, { local: true });
  const { registry, started } = playRegistry(t, [local, newServer()]);
  await started();
  assert.equal(registry.snapshot.local, 1);
});

test('contradictions between servers are reported', async (t) => {
  const contrary = structuredClone(PODS);
  for (const group of contrary.api) {
    for (const version of group.versions ?? [])
      for (const resource of version.resources ?? []) Object.assign(resource, { scope: 'Cluster' });
  }
  const { registry, started } = playRegistry(t, [oldServer(), new PlayedServer('new', 'v1.37.0', contrary)]);
  await started();
  assert.deepEqual(
    registry.conflicts.map(({ resource, field }) => [resource, field]),
    [['pods', 'scope']],
  );
});

describe('a registry that replaces another', () => {
  test('knows from the start what the other learned, but not who is healthy', async (t) => {
    const { registry, create, started, pass } = playRegistry(t, [oldServer(), newServer()]);
    await started();
    await pass(5_000);
    const next = create(registry);
    assert.deepEqual(serving(next, 'example.com', 'widgets'), ['new']);
    assert.equal(next.snapshot.published, registry.snapshot.published);
    assert.deepEqual(
      next.snapshot.servers.map(({ name, ready, known, version }) => [name, ready, known, version?.minor]),
      [
        ['new', false, true, 37],
        ['old', false, true, 36],
      ],
    );
    assert.deepEqual([next.complete, next.snapshot.incompleteUntil], [false, 0]);
  });

  test('knows nothing of a server that has another address now', async (t) => {
    const server = newServer();
    const { registry, create, started } = playRegistry(t, [server]);
    await started();
    const next = create(registry, [{ ...server.spec, port: 7443 }]);
    assert.deepEqual(
      next.snapshot.servers.filter(({ name }) => name === 'new').map(({ known, version }) => [known, version]),
      [[false, undefined]],
    );
  });

  test('doubts unknown types no longer than the other would have', async (t) => {
    const down = newServer();
    down.health = 'refusing';
    const { registry, create, started, pass } = playRegistry(t, [oldServer(), down]);
    await started();
    const { incompleteUntil } = registry.snapshot;
    await pass(5_000);
    assert.equal(create(registry).snapshot.incompleteUntil, incompleteUntil);
  });
});

test('stopped, it asks nobody any more and closes all connections', async (t) => {
  const server = newServer();
  const { registry, started, pass } = playRegistry(t, [server]);
  await started();
  await registry.stop(7_000);
  const before = server.paths.length;
  await pass(20_000);
  assert.equal(server.paths.length, before);
  assert.deepEqual(
    server.opened.map(({ upstream }) => upstream.closedWith),
    [7_000, 7_000, 7_000, 7_000, 0, 0],
  );
});

describe('a server that membership drops', () => {
  /** The registry after 'new', which alone serves widgets, was taken off the list. */
  async function withoutNew(t: TestContext) {
    const servers = [oldServer(), newServer()];
    const played = playRegistry(t, servers);
    await played.started();
    const next = played.create(
      played.registry,
      servers.slice(0, 1).map(({ spec }) => spec),
    );
    next.start();
    await next.whenComplete();
    return { ...played, next };
  }

  test('is kept for the grace: its types are listed as Stale, and nobody is asked for them', async (t) => {
    const { next } = await withoutNew(t);
    assert.deepEqual(published(next), { 'example.com/v1': 'Stale' });
    assert.deepEqual(serving(next, 'example.com', 'widgets'), ['new']);
    assert.deepEqual(
      next.snapshot.servers.map(({ name, ready, condition }) => [name, ready, condition]),
      [
        ['new', false, 'left the control plane'],
        ['old', true, ''],
      ],
    );
  });

  test('is forgotten after it', async (t) => {
    const { next, pass } = await withoutNew(t);
    await pass(299_000);
    assert.deepEqual(published(next), { 'example.com/v1': 'Stale' });
    await pass(2_000);
    await next.refresh('unknown-resource');
    assert.deepEqual([published(next), serving(next, 'example.com', 'widgets')], [{}, []]);
    assert.deepEqual(
      next.snapshot.servers.map(({ name }) => name),
      ['old'],
    );
  });

  test('is itself again when it comes back', async (t) => {
    const { next, create, pass } = await withoutNew(t);
    await pass(10_000);
    const [old, recent] = [oldServer(), newServer()];
    const again = create(
      next,
      [old, recent].map(({ spec }) => spec),
    );
    assert.deepEqual(again.departed, []);
    again.start();
    await again.whenComplete();
    assert.deepEqual(published(again), { 'example.com/v1': 'Current' });
  });

  test('is kept through further changes, from when it left', async (t) => {
    const { next, create, pass } = await withoutNew(t);
    await pass(200_000);
    const third = create(next, [oldServer().spec]);
    third.start();
    await third.whenComplete();
    assert.deepEqual(published(third), { 'example.com/v1': 'Stale' });
    await pass(101_000);
    await third.refresh('unknown-resource');
    assert.deepEqual(published(third), {});
  });

  test('keeps a name of its own when another address has taken its name', async (t) => {
    const servers = [oldServer(), newServer()];
    const { registry, create, started } = playRegistry(t, servers);
    await started();
    const moved = servers.map(({ spec }) => (spec.name === 'new' ? { ...spec, port: spec.port + 1 } : spec));
    const next = create(registry, moved);
    assert.deepEqual(
      next.departed.map(({ report }) => report.name),
      [`new@${servers[1]?.spec.host}:${servers[1]?.spec.port}`],
    );
    assert.equal(next.snapshot.servers.length, 3);
  });
});

test('a listed server that is not ready is forgotten when that is configured', async (t) => {
  const [old, recent] = [oldServer(), newServer()];
  const { registry, started, pass } = playRegistry(t, [old, recent], { expireAfterMs: 60_000 });
  await started();
  recent.health = 'refusing';
  await pass(58_000);
  await registry.refresh('unknown-resource');
  assert.deepEqual(published(registry), { 'example.com/v1': 'Stale' });
  await pass(5_000);
  await registry.refresh('unknown-resource');
  assert.deepEqual([published(registry), serving(registry, 'example.com', 'widgets')], [{}, []]);
  recent.health = 200;
  await pass(8_000);
  await registry.refresh('unknown-resource');
  assert.deepEqual(published(registry), { 'example.com/v1': 'Current' });
});
