import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { ControlPlane } from '../../../src/lab/control-plane/control-plane.ts';
import { type ProxyProcess, startProxy } from '../../../tools/control-plane/proxy.ts';
import { startControlPlane } from '../../../tools/control-plane/start.ts';
import { aggregatedType, ask, type Shape, servedBy, sortedEntries, unionOf } from './support-served.ts';

const SHAPES: readonly Shape[] = ['v2', 'v2beta1'];
/** Served by one of the two by default: gone since 1.32, and new in 1.36. */
const OLD_ONLY = '/apis/flowcontrol.apiserver.k8s.io/v1beta3/flowschemas/exempt';
const NEW_ONLY = '/apis/resource.k8s.io/v1/devicetaintrules';

/** 1.29 knows aggregated discovery as v2beta1 only, which 1.33 and newer no longer speak. */
describe('1.29.15, which offers aggregated discovery only as v2beta1, beside 1.37.2', () => {
  let controlPlane: ControlPlane;
  /** By the name of their local server. */
  let proxies: Readonly<Record<'old' | 'new', ProxyProcess>>;

  before(async () => {
    const servers = [
      { name: 'old', version: '1.29.15' },
      { name: 'new', version: '1.37.2' },
    ];
    controlPlane = await startControlPlane({ servers });
    const beside = (name: 'old' | 'new'): Promise<ProxyProcess> => {
      const local = controlPlane.server(name).url;
      return startProxy(controlPlane, { name: `proxy-${name}`, extraArgs: [`--local-server=${local}`] });
    };
    proxies = { old: await beside('old'), new: await beside('new') };
  });

  after(() => controlPlane?.stop());

  it('differs as this test believes', async () => {
    const { old, new: newer } = { old: controlPlane.server('old').url, new: controlPlane.server('new').url };
    assert.equal((await ask(controlPlane, `${old}/apis`, aggregatedType('v2'))).status, 406);
    assert.equal((await ask(controlPlane, `${newer}/apis`, aggregatedType('v2beta1'))).status, 406);
    assert.equal((await ask(controlPlane, `${old}${NEW_ONLY}`)).status, 404);
    assert.equal((await ask(controlPlane, `${newer}${OLD_ONLY}`)).status, 404);
  });

  for (const local of ['old', 'new'] as const) {
    for (const shape of SHAPES) {
      it(`is merged into one ${shape} document, whoever is local (${local})`, async () => {
        const old = await servedBy(controlPlane, controlPlane.server('old').url, 'v2beta1');
        const newer = await servedBy(controlPlane, controlPlane.server('new').url, 'v2');
        const merged = await servedBy(controlPlane, proxies[local].url, shape);
        const union = unionOf(old, newer);
        assert.ok(union.size > old.size && union.size > newer.size, 'each has something that the other lacks');
        assert.deepEqual(sortedEntries(merged), sortedEntries(union));
      });
    }

    it(`is asked for what only it has, and is not asked for what it lacks, whoever is local (${local})`, async () => {
      const oldOnly = await ask(controlPlane, `${proxies[local].url}${OLD_ONLY}`);
      assert.equal(oldOnly.status, 200, oldOnly.body);
      assert.equal(JSON.parse(oldOnly.body).apiVersion, 'flowcontrol.apiserver.k8s.io/v1beta3');
      const newOnly = await ask(controlPlane, `${proxies[local].url}${NEW_ONLY}`);
      assert.equal(newOnly.status, 200, newOnly.body);
      assert.equal(JSON.parse(newOnly.body).kind, 'DeviceTaintRuleList');
    });

    it(`answers profile=nopeer itself when it is local, in every shape (${local})`, async () => {
      for (const shape of SHAPES) {
        const accept = `${aggregatedType(shape)};profile=nopeer`;
        const direct = await ask(controlPlane, `${controlPlane.server(local).url}/apis`, accept);
        const proxied = await ask(controlPlane, `${proxies[local].url}/apis`, accept);
        assert.equal(proxied.status, direct.status);
        assert.equal(proxied.body, direct.body);
        for (const name of ['content-type', 'etag', 'vary', 'cache-control']) {
          assert.equal(proxied.headers[name], direct.headers[name], name);
        }
      }
    });
  }
});
