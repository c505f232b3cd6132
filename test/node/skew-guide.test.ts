import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { test } from 'node:test';
import { stringify } from 'yaml';
import { run } from '../../src/cli/main.ts';
import { capturedIo } from '../../src/cli/testing/captured-io.ts';
import { startGateway } from '../../src/lab/front/gateway.ts';
import { startEmbeddedPlane } from '../../src/lab/plane/embedded-plane.ts';
import { SKEW_CODES } from '../../src/skew/skew-codes.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';
import { allReady } from './support/running-lab.ts';

const GUIDE = new URL('../../docs/skew.md', import.meta.url);
const CONSOLE = /^```console\n\$ mvproxy ([^\n]*)\n(.*?)```$/gms;
const ignore = (): void => {};
const logger = { debug: ignore, info: ignore, warn: ignore, error: ignore };

test('every command of the guide prints what the guide shows', async (t) => {
  const plane = await startEmbeddedPlane({ versions: ['1.34', '1.36', '1.37'], builtIn: 'none', logger });
  t.after(() => plane.close());
  const gateway = await startGateway(plane, { logger });
  t.after(() => gateway.close());
  await allReady(gateway.adminUrl);
  const directory = await temporaryDirectory(t);
  const { pki, adminToken, servers } = plane;
  const ca = Buffer.from(pki.servingCa.cert).toString('base64');
  const names = servers.map(({ name }) => name);
  const clusters = servers.map(({ url }, at) => ({
    name: names[at],
    cluster: { server: url, 'certificate-authority-data': ca },
  }));
  const contexts = names.map((name) => ({ name, context: { cluster: name, user: 'admin' } }));
  const users = [{ name: 'admin', user: { token: adminToken } }];
  const kubeconfig = `${directory}/config`;
  await writeFile(kubeconfig, stringify({ apiVersion: 'v1', kind: 'Config', clusters, users, contexts }));

  const mvproxy = async (command: string) => {
    const args = command.split(' ');
    const isDocuments = args.includes('--context') || args.includes('--recorded');
    const source = isDocuments ? [] : [`--admin-server=${gateway.adminUrl}`];
    const io = capturedIo({ directory, environment: { LANG: 'C.UTF-8', KUBECONFIG: kubeconfig } });
    const exitCode = await run(['node', 'mvproxy', ...args, ...source], io);
    return { exitCode, out: io.out, err: io.err };
  };
  const print = async (command: string): Promise<string> => {
    const { exitCode, out, err } = await mvproxy(command);
    assert.deepEqual([exitCode, err], [0, ''], command);
    return out;
  };
  const guide = await readFile(GUIDE, 'utf8');
  const shown = [...guide.matchAll(CONSOLE)].map(([, command = '', output = '']) => ({ command, output }));
  assert.ok(shown.length >= 5);
  if (process.env['UPDATE_GOLDEN'] === '1') {
    let updated = guide;
    for (const { command, output } of shown) {
      const block = (text: string) => `\`\`\`console\n$ mvproxy ${command}\n${text}\`\`\``;
      updated = updated.replace(block(output), block(await print(command)));
    }
    await writeFile(GUIDE, updated);
    return;
  }
  const scripts = [...guide.matchAll(/^```sh\n(.*?)^```$/gms)].map(([, script]) => script).join('');
  const commands = [...scripts.matchAll(/mvproxy ([^>;|\n]+)/g)].map(([, command = '']) => command.trim());
  assert.ok(commands.length >= 2);
  for (const command of commands) {
    const { exitCode, err } = await mvproxy(command);
    assert.ok(exitCode === 0 || exitCode === 1, err);
  }
  for (const { command, output } of shown) assert.equal(await print(command), output, command);
});

test('the guide explains every finding', async () => {
  const guide = await readFile(GUIDE, 'utf8');
  for (const [code, { severity }] of Object.entries(SKEW_CODES)) {
    assert.match(guide, new RegExp(`^\\| \`${code}\` +\\| ${severity} `, 'm'));
  }
});
