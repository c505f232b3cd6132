import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { MergeInput } from '../discovery/merge.ts';
import { publishDiscovery } from '../discovery/published-discovery.ts';
import type { ServerDiscovery } from '../discovery/server-discovery.ts';
import { discoveryOf } from '../discovery/testing/discovery-of.ts';
import type { Logger } from '../observe/logger.ts';
import { DocumentIds } from './document-ids.ts';
import { MergedView } from './merged-view.ts';

const PODS = discoveryOf({ v1: { pods: ['get'] } });
const NODES = discoveryOf({ v1: { nodes: ['get'] } });
const BOTH = discoveryOf({ v1: { nodes: ['get'], pods: ['get'] } });

const input = (discovery: ServerDiscovery, overrides: Partial<MergeInput> = {}): MergeInput => ({
  server: 'a',
  version: { major: 1, minor: 37, patch: 0 },
  ready: true,
  fresh: true,
  discovery,
  ...overrides,
});

function setUp() {
  const errors: string[] = [];
  const ignore = () => {};
  const logger: Logger = { debug: ignore, info: ignore, warn: ignore, error: (message) => errors.push(message) };
  let changes = 0;
  const view = new MergedView(logger, () => changes++);
  return { view, errors, changes: () => changes };
}

const etagOf = async (discovery: ServerDiscovery) => (await publishDiscovery(discovery))['/api'].v2.etag;

test('there is nothing before the first documents', async () => {
  const { view, changes } = setUp();
  view.update([]);
  await view.settled();
  assert.deepEqual([view.published, view.conflicts, changes()], [undefined, [], 0]);
});

test('publishes the union of what the servers serve', async () => {
  const { view, changes } = setUp();
  view.update([input(PODS), input(NODES, { server: 'b', version: undefined })]);
  assert.equal(changes(), 0);
  await view.settled();
  const resources = JSON.parse(view.published?.['/api'].v2.identity.toString() ?? '').items[0].versions[0].resources;
  assert.deepEqual(resources.map(({ resource }: { readonly resource: string }) => resource).sort(), ['nodes', 'pods']);
  assert.equal(changes(), 1);
});

test('prepares nothing when nothing changed', async () => {
  const { view, changes } = setUp();
  view.update([input(PODS)]);
  await view.settled();
  const { published } = view;
  view.update([input(PODS)]);
  await view.settled();
  assert.equal(view.published, published);
  assert.equal(changes(), 1);
});

for (const [name, change] of [
  ['readiness', { ready: false }],
  ['freshness', { fresh: false }],
  ['version', { version: { major: 1, minor: 36, patch: 0 } }],
  ['document', { discovery: NODES }],
] as const) {
  test(`prepares anew when a server's ${name} changed`, async () => {
    const { view, changes } = setUp();
    view.update([input(PODS)]);
    await view.settled();
    view.update([input(PODS, change)]);
    await view.settled();
    assert.equal(changes(), 2);
  });
}

test('of the changes during a preparation the last wins', async () => {
  const { view, changes } = setUp();
  view.update([input(PODS)]);
  view.update([input(NODES)]);
  view.update([input(BOTH)]);
  await view.settled();
  assert.equal(view.published?.['/api'].v2.etag, await etagOf(BOTH));
  assert.equal(changes(), 2);
});

test('a change that is taken back during a preparation is not published', async () => {
  const { view, changes } = setUp();
  view.update([input(PODS)]);
  view.update([input(NODES)]);
  view.update([input(PODS)]);
  await view.settled();
  assert.equal(view.published?.['/api'].v2.etag, await etagOf(PODS));
  assert.equal(changes(), 1);
});

test('reports what the servers contradict each other in', async () => {
  const { view } = setUp();
  const cluster = structuredClone(PODS.api).map((group) => ({
    ...group,
    versions:
      group.versions?.map((version) => ({
        ...version,
        resources: version.resources?.map((resource) => ({ ...resource, scope: 'Cluster' })) ?? [],
      })) ?? [],
  }));
  view.update([input(PODS), input({ api: cluster, apis: [] }, { server: 'b' })]);
  await view.settled();
  assert.deepEqual(
    view.conflicts.map(({ resource, field }) => [resource, field]),
    [['pods', 'scope']],
  );
});

test('documents that cannot be merged leave the last ones, are reported, and are tried again', async () => {
  const { view, errors } = setUp();
  view.update([input(PODS)]);
  await view.settled();
  const { published } = view;
  const broken = {
    get api(): never {
      throw new Error('broken');
    },
    apis: [],
  };
  for (let attempt = 1; attempt <= 2; attempt++) {
    view.update([input(broken)]);
    await view.settled();
    assert.equal(view.published, published);
    assert.equal(errors.length, attempt);
  }
});

test('a successor has the documents from the start', async () => {
  const { view } = setUp();
  view.update([input(PODS)]);
  await view.settled();
  const next = setUp();
  next.view.inherit(view);
  assert.equal(next.view.published, view.published);
  assert.equal(next.view.conflicts, view.conflicts);
});

test('objects are numbered by identity, and nothing is 0', () => {
  const ids = new DocumentIds();
  const [one, other] = [{}, {}];
  assert.equal(ids.of(undefined), 0);
  assert.deepEqual([ids.of(one), ids.of(other), ids.of(one)], [1, 2, 1]);
});
