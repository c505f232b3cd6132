import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { startListener, testPki } from '../../../test/support/loopback.ts';
import { testClient } from '../client/testing/start-client.ts';
import { GarbageCollector } from './garbage-collector.ts';
import { CONFIG_MAPS, NAMESPACES, ownedBy, RULES, TinyApi, UNKNOWN_TYPE } from './testing/tiny-api.ts';
import { when } from './testing/when.ts';

const RULE = '/apis/resource.k8s.io/v1/devicetaintrules/owner';
const A = { namespace: 'default' };

async function start(t: TestContext, api: TinyApi, syncPeriodMs = 60_000) {
  const { port } = await startListener(t, { handler: api.handler });
  const client = testClient(port, (await testPki()).ca.cert);
  const collected: string[] = [];
  const collector = new GarbageCollector({ client, syncPeriodMs, onCollect: ({ name }) => collected.push(name) });
  t.after(async () => {
    collector.close();
    await client.close();
  });
  return { collector, collected };
}

/** One owner of a skewed type with one dependent; `isSeen` false: informers get the type's 404, as from an older server. */
function ownerAndDependent(isSeen: boolean): TinyApi {
  const api = new TinyApi([CONFIG_MAPS, NAMESPACES, RULES]);
  api.put(RULES, 'owner');
  api.put(CONFIG_MAPS, 'dependent', { ...A, owners: [ownedBy(RULES, 'owner')] });
  api.instead = ({ path }) => (!isSeen && path === RULE.slice(0, RULE.lastIndexOf('/')) ? UNKNOWN_TYPE : undefined);
  return api;
}

test('a dependent whose owner is there stays', async (t) => {
  const api = ownerAndDependent(true);
  const { collector } = await start(t, api);
  await collector.settled();
  assert.ok(api.has(CONFIG_MAPS, 'dependent', 'default'));
});

test('the 404 of a server that does not know the type of the owner costs the dependent its life', async (t) => {
  const api = ownerAndDependent(false);
  const { instead } = api;
  api.instead = (request) => (request.path === RULE ? UNKNOWN_TYPE : instead(request));
  // The list of the type never comes; the work begins without it, as kube-controller-manager's does.
  const { collected } = await start(t, api, 300);
  await when(api, () => !api.has(CONFIG_MAPS, 'dependent', 'default'));
  assert.deepEqual(collected, ['dependent']);
  assert.ok(api.has(RULES, 'owner'), 'although the owner lives');
  const deletion = api.requests.find(({ method }) => method === 'DELETE');
  const { preconditions, propagationPolicy } = Object(deletion?.body);
  assert.equal(preconditions.uid, 'uid-dependent');
  assert.equal(propagationPolicy, 'Background');
});

test('503 for the owner leaves the dependent alone, and is asked again', async (t) => {
  const api = ownerAndDependent(false);
  const { instead } = api;
  let asked = 0;
  api.instead = (request) => {
    if (request.path !== RULE) return instead(request);
    asked += 1;
    return { status: 503, json: { kind: 'Status', status: 'Failure', reason: 'ServiceUnavailable', code: 503 } };
  };
  const { collected } = await start(t, api, 300);
  await when(api, () => asked === 5);
  assert.deepEqual(collected, []);
  assert.ok(api.has(CONFIG_MAPS, 'dependent', 'default'));
});

test('a kind that the mapper does not know is no reason to delete', async (t) => {
  const api = new TinyApi([CONFIG_MAPS, NAMESPACES]);
  api.put(CONFIG_MAPS, 'dependent', { ...A, owners: [ownedBy(RULES, 'owner')] });
  const { collector, collected } = await start(t, api);
  await collector.settled();
  assert.ok(!api.requests.some(({ path }) => path === RULE), 'nobody is asked for the owner');
  assert.deepEqual(collected, []);
});

test('a dependent goes with its last owner; with another one left it only loses the reference', async (t) => {
  const api = new TinyApi([CONFIG_MAPS, NAMESPACES]);
  for (const name of ['one', 'two']) api.put(CONFIG_MAPS, name, A);
  const owners = ['one', 'two'].map((name) => ownedBy(CONFIG_MAPS, name));
  api.put(CONFIG_MAPS, 'dependent', { ...A, owners });
  const { collector, collected } = await start(t, api);
  await collector.settled();
  const ownersLeft = () => api.get(CONFIG_MAPS, 'dependent', 'default')?.metadata.ownerReferences?.length;
  // The collector works on what an informer shows, so it first has to hear of the owner's end.
  api.remove(CONFIG_MAPS, 'one', 'default');
  await when(api, () => ownersLeft() === 1);
  api.remove(CONFIG_MAPS, 'two', 'default');
  await when(api, () => !api.has(CONFIG_MAPS, 'dependent', 'default'));
  assert.deepEqual(collected, ['dependent']);
});

test('another object under the owner’s name is not the owner', async (t) => {
  const api = new TinyApi([CONFIG_MAPS, NAMESPACES, RULES]);
  api.put(RULES, 'owner');
  const owners = [ownedBy(RULES, 'owner', { uid: 'uid-of-the-former' })];
  api.put(CONFIG_MAPS, 'dependent', { ...A, owners });
  await start(t, api);
  await when(api, () => !api.has(CONFIG_MAPS, 'dependent', 'default'));
});

test('an owner that is deleted in the foreground waits for its blocking dependents', async (t) => {
  const api = new TinyApi([CONFIG_MAPS, NAMESPACES]);
  api.put(CONFIG_MAPS, 'owner', A);
  const owners = [ownedBy(CONFIG_MAPS, 'owner', { blockOwnerDeletion: true })];
  api.put(CONFIG_MAPS, 'dependent', { ...A, owners });
  const { collector } = await start(t, api);
  await collector.settled();
  const metadata = { finalizers: ['foregroundDeletion'], deletionTimestamp: '2026-01-01T00:00:01Z' };
  api.put(CONFIG_MAPS, 'owner', { ...A, metadata });
  await when(api, () => api.get(CONFIG_MAPS, 'owner', 'default')?.metadata.finalizers?.length === 0);
  assert.ok(!api.has(CONFIG_MAPS, 'dependent', 'default'));
});

test('an owner that orphans leaves its dependents without the reference', async (t) => {
  const api = new TinyApi([CONFIG_MAPS, NAMESPACES]);
  api.put(CONFIG_MAPS, 'owner', A);
  api.put(CONFIG_MAPS, 'dependent', { ...A, owners: [ownedBy(CONFIG_MAPS, 'owner')] });
  const { collector } = await start(t, api);
  await collector.settled();
  const metadata = { finalizers: ['orphan'], deletionTimestamp: '2026-01-01T00:00:01Z' };
  api.put(CONFIG_MAPS, 'owner', { ...A, metadata });
  await when(api, () => api.get(CONFIG_MAPS, 'owner', 'default')?.metadata.finalizers?.length === 0);
  assert.deepEqual(api.get(CONFIG_MAPS, 'dependent', 'default')?.metadata.ownerReferences, []);
});

test('a type that appears in discovery is watched after the next look', async (t) => {
  const api = new TinyApi([CONFIG_MAPS, NAMESPACES]);
  const { collector } = await start(t, api, 50);
  await collector.settled();
  api.types = [CONFIG_MAPS, NAMESPACES, RULES];
  await when(api, () =>
    api.requests.some(({ path, query }) => path.endsWith('/devicetaintrules') && query.has('watch')),
  );
});
