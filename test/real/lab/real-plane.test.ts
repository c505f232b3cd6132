import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { startKubeControllerManager } from '../../../src/lab/control-plane/kube-controller-manager.ts';
import type { LabPlane } from '../../../src/lab/plane/lab-plane.ts';
import type { LabServer } from '../../../src/lab/plane/lab-server.ts';
import { startRealPlane } from '../../../src/lab/plane/real-plane.ts';
import { builtPrograms } from '../../../tools/control-plane/binaries.ts';
import { type ApiRequestOptions, type ApiResponse, apiRequest } from '../support/api-request.ts';
import { eventually } from '../support/eventually.ts';

const OLD = '1.34.4';
const NATIVE = '1.36.3';
const NEW = '1.37.2';
/** Served by 1.37 and by no earlier version. */
const NEW_TYPE = '/apis/resource.k8s.io/v1/devicetaintrules';
const CONFIG_MAPS = '/api/v1/namespaces/default/configmaps';

const programs = builtPrograms();

/** A request of the plane's administrator, past every front. */
function ask(plane: LabPlane, server: LabServer, path: string, options: ApiRequestOptions = {}): Promise<ApiResponse> {
  return apiRequest(`${server.url}${path}`, { ca: plane.pki.servingCa.cert, token: plane.adminToken, ...options });
}

async function status(plane: LabPlane, server: LabServer, path: string, options?: ApiRequestOptions): Promise<number> {
  return (await ask(plane, server, path, options)).status;
}

async function create(plane: LabPlane, server: LabServer, path: string, body: object): Promise<{ uid: string }> {
  const answer = await ask(plane, server, path, { method: 'POST', body });
  assert.equal(answer.status, 201, answer.body);
  const { metadata }: { metadata: { uid: string } } = JSON.parse(answer.body);
  return metadata;
}

function at(plane: LabPlane, index: number): LabServer {
  const server = plane.servers[index];
  assert.ok(server);
  return server;
}

