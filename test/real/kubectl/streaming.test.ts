import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { after, before, describe, it } from 'node:test';
import type { ControlPlane } from '../../../src/lab/control-plane/control-plane.ts';
import { findBinary } from '../../../tools/control-plane/binaries.ts';
import { type ProxyProcess, startProxy } from '../../../tools/control-plane/proxy.ts';
import { startControlPlane } from '../../../tools/control-plane/start.ts';
import { Inbox } from '../../support/loopback.ts';
import { apiRequest } from '../support/api-request.ts';
import { FakeKubelet } from './support-fake-kubelet.ts';
import { Kubectl } from './support-kubectl.ts';

/** 1.30 speaks SPDY with the server, newer ones WebSocket. */
const RELEASES = ['1.30.14', '1.34.4', '1.37.2'];
const POD = '/api/v1/namespaces/default/pods';

describe('kubectl exec, logs and port-forward through the proxy to a pod of a fake kubelet', () => {
  let controlPlane: ControlPlane;
  let kubelet: FakeKubelet;
  let proxy: ProxyProcess;
  let kubeconfig: string;

  before(async () => {
    controlPlane = await startControlPlane({
      servers: [
        { name: 'old', version: '1.34.4' },
        { name: 'new', version: '1.37.2' },
      ],
    });
    kubelet = await FakeKubelet.start(await controlPlane.pki.serving('kubelet', '127.0.0.1'));
    proxy = await startProxy(controlPlane);
    kubeconfig = await controlPlane.kubeconfig({ server: proxy.url, user: 'admin' });
    await createPod();
  });

  after(async () => {
    kubelet?.stop();
    await controlPlane?.stop();
  });

  async function send(method: string, path: string, body: object): Promise<void> {
    const { servingCa, admin } = controlPlane.pki;
    const headers = { 'content-type': method === 'PATCH' ? 'application/merge-patch+json' : 'application/json' };
    const options = { ca: servingCa.cert, cert: admin.cert, key: admin.key, method, headers, body };
    const answer = await apiRequest(`${proxy.url}${path}`, options);
    assert.ok(answer.status < 300, `${method} ${path}: ${answer.body}`);
  }

  /** Running on a node whose kubelet is ours; there is no scheduler to put it there. */
  async function createPod(): Promise<void> {
    const daemonEndpoints = { kubeletEndpoint: { Port: kubelet.port } };
    const addresses = [{ type: 'InternalIP', address: '127.0.0.1' }];
    await send('POST', '/api/v1/nodes', { metadata: { name: 'node' }, status: { addresses, daemonEndpoints } });
    const spec = { nodeName: 'node', containers: [{ name: 'app', image: 'none.example/none' }] };
    await send('POST', POD, { metadata: { name: 'web' }, spec });
    await send('PATCH', `${POD}/web/status`, { status: { phase: 'Running' } });
  }

  for (const release of RELEASES) {
    describe(`kubectl ${release}`, () => {
      let kubectl: Kubectl;

      before(async () => {
        kubectl = new Kubectl(await findBinary('kubectl', release), kubeconfig, controlPlane.directory);
      });

      it('exec carries standard input and output', async () => {
        const { code, stdout, stderr } = await kubectl.run(['exec', '-i', 'web', '--', 'cat'], {
          through: 'the proxy',
        });
        assert.equal(code, 0, stderr);
        assert.deepEqual(JSON.parse(stdout), { through: 'the proxy' });
      });

      it('logs -f shows a line when it is written', async (t) => {
        const lines = new Inbox<string>();
        const following = await kubectl.start(['logs', '-f', 'web'], lines.put);
        t.after(() => following.kill());
        const exited = once(following, 'exit');
        assert.equal(await lines.next(), 'first line');
        kubelet.finishLog();
        assert.equal(await lines.next(), 'last line');
        const [code] = await exited;
        assert.equal(code, 0);
      });

      it('port-forward carries a connection', async (t) => {
        const lines = new Inbox<string>();
        const forwarding = await kubectl.start(['port-forward', '--address=127.0.0.1', 'web', ':80'], lines.put);
        t.after(() => forwarding.kill());
        const [, port] = /^Forwarding from 127\.0\.0\.1:(\d+)/.exec(await lines.next()) ?? [];
        const socket = connect({ host: '127.0.0.1', port: Number(port), allowHalfOpen: true });
        socket.end('there and back');
        assert.equal(await text(socket), 'there and back');
      });
    });
  }
});
