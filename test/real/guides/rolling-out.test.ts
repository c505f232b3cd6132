import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { labKubeconfig } from '../../../src/lab/pki/kubeconfig.ts';
import { freePort } from '../../../src/wire/free-port.ts';
import { findBinary } from '../../../tools/control-plane/binaries.ts';
import { startControlPlane } from '../../../tools/control-plane/start.ts';
import { commandsIn, guideSection } from '../../support/guide.ts';

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));
const GUIDE = 'rolling-out';

interface Outcome {
  readonly code: number;
  readonly out: string;
}

const controlPlane = await startControlPlane({
  servers: [
    { name: 'cp-1', version: '1.34.4' },
    { name: 'cp-2', version: '1.36.3' },
  ],
});
after(() => controlPlane.stop());
const { pki, servers } = controlPlane;
const ports = { secure: await freePort(), admin: await freePort() };
const directory = join(controlPlane.directory, 'guide');
const bin = join(directory, 'bin');
await mkdir(bin, { recursive: true });
await symlink(join(ROOT, 'deploy'), join(directory, 'deploy'));
await symlink(await findBinary('kubectl', '1.36.3'), join(bin, 'kubectl'));
await writeFile(join(bin, 'mvproxy'), `#!/bin/sh\nexec ${process.execPath} ${ROOT}bin/mvproxy.ts "$@"\n`, {
  mode: 0o755,
});
const kubeconfig = join(directory, 'kubeconfig');
await writeFile(
  kubeconfig,
  labKubeconfig(
    servers.map(({ name, url }) => ({ name, server: url, ca: pki.servingCa.cert, user: 'admin' })),
    { admin: { kind: 'certificate', cert: pki.admin.cert, key: pki.admin.key } },
  ),
);
await writeFile(join(directory, 'mvproxy.yaml'), await configuration());

/** The guide's file, with the addresses and certificates of this control plane in their places. */
async function configuration(): Promise<string> {
  const section = await guideSection(GUIDE, '2. Write the configuration');
  const [, text = ''] = /^```yaml\n(.*?)^```/ms.exec(section) ?? [];
  const certificates: Readonly<Record<string, string>> = {
    'tlsCertFile: /etc/kubernetes/pki/apiserver.crt': `tlsCertFile: ${pki.proxyServing.certFile}`,
    'tlsPrivateKeyFile: /etc/kubernetes/pki/apiserver.key': `tlsPrivateKeyFile: ${pki.proxyServing.keyFile}`,
    // The serving and the client certificates of this control plane have an authority each.
    '  caFile: /etc/kubernetes/pki/ca.crt': `  caFile: ${pki.servingCa.certFile}`,
    '  clientCAFile: /etc/kubernetes/pki/ca.crt': `  clientCAFile: ${pki.clientCa.certFile}`,
    '/etc/kubernetes/pki/front-proxy-ca.crt': pki.frontProxyCa.certFile,
    '/etc/kubernetes/pki/front-proxy-client.crt': pki.frontProxyClient.certFile,
    '/etc/kubernetes/pki/front-proxy-client.key': pki.frontProxyClient.keyFile,
    'https://10.0.0.11:6443': servers[0]?.url ?? '',
    'https://10.0.0.12:6443': servers[1]?.url ?? '',
    'securePort: 7443': `bindAddress: 127.0.0.1\n  securePort: ${ports.secure}`,
  };
  let configured = text;
  for (const [shown, here] of Object.entries(certificates)) {
    assert.ok(configured.includes(shown), `the guide's file has ${shown}`);
    configured = configured.replace(shown, here);
  }
  return `${configured}admin:\n  port: ${ports.admin}\n`;
}

const environment = {
  ...process.env,
  PATH: `${bin}:${process.env['PATH']}`,
  KUBECONFIG: kubeconfig,
  HOME: directory,
  NO_COLOR: '1',
};

/** A command of the guide with the ports of this test, in the reader's directory. */
function adapted(command: string): string {
  const asksProxy = /^mvproxy (status|explain|skew|preflight)\b/.test(command) && !/--(context|config)\b/.test(command);
  const here = command.replace('127.0.0.1:7443', `127.0.0.1:${ports.secure}`).replace(':6444', `:${ports.admin}`);
  return asksProxy ? `${here} --admin-server=http://127.0.0.1:${ports.admin}` : here;
}

function execute(command: string): Promise<Outcome> {
  return new Promise((resolve) => {
    const options = { cwd: directory, env: environment, timeout: 60_000, maxBuffer: 64 * 1024 * 1024 };
    execFile('sh', ['-c', adapted(command)], options, (error, stdout, stderr) =>
      resolve({ code: error === null ? 0 : Number(error.code ?? -1), out: `${stdout}${stderr}` }),
    );
  });
}

async function commandsOf(heading: string): Promise<readonly string[]> {
  return commandsIn(await guideSection(GUIDE, heading));
}

/** All commands under a heading; each has to end with 0. */
async function follow(heading: string): Promise<readonly string[]> {
  const outs: string[] = [];
  for (const command of await commandsOf(heading)) {
    const { code, out } = await execute(command);
    assert.equal(code, 0, `${command}\n${out}`);
    outs.push(out);
  }
  return outs;
}

test('the guide leads from a control plane without the proxy to one behind it, and back', async () => {
  const [skew] = await follow('1. See what is there');
  assert.match(skew ?? '', /cp-2 +cp-1/);
  await follow('2. Write the configuration');
  const [, preflight] = await follow('3. Prove the links');
  assert.match(preflight ?? '', /FrontProxyTrust.*believes/);

  const [serve = '', ...looks] = await commandsOf('4. Start it, without clients');
  const proxy = spawn('sh', ['-c', `exec ${adapted(serve)}`], {
    cwd: directory,
    env: environment,
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  after(() => proxy.kill('SIGKILL'));
  const [ready] = (await once(createInterface({ input: proxy.stdout }), 'line')) as [string];
  assert.match(ready, /^mvproxy ready: /);
  for (const look of looks) {
    const { code, out } = await execute(look);
    assert.equal(code, 0, out);
    assert.match(out, /merged view/);
  }

  const [whoami, resources, readyz, explained] = await follow('5. Try it as one client');
  assert.match(whoami ?? '', /Username +admin/);
  assert.match(resources ?? '', /^deployments /m);
  assert.equal(readyz, 'ok');
  assert.match(explained ?? '', /The preferred server answers/);

  const [, metrics] = await follow('6. Move the clients');
  assert.match(metrics ?? '', /^mvproxy_requests_total\{/m);
  const [upgrade] = await follow('7. Upgrade the control plane');
  assert.match(upgrade ?? '', /1\.37/);

  proxy.kill('SIGTERM');
  assert.deepEqual(await once(proxy, 'exit'), [0, null]);
  const { code } = await execute('kubectl --context cp-1 get --raw /readyz');
  assert.equal(code, 0, 'the servers never needed it');
});
