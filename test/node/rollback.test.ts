import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type EmbeddedControlPlane, startEmbeddedControlPlane } from '../support/embedded-daemon.ts';
import { sendUnknown } from '../support/fake-api-server.ts';
import { aggregatedDiscovery } from '../support/fake-discovery.ts';

const SKEWED = '/apis/certificates.k8s.io/v1/clustertrustbundles';

test('a server that returns as an older binary gets no request on the strength of what it was', async (t) => {
  const plane = await startEmbeddedControlPlane(t);
  const client = await plane.client();
  plane.old.handler = sendUnknown;
  assert.equal((await client.request({ path: SKEWED })).status, 200);

  await plane.new.stop();
  assert.equal((await client.request({ path: SKEWED })).status, 503);
  plane.new.discovery = aggregatedDiscovery('1.34.4');
  plane.new.discoveryStatus = 503;
  plane.new.handler = sendUnknown;
  await plane.new.start();

  await became(plane, 'new', 'confirming');
  for (let i = 0; i < 20; i++) assert.equal((await client.request({ path: SKEWED })).status, 503);

  plane.new.discoveryStatus = 200;
  await became(plane, 'new', 'ready');
  const { status, headers, text } = await client.request({ path: SKEWED });
  assert.deepEqual(
    [status, headers['retry-after']],
    [503, '1'],
    'its objects are stored, and it may be upgraded again',
  );
  assert.match(text, /is served by new@before \(came back without some of its types\)/);
});

test('a healthy server that will not let us read its discovery still answers what it prefers', async (t) => {
  const plane = await startEmbeddedControlPlane(t);
  const client = await plane.client();
  // Before it came back it was ready once already.
  while (plane.log.size > 0) await plane.log.next();
  await plane.old.stop();
  plane.old.discoveryStatus = 403;
  await plane.old.start();
  await became(plane, 'old', 'ready');
  const { status, text } = await client.request({ path: '/api/v1/namespaces/default/configmaps' });
  assert.deepEqual([status, JSON.parse(text).servedBy], [200, 'old']);
});

async function became({ log }: EmbeddedControlPlane, server: string, state: string): Promise<void> {
  for (;;) {
    const { message, fields } = await log.next();
    if (message === `server is ${state}` && fields['server'] === server && fields['was'] !== 'probing') {
      if (state !== 'ready' || fields['was'] === 'confirming') return;
    }
  }
}
