import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { ProxyStatus } from '../../../src/admin/status.ts';
import type { ControlPlane } from '../../../src/lab/control-plane/control-plane.ts';
import { type ProxyProcess, startProxy } from '../../../tools/control-plane/proxy.ts';
import { startControlPlane } from '../../../tools/control-plane/start.ts';
import { eventually } from '../support/eventually.ts';
import { header, requestOnce } from '../support/http-client.ts';

/** Long enough that it is in use before it expires. */
const LIFE_MS = 8_000;
const PODS = '/api/v1/namespaces/default/pods';

describe("the proxy's own client certificate", () => {
  let controlPlane: ControlPlane;
  let proxy: ProxyProcess;

  const renew = (notAfter?: Date) => {
    const { pki } = controlPlane;
    const request = { commonName: 'front-proxy-client', ...(notAfter === undefined ? {} : { notAfter }) };
    return pki.issue('front-proxy-client', request, pki.frontProxyCa);
  };
  const server = async () => {
    const answer = await fetch(`${proxy.adminUrl}/status`);
    const [status] = ((await answer.json()) as ProxyStatus).servers;
    assert.ok(status);
    return status;
  };
  const ask = () => {
    const { servingCa, admin } = controlPlane.pki;
    return requestOnce({ url: proxy.url, protocol: 'h2', ca: servingCa.cert, certificate: admin }, { target: PODS });
  };

  before(async () => {
    controlPlane = await startControlPlane({ servers: [{ name: 'only', version: '1.37.2' }] });
    proxy = await startProxy(controlPlane);
  });
  after(() => controlPlane?.stop());

  it('that expires is named in /status, and clients get 503 with Retry-After and no 401', async () => {
    assert.equal((await ask()).status, 200);
    await renew(new Date(Date.now() + LIFE_MS));
    await eventually('the server believes us no longer', async () =>
      /answered 401: .*has it expired/.test((await server()).condition),
    );
    const answer = await ask();
    assert.deepEqual([answer.status, header(answer, 'retry-after')], [503, '1']);
  });

  it('that is renewed is used without a restart', async () => {
    await renew();
    await eventually('the server believes us', async () => (await server()).state === 'ready');
    assert.equal((await ask()).status, 200);
  });
});
