import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { startListener, testPki } from '../../../test/support/loopback.ts';
import { testClient } from '../client/testing/start-client.ts';
import { NamespaceController } from './namespace-controller.ts';
import { CONFIG_MAPS, NAMESPACES, TinyApi, type TinyType, UNKNOWN_TYPE } from './testing/tiny-api.ts';
import { when } from './testing/when.ts';

const REQUESTS: TinyType = {
  group: 'certificates.k8s.io',
  version: 'v1',
  resource: 'podcertificaterequests',
  kind: 'PodCertificateRequest',
  namespaced: true,
};
const TERMINATING = {
  metadata: { deletionTimestamp: '2026-01-01T00:00:00Z' },
  spec: { finalizers: ['kubernetes'] },
  status: { phase: 'Active' },
};

/** The namespace `doomed` with one object of each type, and the controller. */
async function start(t: TestContext, types: readonly TinyType[], prepare: (api: TinyApi) => void = () => {}) {
  const api = new TinyApi([NAMESPACES, ...types]);
  for (const type of types) api.put(type, 'object', { namespace: 'doomed' });
  api.put(NAMESPACES, 'doomed', TERMINATING);
  api.put(NAMESPACES, 'kept', { spec: { finalizers: ['kubernetes'] } });
  prepare(api);
  const { port } = await startListener(t, { handler: api.handler });
  const client = testClient(port, (await testPki()).ca.cert);
  const failures: string[] = [];
  const controller = new NamespaceController({ client, delayMs: 0, onFailure: (_name, why) => failures.push(why) });
  t.after(async () => {
    controller.close();
    await client.close();
  });
  return { api, failures };
}

test('a namespace that is being deleted is emptied, then let go; others are left alone', async (t) => {
  const { api } = await start(t, [CONFIG_MAPS, REQUESTS]);
  await when(api, () => !api.has(NAMESPACES, 'doomed'));
  assert.ok(!api.has(CONFIG_MAPS, 'object', 'doomed'));
  assert.ok(!api.has(REQUESTS, 'object', 'doomed'));
  assert.ok(api.has(NAMESPACES, 'kept'));
  const writes = api.requests.filter(({ method }) => method === 'PUT').map(({ path }) => path);
  assert.deepEqual(writes, ['/api/v1/namespaces/doomed/status', '/api/v1/namespaces/doomed/finalize']);
});

test('a server that answers 404 for a type makes the namespace pass for empty: its objects leak', async (t) => {
  const { api } = await start(t, [REQUESTS], (prepared) => {
    prepared.instead = ({ path }) => (path.endsWith('/podcertificaterequests') ? UNKNOWN_TYPE : undefined);
  });
  await when(api, () => !api.has(NAMESPACES, 'doomed'));
  assert.ok(api.has(REQUESTS, 'object', 'doomed'));
});

test('503 is no such answer: the namespace is tried again until its objects are gone', async (t) => {
  let refusals = 3;
  const { api, failures } = await start(t, [REQUESTS], (prepared) => {
    prepared.instead = ({ path, method }) =>
      method === 'DELETE' && path.endsWith('/podcertificaterequests') && refusals-- > 0 ? { status: 503 } : undefined;
  });
  await when(api, () => !api.has(NAMESPACES, 'doomed'));
  assert.equal(failures.length, 3);
  assert.ok(!api.has(REQUESTS, 'object', 'doomed'));
});

test('without deletecollection, objects are deleted one by one', async (t) => {
  const verbs = ['delete', 'get', 'list'];
  const { api } = await start(t, [{ ...REQUESTS, verbs }]);
  await when(api, () => !api.has(NAMESPACES, 'doomed'));
  assert.ok(!api.has(REQUESTS, 'object', 'doomed'));
  assert.ok(!api.requests.some(({ method, path }) => method === 'DELETE' && path.endsWith('requests')));
});

test('a namespace is not let go while discovery fails', async (t) => {
  let fails = true;
  const { api, failures } = await start(t, [REQUESTS], (prepared) => {
    // The controller's first look, at its start, succeeds.
    const isFirst = () => prepared.requests.filter(({ path }) => path === '/apis').length === 1;
    prepared.instead = ({ path }) => (path === '/apis' && fails && !isFirst() ? { status: 500 } : undefined);
  });
  await when(api, () => failures.length === 2);
  assert.ok(api.has(NAMESPACES, 'doomed'));
  fails = false;
  await when(api, () => !api.has(NAMESPACES, 'doomed'));
  assert.ok(!api.has(REQUESTS, 'object', 'doomed'));
});
