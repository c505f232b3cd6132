import assert from 'node:assert/strict';
import { test } from 'node:test';
import { playRegistry } from '../../test/support/played-registry.ts';
import { PlayedServer, unreachable } from '../../test/support/played-server.ts';
import type { ServerDiscovery } from '../discovery/server-discovery.ts';
import { discoveryOf } from '../discovery/testing/discovery-of.ts';
import type { NetworkServer } from './server-spec.ts';

/* How cost grows, without a clock: what is one object for all servers is paid for once. */

const COMMON = { v1: { pods: ['get'] }, 'apps/v1': { deployments: ['get'] } };
const OLD = discoveryOf(COMMON);
const RECENT = discoveryOf({ ...COMMON, 'new.example.com/v1': { things: ['get'] } });

/** Servers of two versions; each sends a document of its own, equal to that of every other server. */
function crowd(count: number): PlayedServer[] {
  return Array.from({ length: count }, (_, i) => {
    const isOld = i % 2 === 0;
    return new PlayedServer(`server-${i}`, isOld ? 'v1.36.0' : 'v1.37.0', structuredClone(isOld ? OLD : RECENT));
  });
}

function documents({ monitors }: ReturnType<typeof playRegistry>['registry']): Set<ServerDiscovery | undefined> {
  return new Set(monitors.map(({ fetched }) => fetched?.discovery));
}

test('forty servers of two versions have two documents, which share every group that they have in common', async (t) => {
  const { registry, started } = playRegistry(t, crowd(40));
  await started();
  const [one, other, ...more] = documents(registry);
  assert.ok(one !== undefined && other !== undefined);
  assert.equal(more.length, 0);
  assert.equal(one.api, other.api);
  const apps = ({ apis }: ServerDiscovery) => apis.find(({ metadata }) => metadata.name === 'apps');
  assert.equal(apps(one), apps(other));
  const found = registry.snapshot.table.lookup('apps', 'v1', 'deployments', '', 'get');
  assert.equal(found.kind === 'capable' && found.servers.length, 40);
});

test('a server that goes changes its own entry in the snapshot, and the tables stay', async (t) => {
  const servers = crowd(40);
  const { registry, started } = playRegistry(t, servers);
  await started();
  const before = registry.snapshot;
  const [gone] = servers;
  assert.ok(gone);
  gone.health = 'refusing';
  gone.tell('clients', { kind: 'connect-failed', failure: unreachable() });
  const after = registry.snapshot;
  const changed = after.servers.filter((server, i) => server !== before.servers[i]);
  assert.deepEqual(
    changed.map(({ name, ready }) => [name, ready]),
    [['server-0', false]],
  );
  assert.equal(after.table, before.table);
  assert.equal(after.groups, before.groups);
  assert.equal(after.openapi, before.openapi);
});

test('the published documents stay the same objects when one of many equal servers goes', async (t) => {
  const servers = crowd(10);
  const { registry, started, refreshed } = playRegistry(t, servers);
  await started();
  await refreshed();
  const { published } = registry.snapshot;
  const [gone] = servers;
  assert.ok(gone);
  gone.health = 'refusing';
  gone.tell('clients', { kind: 'connect-failed', failure: unreachable() });
  await refreshed();
  assert.equal(registry.snapshot.published?.['/apis'], published?.['/apis']);
});

test('a condition that changes while a server stays unready is known within a second', async (t) => {
  const server = new PlayedServer('a', 'v1.37.0', RECENT);
  const { registry, started, pass } = playRegistry(t, [server]);
  await started();
  server.health = 'refusing';
  await pass(2_000);
  const refused = registry.snapshot.servers[0]?.condition;
  server.health = 500;
  await pass(2_000);
  assert.notEqual(registry.snapshot.servers[0]?.condition, refused);
});

test('who stays, leaves and joins is found out by looking at each server, not at each pair', (t) => {
  const servers = crowd(240);
  const specs = servers.map(({ spec }) => spec);
  const { create } = playRegistry(t, servers);
  let reads = 0;
  const counted = (spec: NetworkServer): NetworkServer =>
    new Proxy(
      { ...spec },
      {
        get(of, key, receiver) {
          reads++;
          return Reflect.get(of, key, receiver);
        },
      },
    );
  /** How often a spec is looked into when half of `count` servers are replaced by others. */
  const replacing = (count: number): number => {
    const registry = create(undefined, specs.slice(0, count).map(counted));
    const before = new Set(registry.monitors);
    reads = 0;
    registry.update(specs.slice(count / 2, count * 1.5).map(counted));
    assert.equal(registry.monitors.filter((monitor) => before.has(monitor)).length, count / 2);
    return reads;
  };
  const few = replacing(40);
  const many = replacing(160);
  assert.ok(many < few * 6, `${many} for four times as many as had ${few}`);
});
