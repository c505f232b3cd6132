import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { startProxy } from '../../../tools/control-plane/proxy.ts';
import { startControlPlane } from '../../../tools/control-plane/start.ts';
import { type HttpRequest, PROTOCOLS, requestOnce } from '../support/http-client.ts';
import { metricSum } from '../support/metrics.ts';
import { isUnknownResource } from '../support/unknown-resource.ts';

const controlPlane = await startControlPlane({
  servers: [
    { name: 'old', version: '1.36.3' },
    { name: 'new', version: '1.37.2' },
  ],
});
after(() => controlPlane.stop());
const { pki } = controlPlane;
const old = controlPlane.server('old');
const sidecar = await startProxy(controlPlane, { extraArgs: [`--local-server=${old.url}`] });

const CSI_NODES = '/apis/storage.k8s.io/v1/csinodes';
const STATUS = `${CSI_NODES}/node-1/status`;
const MERGE_PATCH = ['content-type', 'application/merge-patch+json'];
const ROUNDS = 20;

const asAdmin = (url: string, protocol: 'h2' | 'http/1.1', request: HttpRequest) =>
  requestOnce({ url, protocol, ca: pki.servingCa.cert, certificate: pki.admin }, request);

test('csinodes/status, which only 1.37.2 has, through the proxy of a 1.36.3 server', async (t) => {
  const body = { metadata: { name: 'node-1' }, spec: { drivers: [] } };
  const created = await asAdmin(sidecar.url, 'h2', { method: 'POST', target: CSI_NODES, body });
  assert.equal(created.status, 201, created.body.toString());

  const requests: HttpRequest[] = [
    { target: STATUS },
    { method: 'PATCH', target: STATUS, headers: MERGE_PATCH, body: { metadata: { labels: { seen: 'yes' } } } },
  ];
  for (const protocol of PROTOCOLS) {
    for (const request of requests) {
      const direct = await asAdmin(old.url, protocol, request);
      assert.ok(isUnknownResource(direct), `1.36.3 itself: ${direct.status} ${direct.body}`);
      for (let round = 0; round < ROUNDS; round++) {
        const answer = await asAdmin(sidecar.url, protocol, request);
        assert.equal(answer.status, 200, answer.body.toString());
        assert.equal(JSON.parse(answer.body.toString()).metadata.name, 'node-1');
      }
    }
    // The resource itself stays with the local server: only the subresource moves.
    const object = await asAdmin(sidecar.url, protocol, { target: `${CSI_NODES}/node-1` });
    assert.equal(object.status, 200);
  }

  const moved = await metricSum(sidecar, 'mvproxy_requests_total', 'decision="PeerServesSubresourceOrVerb",code="2xx"');
  assert.equal(moved, PROTOCOLS.length * requests.length * ROUNDS);
  assert.equal(await metricSum(sidecar, 'mvproxy_requests_total', 'decision="PeerServesResource"'), 0);
  t.diagnostic(`${moved} requests for csinodes/status: 0 false 404s; 1.36.3 itself answers 404 to each`);
});

test('an object that is missing: 404 that names the object, not the type', async () => {
  for (const protocol of PROTOCOLS) {
    const answer = await asAdmin(sidecar.url, protocol, { target: `${CSI_NODES}/nobody/status` });
    assert.equal(answer.status, 404);
    assert.equal(JSON.parse(answer.body.toString()).details.name, 'nobody');
  }
});