describe('a plane of real kube-apiservers', () => {
  let plane: LabPlane;
  before(async () => {
    plane = await startRealPlane({ versions: [OLD, NEW], programs, builtIn: 'none', report: () => {} });
  });
  after(() => plane?.close());

  it('has a server of each version, and says which versions it can start', async () => {
    assert.deepEqual(
      plane.servers.map(({ name, version, state }) => [name, version, state]),
      [
        ['cp-1', OLD, 'ready'],
        ['cp-2', NEW, 'ready'],
      ],
    );
    assert.deepEqual(plane.versions, [OLD, NEW]);
    for (const server of plane.servers) {
      const { gitVersion }: { gitVersion: string } = JSON.parse((await ask(plane, server, '/version')).body);
      assert.equal(gitVersion, `v${server.version}`);
    }
    assert.deepEqual(
      await Promise.all(plane.servers.map((server) => status(plane, server, NEW_TYPE))),
      [404, 200],
      'without a front the old server does not know what only the new one serves',
    );
  });

  it('takes the token for a user in system:masters', async () => {
    const path = '/apis/authentication.k8s.io/v1/selfsubjectreviews';
    const answer = await ask(plane, at(plane, 0), path, { method: 'POST', body: {} });
    const { groups } = JSON.parse(answer.body).status.userInfo;
    assert.ok(groups.includes('system:masters'), answer.body);
  });

  it('answers nothing while it hangs, and everything after', async () => {
    const server = at(plane, 0);
    server.hang();
    assert.equal(server.state, 'hung');
    // It cannot answer, however long one waits; nothing is asserted about when.
    await assert.rejects(ask(plane, server, '/readyz', { timeoutMs: 300 }), { name: 'AbortError' });
    server.resume();
    assert.equal(server.state, 'ready');
    // Its own look at etcd may have come to its deadline while it was frozen.
    await eventually('it answers', async () => (await status(plane, server, '/readyz')) === 200);
  });

  it('refuses connections once it is killed, and keeps address and data', async () => {
    const server = at(plane, 0);
    const { url } = server;
    await create(plane, server, CONFIG_MAPS, { metadata: { name: 'kept' } });
    await server.kill();
    assert.equal(server.state, 'stopped');
    await assert.rejects(ask(plane, server, '/readyz'), { code: 'ECONNREFUSED' });
    await server.start();
    assert.equal(server.state, 'ready');
    assert.equal(server.url, url);
    assert.equal(await status(plane, server, `${CONFIG_MAPS}/kept`), 200);
  });

  it('drains when it is stopped: readiness fails while it still answers, and watches do not hold it up', async () => {
    const server = at(plane, 0);
    const watch = ask(plane, server, `${CONFIG_MAPS}?watch=true`).catch(() => undefined);
    const stopped = server.stop();
    assert.equal(server.state, 'draining');
    // Both at once: it stops to listen soon.
    await eventually('/readyz fails while it answers', async () => {
      const paths = ['/readyz', `${CONFIG_MAPS}/kept`];
      const statuses = await Promise.all(paths.map((path) => status(plane, server, path)));
      return statuses.join() === '500,200';
    });
    await stopped;
    await watch;
    assert.equal(server.state, 'stopped');
  });

  it('is upgraded in place', async () => {
    const server = at(plane, 0);
    const { url } = server;
    const started = server.start({ version: NEW, delayMs: 200 });
    assert.equal(server.state, 'starting');
    await started;
    assert.deepEqual([server.state, server.version, server.url], ['ready', NEW, url]);
    assert.equal(await status(plane, server, NEW_TYPE), 200);
    assert.equal(await status(plane, server, `${CONFIG_MAPS}/kept`), 200);
  });

  it('is not started when it is killed before its slow start is over', async () => {
    const server = at(plane, 0);
    await server.kill();
    const started = server.start({ delayMs: 60_000 });
    await server.kill();
    await started;
    assert.equal(server.state, 'stopped');
    await server.start();
  });

  it('has its garbage and its namespaces deleted by a real kube-controller-manager', async () => {
    const server = at(plane, 1);
    const { pki, adminToken: token } = plane;
    await using manager = await startKubeControllerManager({ version: NATIVE, programs, pki, token, url: server.url });
    await create(plane, server, '/api/v1/namespaces', { metadata: { name: 'doomed' } });
    const configMaps = '/api/v1/namespaces/doomed/configmaps';
    const { uid } = await create(plane, server, configMaps, { metadata: { name: 'owner' } });
    const ownerReferences = [{ apiVersion: 'v1', kind: 'ConfigMap', name: 'owner', uid }];
    await create(plane, server, configMaps, { metadata: { name: 'dependent', ownerReferences } });
    await manager.restart();
    assert.equal(manager.state.state, 'running');
    assert.equal(await status(plane, server, `${configMaps}/dependent`), 200);
    await ask(plane, server, `${configMaps}/owner`, { method: 'DELETE' });
    const gone = async (path: string): Promise<boolean> => (await status(plane, server, path)) === 404;
    await eventually('the dependent is collected', () => gone(`${configMaps}/dependent`));
    await ask(plane, server, '/api/v1/namespaces/doomed', { method: 'DELETE' });
    await eventually('the namespace is gone', () => gone('/api/v1/namespaces/doomed'));
  });
});

describe("kube-apiserver's own mixed version proxy", () => {
  it('forwards to the peer that serves a type, and merges discovery', async () => {
    await using plane = disposable(
      await startRealPlane({ versions: [NATIVE, NEW], programs, builtIn: 'native', report: () => {} }),
    );
    const [older] = plane.servers;
    assert.ok(older);
    await eventually('1.36 forwards', async () => (await status(plane, older, NEW_TYPE)) === 200);
    const alone = { headers: { 'x-kubernetes-peer-proxied': 'true' } };
    assert.equal(await status(plane, older, NEW_TYPE, alone), 404, '1.36 itself does not serve it');
    const accept = 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList';
    await eventually('discovery is merged', async () =>
      (await ask(plane, older, '/apis', { headers: { accept } })).body.includes('devicetaintrules'),
    );
  });
});

function disposable(plane: LabPlane): LabPlane & AsyncDisposable {
  return Object.assign(plane, { [Symbol.asyncDispose]: () => plane.close() });
}
