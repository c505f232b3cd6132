import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { request } from 'node:https';
import { json } from 'node:stream/consumers';
import { after, before, describe, it } from 'node:test';
import type { ControlPlane } from '../../../src/lab/control-plane/control-plane.ts';
import { type ProxyProcess, startProxy } from '../../../tools/control-plane/proxy.ts';
import { startControlPlane } from '../../../tools/control-plane/start.ts';
import { connectClient, PROTOCOLS } from '../../support/api-client.ts';
import { apiRequest } from '../support/api-request.ts';

const MIB = 1024 * 1024;
/** kube-apiserver allows a ConfigMap 1 MiB of data and a request 3 MiB. */
const DATA = randomBytes((MIB * 3) / 4 - 64).toString('base64');
const CONFIG_MAPS = '/api/v1/namespaces/default/configmaps';
const NEW_ONLY = '/apis/resource.k8s.io/v1/devicetaintrules';

describe('large bodies through the proxy to real servers', () => {
  let controlPlane: ControlPlane;
  let proxy: ProxyProcess;

  before(async () => {
    const servers = [
      { name: 'old', version: '1.34.4' },
      { name: 'new', version: '1.37.2' },
    ];
    controlPlane = await startControlPlane({ servers });
    proxy = await startProxy(controlPlane, { extraArgs: [`--local-server=${controlPlane.server('old').url}`] });
  });

  after(() => controlPlane?.stop());

  const asAdmin = (): { ca: string; cert: string; key: string } => {
    const { servingCa, admin } = controlPlane.pki;
    return { ca: servingCa.cert, cert: admin.cert, key: admin.key };
  };

  async function storedData(name: string): Promise<unknown> {
    const { status, body } = await apiRequest(`${controlPlane.server('old').url}${CONFIG_MAPS}/${name}`, asAdmin());
    assert.equal(status, 200, body);
    return JSON.parse(body).data.blob;
  }

  for (const protocol of PROTOCOLS) {
    it(`a POST of 1 MiB over ${protocol} is stored as it was sent, and read back as it was stored`, async () => {
      const client = await connectClient(protocol, proxy.url, asAdmin());
      const name = `large-${protocol.replace(/\W/g, '-')}`;
      const headers = { 'content-type': 'application/json' };
      const body = JSON.stringify({ metadata: { name }, data: { blob: DATA } });
      assert.ok(body.length > MIB - 1024);
      const created = await client.request({ method: 'POST', path: CONFIG_MAPS, headers, body });
      assert.equal(created.status, 201, created.text);
      assert.ok((await storedData(name)) === DATA);
      const read = await client.request({ path: `${CONFIG_MAPS}/${name}` });
      assert.ok(JSON.parse(read.text).data.blob === DATA);
      client.close();
    });

    it(`a POST of 1 MiB over ${protocol} reaches the server that has the resource`, async () => {
      const client = await connectClient(protocol, proxy.url, asAdmin());
      const headers = { 'content-type': 'application/json' };
      const body = JSON.stringify({ metadata: { name: 'large', annotations: { blob: DATA } } });
      const refused = await client.request({ method: 'POST', path: NEW_ONLY, headers, body });
      assert.equal(refused.status, 422, refused.text);
      const { details } = JSON.parse(refused.text);
      const fields = details.causes.map(({ field }: { field: string }) => field);
      assert.ok(fields.includes('metadata.annotations'), 'it has read the whole body to say that this is too long');
      client.close();
    });
  }

  it('a chunked POST of 1 MiB in small pieces is stored as it was sent', async () => {
    const headers = { 'content-type': 'application/json' };
    const options = { ...asAdmin(), method: 'POST', headers, agent: false };
    const outgoing = request(`${proxy.url}${CONFIG_MAPS}`, options);
    const answered = Promise.withResolvers<IncomingMessage>();
    outgoing.on('response', answered.resolve).on('error', answered.reject);
    const body = JSON.stringify({ metadata: { name: 'chunked' }, data: { blob: DATA } });
    for (let start = 0; start < body.length; start += 1000) {
      if (!outgoing.write(body.slice(start, start + 1000))) await once(outgoing, 'drain');
    }
    outgoing.end();
    const response = await answered.promise;
    assert.equal(response.statusCode, 201, JSON.stringify(await json(response)));
    assert.ok((await storedData('chunked')) === DATA);
  });
});
