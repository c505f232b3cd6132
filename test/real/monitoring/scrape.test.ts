import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startEmbeddedControlPlane } from '../../support/embedded-daemon.ts';
import { sendUnknown } from '../../support/fake-api-server.ts';
import { apiRequest } from '../support/api-request.ts';
import { promtool } from './support-promtool.ts';

test('a scrape has nothing that promtool would complain of', async (t) => {
  const { daemon, old, ...plane } = await startEmbeddedControlPlane(t);
  const client = await plane.client();
  await client.request({ path: '/apis/resource.k8s.io/v1/devicetaintrules' });
  old.handler = sendUnknown;
  await client.request({ path: '/api/v1/namespaces/default/configmaps' });
  const { body } = await apiRequest(`${daemon.adminAddress}/metrics`);
  assert.match(body, /mvproxy_unexpected_404_total\{/);
  assert.deepEqual(await promtool(['check', 'metrics'], body), { ok: true, text: '' });
  const worse = `${body}# HELP mvproxy_bad_total A gauge.\n# TYPE mvproxy_bad_total gauge\nmvproxy_bad_total 1\n`;
  assert.equal((await promtool(['check', 'metrics'], worse)).ok, false);
});
