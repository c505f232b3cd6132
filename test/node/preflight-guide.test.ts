import assert from 'node:assert/strict';
import { copyFile, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { run } from '../../src/cli/main.ts';
import { capturedIo } from '../../src/cli/testing/captured-io.ts';
import { LabClient } from '../../src/lab/client/lab-client.ts';
import { startGateway } from '../../src/lab/front/gateway.ts';
import { startEmbeddedPlane } from '../../src/lab/plane/embedded-plane.ts';
import { CHECK_KINDS } from '../../src/preflight/check-codes.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';
import { allReady } from './support/running-lab.ts';

const GUIDE = new URL('../../docs/preflight.md', import.meta.url);
const CONSOLE = /^```console\n\$ mvproxy ([^\n]*)\n(.*?)```$/gms;
const ignore = (): void => {};
const logger = { debug: ignore, info: ignore, warn: ignore, error: ignore };

test('every command of the guide prints what the guide shows', async (t) => {
  const plane = await startEmbeddedPlane({ versions: ['1.36', '1.37'], builtIn: 'none', logger });
  t.after(() => plane.close());
  const gateway = await startGateway(plane, { logger });
  t.after(() => gateway.close());
  await allReady(gateway.adminUrl);
  const directory = await temporaryDirectory(t);
  const { pki, adminToken, servers } = plane;
  const configuration = {
    apiVersion: 'config.mixed-version-proxy.io/v1alpha1',
    kind: 'MixedVersionProxyConfiguration',
    serving: { tlsCertFile: pki.proxyServing.certFile, tlsPrivateKeyFile: pki.proxyServing.keyFile },
    servers: servers.map(({ name, url }) => ({ name, url })),
    peers: { caFile: pki.servingCa.certFile },
    authentication: { clientCAFile: pki.clientCa.certFile },
  };
  const { frontProxyClient } = pki;
  const trusted = { proxyClientCertFile: frontProxyClient.certFile, proxyClientKeyFile: frontProxyClient.keyFile };
  const other = await pki.issue('other', { commonName: 'front-proxy-client' }, await pki.untrustedCa('other-ca'));
  await copyFile(other.certFile, join(directory, 'other.crt'));
  await copyFile(other.keyFile, join(directory, 'other.key'));
  const withPeers = { ...configuration, peers: { ...configuration.peers, ...trusted } };
  await writeFile(join(directory, 'mvproxy.yaml'), JSON.stringify(withPeers));
  const { cert: ca } = pki.servingCa;
  const client = new LabClient({
    name: 'x',
    url: gateway.url,
    ca,
    token: adminToken,
    userAgent: 'argocd/v2.9',
    timeoutMs: 60_000,
  });
  t.after(() => client.close());
  for (let at = 0; at < 12; at++) await client.json('GET', '/apis/certificates.k8s.io/v1/clustertrustbundles');

  const mvproxy = async (command: string) => {
    const args = command.split(' ');
    const source = args.includes('--config') ? [] : [`--admin-server=${gateway.adminUrl}`];
    const io = capturedIo({ directory, environment: { LANG: 'C.UTF-8' } });
    const exitCode = await run(['node', 'mvproxy', ...args, ...source], io);
    return { exitCode, out: io.out, err: io.err };
  };
  const print = async (command: string): Promise<string> => {
    const { exitCode, out, err } = await mvproxy(command);
    assert.ok(exitCode === 0 || exitCode === 1, err);
    const addressed = servers.reduce(
      (text, { url }, at) => text.replaceAll(new URL(url).host, `10.0.0.${11 + at}:6443`),
      out,
    );
    return addressed.replace(/\d{4}-\d\d-\d\d/g, '2027-06-01').replace(/ours to \d s/g, 'ours to 1 s');
  };
  const guide = await readFile(GUIDE, 'utf8');
  const shown = [...guide.matchAll(CONSOLE)].map(([, command = '', output = '']) => ({ command, output }));
  assert.equal(shown.length, 4);
  for (const { command, output } of shown) assertShown(await print(command), output);
  const scripts = [...guide.matchAll(/^```sh\n(.*?)^```$/gms)].map(([, script]) => script).join('');
  const commands = [...scripts.matchAll(/mvproxy ([^>;|\n]+)/g)].map(([, command = '']) => command.trim());
  assert.equal(commands.length, 2);
  for (const command of commands) {
    const { exitCode, err } = await mvproxy(command);
    assert.ok(exitCode === 0 || exitCode === 1, err);
  }
});

/** A line … stands for what the guide leaves out. */
function assertShown(printed: string, shown: string): void {
  let rest = printed;
  for (const part of shown.split('…\n')) {
    const at = rest.indexOf(part);
    assert.ok(at === 0 || (at > 0 && part !== shown), `not in what is printed:\n${part}\nbut:\n${rest}`);
    rest = rest.slice(at + part.length);
  }
  if (!shown.includes('…')) assert.equal(rest, '');
}

test('the guide names every check', async () => {
  const guide = await readFile(GUIDE, 'utf8');
  for (const code of Object.keys(CHECK_KINDS)) assert.ok(guide.includes(`\`${code}\``), code);
});
