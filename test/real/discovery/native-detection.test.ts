import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { fetchDiscovery } from '../../../src/servers/discovery/discovery-fetch.ts';
import { type NativeProxy, NativeProxyWatch } from '../../../src/servers/discovery/native-proxy.ts';
import { openUpstream } from '../../../src/wire/upstream-pool.ts';
import { startControlPlane } from '../../../tools/control-plane/start.ts';
import { eventually } from '../support/eventually.ts';

/** Two servers that differ in what they serve, with their own mixed version proxy or without. */
async function startServers(t: TestContext, peerProxy: boolean) {
  const differences = { one: 'batch/v1=false', two: 'apps/v1=false' };
  const servers = Object.entries(differences).map(([name, runtimeConfig]) => ({
    name,
    hostname: name,
    version: '1.36.3' as const,
    runtimeConfig,
    peerProxy,
  }));
  const controlPlane = await startControlPlane({ servers });
  t.after(() => controlPlane.stop());
  let now = 0;
  const watches = await Promise.all(
    ['one', 'two'].map(async (name) => {
      const { url, pki } = { ...controlPlane.server(name), pki: controlPlane.pki };
      const { hostname, port } = new URL(url);
      const upstream = openUpstream({
        host: hostname,
        port: Number(port),
        servername: 'kubernetes.default.svc',
        ca: pki.servingCa.cert,
        certificate: pki.frontProxyClient,
        connectTimeoutMs: 10_000,
        pingIntervalMs: 30_000,
        pingTimeoutMs: 10_000,
        maxConnections: 1,
        onEvent: undefined,
      });
      t.after(() => upstream.close(0));
      const fields = [
        'x-remote-user',
        'somebody',
        'x-remote-group',
        'system:authenticated',
        'x-kubernetes-peer-proxied',
        'true',
      ];
      const options = { upstream, fields, timeoutMs: 10_000, maxBytes: 10_000_000 };
      const read = async () => (await fetchDiscovery(options, undefined)).conditions['/apis']?.etag;
      const etag = { own: await read() };
      const watch = new NativeProxyWatch({ ...options, clock: () => now, etag: () => etag.own });
      return {
        name,
        ask: async (): Promise<NativeProxy> => {
          etag.own = await read();
          await watch.ask();
          return watch.status(true);
        },
      };
    }),
  );
  const pass = (milliseconds: number) => {
    now += milliseconds;
  };
  return { watches, pass };
}

describe('the native mixed version proxy of a kube-apiserver', () => {
  it('is told from what it merges', async (t) => {
    const { watches } = await startServers(t, true);
    for (const { name, ask } of watches) {
      await eventually(`${name} merges`, async () => (await ask()) === 'on');
    }
  });

  it('is not there where a server goes on listing only what it serves', async (t) => {
    const { watches, pass } = await startServers(t, false);
    for (const { ask } of watches) assert.equal(await ask(), 'unknown', 'it may not have merged yet');
    pass(90_000);
    for (const { ask } of watches) assert.equal(await ask(), 'off');
  });
});
