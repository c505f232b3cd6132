import assert from 'node:assert/strict';
import { describe, type TestContext, test } from 'node:test';
import { playRegistry } from '../../test/support/played-registry.ts';
import { PlayedServer } from '../../test/support/played-server.ts';
import { discoveryOf } from '../discovery/testing/discovery-of.ts';
import type { ServerRegistry } from './server-registry.ts';

const PODS = discoveryOf({ v1: { pods: ['get'] } });
const WIDGETS = discoveryOf({ v1: { pods: ['get'] }, 'example.com/v1': { widgets: ['get'] } });

/** Ready servers that are capable of a GET of widgets, and others, by name. */
function serving({ snapshot }: ServerRegistry) {
  const found = snapshot.table.lookup('example.com', 'v1', 'widgets', '', 'get');
  const servers = found.kind === 'capable' ? found.servers.map((position) => snapshot.servers[position]) : [];
  return servers.map((server) => `${server?.name} ${server?.ready ? 'ready' : server?.condition}`);
}

/** `old` alone is listed; `new`, who alone has widgets, can be added. */
async function oneOfTwo(t: TestContext) {
  const old = new PlayedServer('old', 'v1.36.0', PODS);
  const recent = new PlayedServer('new', 'v1.37.0', WIDGETS);
  const play = playRegistry(t, [old, recent]);
  const registry = play.create(undefined, [old.spec]);
  registry.start();
  await registry.whenComplete();
  return { ...play, old, recent, registry };
}

/** For how many milliseconds open exchanges may go on, of every set of connections that was opened to it last. */
const closings = ({ opened }: PlayedServer) => opened.slice(-6).map(({ upstream }) => upstream.closedWith);

describe('a list of servers that changes', () => {
  test('leaves the connections of servers that stay as they are, and dials those that are new', async (t) => {
    const { registry, old, recent, pass } = await oneOfTwo(t);
    const [monitor] = registry.monitors;
    const opened = old.opened.length;
    const probes = old.count('/readyz');
    registry.update([old.spec, recent.spec]);
    await pass(100);
    assert.equal(registry.monitors[0], monitor);
    assert.equal(old.opened.length, opened);
    assert.equal(old.count('/readyz'), probes);
    assert.deepEqual(serving(registry), ['new ready']);
  });

  test('puts unknown types in doubt until a new server was read', async (t) => {
    const { registry, old, recent, pass, now } = await oneOfTwo(t);
    assert.equal(registry.snapshot.incompleteUntil, 0);
    await pass(400_000);
    registry.update([old.spec, recent.spec]);
    assert.equal(registry.snapshot.incompleteUntil, now() + 300_000);
    await pass(100);
    assert.equal(registry.snapshot.incompleteUntil, 0);
  });

  test('keeps the types of a server that left known, and lets open exchanges with it go on', async (t) => {
    const { registry, old, recent, pass } = await oneOfTwo(t);
    registry.update([old.spec, recent.spec]);
    await pass(100);
    const probes = recent.count('/readyz');
    registry.update([old.spec]);
    assert.deepEqual(serving(registry), ['new left the control plane']);
    assert.deepEqual(new Set(closings(recent)), new Set([300_000, 0]));
    await pass(299_000);
    assert.deepEqual(serving(registry), ['new left the control plane']);
    await pass(3_000);
    assert.deepEqual(serving(registry), []);
    assert.equal(recent.count('/readyz'), probes, 'nobody probes it any more');
  });

  test('knows a server that comes back from the first moment', async (t) => {
    const { registry, old, recent, pass } = await oneOfTwo(t);
    registry.update([old.spec, recent.spec]);
    await pass(100);
    registry.update([old.spec]);
    await pass(60_000);
    recent.health = 'silent';
    registry.update([old.spec, recent.spec]);
    assert.deepEqual(registry.departed, []);
    assert.equal(registry.snapshot.incompleteUntil, 0);
    await pass(3_000);
    assert.match(serving(registry).join(), /^new (?!ready$|left )/);
    recent.health = 200;
    await pass(3_000);
    assert.deepEqual(serving(registry), ['new ready']);
  });

  test('knows a server that comes back under another name as the same one', async (t) => {
    const { registry, old, recent, pass } = await oneOfTwo(t);
    registry.update([old.spec, recent.spec]);
    await pass(100);
    registry.update([old.spec]);
    recent.discovery = PODS;
    registry.update([old.spec, { ...recent.spec, name: 'renamed' }]);
    assert.deepEqual(registry.departed, [], 'what it served when it left would stay known beside what it serves now');
    await pass(3_000);
    assert.deepEqual(serving(registry), []);
  });

  test('counts readings of nobody who left longer ago than the grace', async (t) => {
    const { registry, old, recent, pass } = await oneOfTwo(t);
    registry.update([old.spec, recent.spec]);
    await pass(100);
    registry.update([old.spec]);
    const counted = () => [...registry.discoveryCounters.readings.keys()].sort();
    await pass(299_000);
    assert.deepEqual(counted(), ['new', 'old']);
    await pass(3_000);
    assert.deepEqual(counted(), ['old']);
  });

  test('takes a server whose certificate must carry another name for one to be proven anew', async (t) => {
    const { registry, old } = await oneOfTwo(t);
    const [monitor] = registry.monitors;
    registry.update([{ ...old.spec, servername: 'other.example' }]);
    assert.notEqual(registry.monitors[0], monitor);
    assert.equal(registry.monitors[0]?.fetched, monitor?.fetched);
    assert.deepEqual(registry.departed, []);
    assert.equal(old.opened.at(-1)?.options.servername, 'other.example');
  });

  test('may be empty at first: nothing is complete before there is a server', async (t) => {
    const recent = new PlayedServer('new', 'v1.37.0', WIDGETS);
    const { create, pass } = playRegistry(t, [recent]);
    const registry = create(undefined, []);
    registry.start();
    await pass(5_000);
    assert.deepEqual([registry.complete, registry.anyReady], [false, false]);
    registry.update([recent.spec]);
    await registry.whenComplete();
    assert.deepEqual(serving(registry), ['new ready']);
  });

  test('says whether a ready server stays', async (t) => {
    const { registry, old, recent } = await oneOfTwo(t);
    assert.equal(registry.keepsReady([recent.spec, old.spec]), true);
    assert.equal(registry.keepsReady([recent.spec]), false);
    registry.update([old.spec, recent.spec]);
    assert.equal(registry.keepsReady([recent.spec]), false, 'it is not ready yet');
  });

  test('ends what is left of a server that is going when the registry is stopped', async (t) => {
    const { registry, old, recent, pass } = await oneOfTwo(t);
    registry.update([old.spec, recent.spec]);
    await pass(100);
    registry.update([old.spec]);
    await registry.stop(0);
    assert.deepEqual(new Set(closings(recent)), new Set([0]));
  });
});

