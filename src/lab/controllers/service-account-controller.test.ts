import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startListener, testPki } from '../../../test/support/loopback.ts';
import { statusReply } from '../client/testing/listed.ts';
import { testClient } from '../client/testing/start-client.ts';
import { ServiceAccountController } from './service-account-controller.ts';
import { NAMESPACES, TinyApi, type TinyType } from './testing/tiny-api.ts';
import { when } from './testing/when.ts';

const ACCOUNTS: TinyType = {
  group: '',
  version: 'v1',
  resource: 'serviceaccounts',
  kind: 'ServiceAccount',
  namespaced: true,
};
const TERMINATING = { metadata: { deletionTimestamp: '2026-01-01T00:00:00Z' } };

test('every namespace that lives has its ServiceAccount, however often it is deleted', async (t) => {
  const api = new TinyApi([NAMESPACES, ACCOUNTS]);
  const created: string[] = [];
  let refusals = 1;
  api.instead = ({ method, path }) => {
    if (method !== 'POST') return undefined;
    if (refusals-- > 0) return statusReply(503, 'ServiceUnavailable');
    const namespace = path.split('/')[4] ?? '';
    const isDying = api.get(NAMESPACES, namespace)?.metadata.deletionTimestamp !== undefined;
    if (isDying) return statusReply(403, 'Forbidden');
    created.push(namespace);
    return { status: 201, json: api.put(ACCOUNTS, 'default', { namespace }) };
  };
  api.put(NAMESPACES, 'old');
  api.put(NAMESPACES, 'has');
  api.put(ACCOUNTS, 'default', { namespace: 'has' });
  api.put(NAMESPACES, 'dying', TERMINATING);
  const { port } = await startListener(t, { handler: api.handler });
  const client = testClient(port, (await testPki()).ca.cert);
  const controller = new ServiceAccountController(client);
  t.after(async () => {
    controller.close();
    await client.close();
  });

  await when(api, () => api.has(ACCOUNTS, 'default', 'old'));
  api.put(NAMESPACES, 'new');
  await when(api, () => api.has(ACCOUNTS, 'default', 'new'));
  api.remove(ACCOUNTS, 'default', 'has');
  await when(api, () => api.has(ACCOUNTS, 'default', 'has'));
  api.put(NAMESPACES, 'new', TERMINATING);
  api.remove(ACCOUNTS, 'default', 'new');
  api.put(NAMESPACES, 'last');
  await when(api, () => api.has(ACCOUNTS, 'default', 'last'));
  assert.deepEqual(created, ['old', 'new', 'has', 'last']);
});
