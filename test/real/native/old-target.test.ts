import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { ControlPlane } from '../../../src/lab/control-plane/control-plane.ts';
import type { ProxyProcess } from '../../../tools/control-plane/proxy.ts';
import { startControlPlane } from '../../../tools/control-plane/start.ts';
import { discoveryOf, NOPEER, V2, V2_BETA_1, verbsByPath } from '../support/aggregated-discovery.ts';
import { eventually } from '../support/eventually.ts';
import { type HttpClient, httpClient } from '../support/http-client.ts';
import { isUnknownResource } from '../support/unknown-resource.ts';
import {
  AdminClients,
  grantPublishing,
  nativeServer,
  plainServer,
  startPublishingSidecar,
  untilAnswered,
} from './support-native-plane.ts';

/** Gone since 1.32. */
const OLD_ONLY = '/apis/flowcontrol.apiserver.k8s.io/v1beta3/flowschemas/exempt';
const OLD_PATH = 'flowcontrol.apiserver.k8s.io/v1beta3/flowschemas';
const AS_NATIVE = ['x-remote-user', 'system:apiserver', 'x-remote-group', 'system:authenticated'];
const PROXIED = ['x-kubernetes-peer-proxied', 'true'];
const NATIVE_ACCEPT = `${NOPEER},${V2},application/json`;

/** 1.29 has no aggregated discovery in v2, the only form that native servers understand of a peer. */
describe('1.29.15 with our sidecar beside a native server', () => {
  let controlPlane: ControlPlane;
  let clients: AdminClients;
  let sidecar: ProxyProcess;
  let native: HttpClient;

  before(async () => {
    controlPlane = await startControlPlane({
      servers: [plainServer({ name: 'old', version: '1.29.15' }), nativeServer({ name: 'n37', version: '1.37.2' })],
    });
    clients = new AdminClients(controlPlane);
    native = clients.of(controlPlane.server('n37'));
    await grantPublishing(native);
    assert.ok(isUnknownResource(await native.request({ target: OLD_ONLY })));
    sidecar = await startPublishingSidecar(controlPlane, 'old');
  });

  after(async () => {
    clients?.close();
    await controlPlane?.stop();
  });

  it('is sent what only it serves', async () => {
    await untilAnswered(native, OLD_ONLY, 200);
    await eventually('it in the merged document', async () =>
      verbsByPath(await discoveryOf(native, '/apis', V2)).has(OLD_PATH),
    );
  });

  it('tells a native server in v2 what it serves, and nothing that others serve', async () => {
    const { servingCa, frontProxyClient } = controlPlane.pki;
    const asNative = httpClient({
      url: sidecar.url,
      protocol: 'h2',
      ca: servingCa.cert,
      certificate: frontProxyClient,
    });
    for (const target of ['/api', '/apis']) {
      const headers = ['accept', NATIVE_ACCEPT, ...AS_NATIVE, ...PROXIED];
      const own = await clients.of(controlPlane.server('old')).request({ target, headers: ['accept', V2_BETA_1] });
      const { status, body } = await asNative.request({ target, headers });
      assert.equal(status, 200);
      const told = JSON.parse(body.toString());
      assert.equal(told.apiVersion, 'apidiscovery.k8s.io/v2');
      const listed = (document: Parameters<typeof verbsByPath>[0]) => [...verbsByPath(document)].sort();
      assert.deepEqual(listed(told), listed(JSON.parse(own.body.toString())));
    }
    const nobody = await asNative.request({ target: '/apis', headers: ['accept', NATIVE_ACCEPT, ...PROXIED] });
    assert.equal(nobody.status, 401, 'a front proxy that asserts nobody is nobody');
    asNative.close();
  });
});