describe('a server that restarts without a type', () => {
  const JOBS = discoveryOf({ v1: { pods: ['get'] }, 'batch/v1': { jobs: ['get'] } });
  const CRONJOBS = discoveryOf({ v1: { pods: ['get'] }, 'batch/v1': { cronjobs: ['get'] } });

  async function withJobs(t: TestContext) {
    const old = new PlayedServer('old', 'v1.36.0', PODS);
    const recent = new PlayedServer('new', 'v1.37.0', JOBS);
    const play = playRegistry(t, [old, recent]);
    await play.started();
    return { ...play, recent };
  }

  /** Who serves a resource of batch/v1 and may be asked, and who else did. */
  const batch = ({ snapshot }: ServerRegistry, resource: string) => {
    const found = snapshot.table.lookup('batch', 'v1', resource, '', 'get');
    const servers = found.kind === 'capable' ? found.servers.map((position) => snapshot.servers[position]) : [];
    return servers.map((server) => `${server?.name} ${server?.ready ? 'ready' : server?.condition}`);
  };
  const freshness = ({ snapshot }: ServerRegistry) => {
    const items = JSON.parse(snapshot.published?.['/apis'].v2.identity.toString() ?? '{"items":[]}').items;
    return items.flatMap(({ versions }: { versions: { freshness: string }[] }) => versions.map((v) => v.freshness));
  };

  test('keeps it known as one that nobody serves, until the grace is over', async (t) => {
    const { registry, recent, pass, refreshed } = await withJobs(t);
    recent.discovery = PODS;
    await refreshed();
    assert.deepEqual(batch(registry, 'jobs'), ['new@before came back without some of its types']);
    assert.deepEqual(freshness(registry), ['Stale']);
    assert.deepEqual(
      registry.departed.map(({ kind, report }) => [kind, report.name]),
      [['former', 'new@before']],
    );
    await pass(290_000);
    assert.deepEqual(freshness(registry), ['Stale']);
    await pass(15_000);
    await refreshed();
    assert.deepEqual([batch(registry, 'jobs'), freshness(registry)], [[], []]);
  });

  test('forgets what it was when it has the type again', async (t) => {
    const { registry, recent, refreshed } = await withJobs(t);
    recent.discovery = PODS;
    await refreshed();
    recent.discovery = JOBS;
    await refreshed();
    assert.deepEqual(
      [registry.departed, batch(registry, 'jobs'), freshness(registry)],
      [[], ['new ready'], ['Current']],
    );
  });

  test('keeps what several restarts took away', async (t) => {
    const { registry, recent, refreshed } = await withJobs(t);
    recent.discovery = CRONJOBS;
    await refreshed();
    recent.discovery = PODS;
    await refreshed();
    const former = ['new@before came back without some of its types'];
    assert.deepEqual([batch(registry, 'jobs'), batch(registry, 'cronjobs')], [former, former]);
    recent.discovery = CRONJOBS;
    await refreshed();
    assert.deepEqual([batch(registry, 'jobs'), batch(registry, 'cronjobs')], [former, ['new ready']]);
  });

  test('keeps it known through a change of the list', async (t) => {
    const { registry, recent, refreshed } = await withJobs(t);
    recent.discovery = PODS;
    await refreshed();
    registry.update(registry.monitors.map(({ spec }) => spec).toReversed());
    assert.equal(batch(registry, 'jobs').length, 1);
    registry.update([]);
    assert.equal(batch(registry, 'jobs').length, 1);
  });
});
