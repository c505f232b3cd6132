import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { believes, type SidecarNode, sidecarNodes } from './support/sidecars.ts';

const ON_BOTH = '/api/v1/namespaces/default/configmaps';

/** A gateway in front of API servers of 1.34.4 and 1.37.2. */
async function gateway(t: TestContext, flags: Readonly<Record<string, string>> = {}) {
  const { nodes } = await sidecarNodes(t, ['1.34.4', '1.37.2', '1.36.3']);
  const [old, recent, front] = nodes;
  assert.ok(old !== undefined && recent !== undefined && front !== undefined);
  const peers = [old, recent].map(({ name, api }) => ({ name, url: api.url }));
  await front.start({ peers, isGateway: true, flags });
  await believes(front, { 'node-1': 'ready', 'node-2': 'ready' });
  return { old, recent, front };
}

/** Which servers answer, each time over a new connection. */
async function answering(front: SidecarNode, method: string, userAgent: string): Promise<string[]> {
  const found = new Set<string>();
  for (let connection = 0; connection < 20; connection++) {
    const client = await front.as('admin');
    const headers = { 'user-agent': userAgent };
    const { text } = await client.request({
      method,
      path: ON_BOTH,
      headers,
      ...(method === 'POST' ? { body: {} } : {}),
    });
    found.add(JSON.parse(text).servedBy);
    client.close();
  }
  return [...found].sort();
}

test('components of Kubernetes get servers that are not older than themselves, others any', async (t) => {
  const { recent, front } = await gateway(t);
  assert.deepEqual(await answering(front, 'GET', 'kubelet/v1.37.2 (linux/amd64) kubernetes/1234'), ['node-2']);
  assert.deepEqual(await answering(front, 'GET', 'kubelet/v1.34.4 (linux/amd64) kubernetes/1234'), [
    'node-1',
    'node-2',
  ]);
  assert.deepEqual(await answering(front, 'GET', 'helm/v3.15.2'), ['node-1', 'node-2']);
  await recent.api.stop();
  await believes(front, { 'node-2': 'unready' });
  assert.deepEqual(await answering(front, 'GET', 'kubelet/v1.37.2 (linux/amd64) kubernetes/1234'), ['node-1']);
});

test('affinity can be turned off', async (t) => {
  const { front } = await gateway(t, { 'client-version-affinity': 'false' });
  assert.deepEqual(await answering(front, 'GET', 'kubelet/v1.37.2'), ['node-1', 'node-2']);
});

for (const [writes, server] of [
  ['newest', 'node-2'],
  ['oldest', 'node-1'],
] as const) {
  test(`writes go to the ${writes} version, reads to each client’s own server`, async (t) => {
    const { front } = await gateway(t, { writes });
    assert.deepEqual(await answering(front, 'POST', 'helm/v3.15.2'), [server]);
    assert.deepEqual(await answering(front, 'GET', 'helm/v3.15.2'), ['node-1', 'node-2']);
  });
}
