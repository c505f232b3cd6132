import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { startProxy } from '../../../tools/control-plane/proxy.ts';
import { startControlPlane } from '../../../tools/control-plane/start.ts';
import { Inbox } from '../../support/loopback.ts';
import { startReadyBalancer } from '../../support/ready-balancer.ts';
import { SteadyLoad } from '../../support/steady-load.ts';

const CLIENT_GO = fileURLToPath(new URL('../../lab/client-go', import.meta.url));
/** Of what SteadyLoad writes, as the informers name it. */
const NAMESPACE = 'default/';
const DRAIN = [
  // The balancer and the clients share this process: all have to come to their turn before a proxy stops to accept.
  '--shutdown-delay-duration=3s',
  '--shutdown-watch-termination-grace-period=1s',
  // Taken only as far as it is needed.
  '--shutdown-drain-seconds=30',
];

interface Line {
  readonly event: string;
  readonly informer: string;
  readonly object?: string;
  readonly resourceVersion?: string;
}

const controlPlane = await startControlPlane({
  servers: [
    { name: 'old', version: '1.34.4' },
    { name: 'new', version: '1.37.2' },
  ],
});
after(() => controlPlane.stop());

test('all proxies are restarted one after the other: no request fails, and informers of client-go see everything', async (t) => {
  const informers = join(controlPlane.directory, 'informers');
  const env = { ...process.env, CGO_ENABLED: '0', GOWORK: 'off' };
  const [proxies] = await Promise.all([
    Promise.all(['one', 'two'].map((name) => startProxy(controlPlane, { name, extraArgs: DRAIN }))),
    promisify(execFile)('go', ['build', '-trimpath', '-o', informers, '.'], { cwd: CLIENT_GO, env }),
  ]);
  const { servingCa, admin } = controlPlane.pki;
  const credentials = { ca: servingCa.cert, cert: admin.cert, key: admin.key };
  const balancer = await startReadyBalancer(t, () => proxies.map(({ url }) => url), credentials);

  const kubeconfig = await controlPlane.kubeconfig({ server: balancer, user: 'admin' });
  const child = spawn(informers, ['--kubeconfig', kubeconfig, '--resource', 'deployments.v1.apps'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  t.after(() => child.kill('SIGKILL'));
  const lines = new Inbox<Line>();
  createInterface({ input: child.stdout }).on('line', (line) => lines.put(JSON.parse(line)));
  while ((await lines.next()).event !== 'ready');

  const load = await SteadyLoad.start(balancer, credentials);
  for (const proxy of proxies) {
    assert.deepEqual(await proxy.stop('SIGTERM'), { code: 0, signal: null });
    await proxy.start();
  }
  const report = await load.stop();

  t.diagnostic(
    `${report.writes} writes, ${report.reads} reads, ${report.watchEnds} watches ended, ` +
      `${report.repeated} requests sent again`,
  );
  assert.deepEqual(report.failures, []);
  assert.deepEqual(report.gaps, []);
  assert.ok(report.watchEnds > 0);
  const added: string[] = [];
  while (added.at(-1) !== report.written.at(-1)) {
    const { event, informer, object = '', resourceVersion } = await lines.next();
    // A starting kube-apiserver writes ConfigMaps of its own, in kube-system.
    if (informer !== 'configmaps' || !object.startsWith(NAMESPACE)) continue;
    assert.equal(event, 'added');
    added.push(`${object.slice(NAMESPACE.length)}@${resourceVersion}`);
  }
  assert.deepEqual(added, report.written, 'every write once and in order');
});
