import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { ControlPlane } from '../../../src/lab/control-plane/control-plane.ts';
import { type ProxyProcess, startProxy } from '../../../tools/control-plane/proxy.ts';
import { startControlPlane } from '../../../tools/control-plane/start.ts';
import { FakeApiServer } from '../../support/fake-api-server.ts';
import { legacyDiscovery } from '../../support/fake-discovery.ts';
import { widgetStore } from '../../support/widget-store.ts';
import { apiRequest } from '../support/api-request.ts';
import { ask, type Shape, servedBy, sortedEntries } from './support-served.ts';

const SHAPES: readonly Shape[] = ['v2', 'v2beta1'];
const FOREIGN = { group: 'old.example.com', version: 'v1', resource: 'widgets', kind: 'Widget' };
const WIDGETS = `/apis/${FOREIGN.group}/${FOREIGN.version}/${FOREIGN.resource}`;
const NEW_ONLY = '/apis/resource.k8s.io/v1/devicetaintrules';

/** Servers before 1.26 publish one document per group and version, and nothing else whatever Accept asks for. */
describe('a server without aggregated discovery beside 1.37.2', () => {
  let controlPlane: ControlPlane;
  let fake: FakeApiServer;
  /** By the name of their local server. */
  let proxies: Readonly<Record<'old' | 'new', ProxyProcess>>;

  before(async () => {
    controlPlane = await startControlPlane({ servers: [{ name: 'new', version: '1.37.2' }] });
    fake = await FakeApiServer.start({
      name: 'old',
      certificate: await controlPlane.pki.serving('old', '127.0.0.1'),
      gitVersion: 'v1.20.15',
      discovery: legacyDiscovery('1.34.4', FOREIGN),
      handler: widgetStore(WIDGETS),
    });
    const servers = [fake, controlPlane.server('new')];
    const beside = (name: 'old' | 'new', { url }: { url: string }): Promise<ProxyProcess> =>
      startProxy(controlPlane, { name: `proxy-${name}`, servers, extraArgs: [`--local-server=${url}`] });
    proxies = { old: await beside('old', fake), new: await beside('new', controlPlane.server('new')) };
  });

  after(async () => {
    await controlPlane?.stop();
    await fake?.stop();
  });

  for (const local of ['old', 'new'] as const) {
    for (const shape of SHAPES) {
      it(`is in the merged ${shape} document, whoever is local (${local})`, async () => {
        const merged = await servedBy(controlPlane, proxies[local].url, shape);
        const newer = await servedBy(controlPlane, controlPlane.server('new').url, 'v2');
        const expected = new Map(newer).set(
          WIDGETS.slice('/apis/'.length),
          'create,delete,get,list,patch,update,watch',
        );
        assert.deepEqual(sortedEntries(merged), sortedEntries(expected));
      });
    }

    it(`gets every request for what only it has, and none for what it lacks, whoever is local (${local})`, async () => {
      const { servingCa, admin } = controlPlane.pki;
      const credentials = { ca: servingCa.cert, cert: admin.cert, key: admin.key };
      const name = `made-${local}`;
      const body = { apiVersion: 'old.example.com/v1', kind: 'Widget', metadata: { name } };
      const created = await apiRequest(`${proxies[local].url}${WIDGETS}`, { ...credentials, method: 'POST', body });
      assert.equal(created.status, 201, created.body);
      const read = await ask(controlPlane, `${proxies[local].url}${WIDGETS}/${name}`);
      assert.deepEqual(JSON.parse(read.body), body);
      const absent = await ask(controlPlane, `${proxies[local].url}${WIDGETS}/absent`);
      assert.equal(absent.status, 404);
      assert.equal(JSON.parse(absent.body).details.name, 'absent', 'the missing object, not the missing type');

      const list = await ask(controlPlane, `${proxies[local].url}/apis/${FOREIGN.group}/${FOREIGN.version}`);
      assert.equal(list.status, 200, list.body);
      assert.equal(JSON.parse(list.body).resources[0].name, FOREIGN.resource);

      const before = fake.requests.length;
      const newOnly = await ask(controlPlane, `${proxies[local].url}${NEW_ONLY}`);
      assert.equal(newOnly.status, 200, newOnly.body);
      assert.equal(fake.requests.length, before);
    });
  }

  it('is reported with the shape of its discovery', async () => {
    const { body } = await apiRequest(`${proxies.new.adminUrl}/status`);
    const shapes = JSON.parse(body).servers.map(
      ({ name, discovery }: { name: string; discovery: { shape: string } }) => [name, discovery.shape],
    );
    assert.deepEqual(Object.fromEntries(shapes), { old: 'legacy', new: 'v2' });
  });
});
