import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { type TestContext, test } from 'node:test';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { freePort } from '../../src/wire/free-port.ts';
import { H2Client } from '../support/api-client.ts';
import { type Issued, TestCa } from '../support/certificates.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';
import { until } from './support/running-lab.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
const LIBRARY = pathToFileURL(join(root, 'src/library/index.ts')).href;
const AGGREGATED = 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList';
const WIDGETS = '/apis/example.com/v1/widgets';
const GADGETS = '/apis/example.com/v1/gadgets';

interface Setting {
  readonly directory: string;
  readonly pki: string;
  readonly ca: string;
  readonly jane: Issued;
}

/** Certificates under the names that kubeadm gives them. */
async function setUp(t: TestContext): Promise<Setting> {
  const directory = await temporaryDirectory(t);
  const pki = join(directory, 'pki');
  await mkdir(pki);
  const [ca, frontProxyCa] = [await TestCa.create('ca'), await TestCa.create('front-proxy-ca')];
  const names = { dnsNames: ['kubernetes.default.svc'], ips: ['127.0.0.1'] };
  const serving = await ca.issue({ commonName: 'kube-apiserver', ...names });
  const frontProxy = await frontProxyCa.issue({ commonName: 'front-proxy-client', usage: 'client' });
  const files = {
    'ca.crt': ca.cert,
    'front-proxy-ca.crt': frontProxyCa.cert,
    'apiserver.crt': serving.cert,
    'apiserver.key': serving.key,
    'front-proxy-client.crt': frontProxy.cert,
    'front-proxy-client.key': frontProxy.key,
  };
  for (const [file, pem] of Object.entries(files)) await writeFile(join(pki, file), `${pem}\n`);
  const jane = await ca.issue({ commonName: 'jane', usage: 'client' });
  return { directory, pki, ca: ca.cert, jane };
}

/** Runs a program and waits for its first line; it is killed when the test ends. */
async function start(t: TestContext, program: string, args: readonly string[] = []) {
  const child = spawn(process.execPath, [program, ...args], { stdio: ['pipe', 'pipe', 'inherit'] });
  const exited = new Promise<number | null>((resolve) => {
    child.once('exit', resolve);
  });
  t.after(async () => {
    child.kill('SIGKILL');
    await exited;
  });
  const line = new Promise<string>((resolve) => {
    createInterface({ input: child.stdout }).once('line', resolve);
  });
  const ended = exited.then((code) => Promise.reject(new Error(`it ended with ${code} before it was ready`)));
  return { child, exited, line: await Promise.race([line, ended]) };
}

/** A copy that takes the library from its source. */
async function fromSource(directory: string, name: string, text: string): Promise<string> {
  const file = join(directory, name);
  await writeFile(file, text.replaceAll("'mixed-version-proxy/server'", `'${LIBRARY}'`));
  return file;
}

async function connect(t: TestContext, port: number, ca: string, certificate?: Issued): Promise<H2Client> {
  const client = await H2Client.connect(`https://127.0.0.1:${port}`, { ca, ...certificate });
  t.after(() => client.close());
  return client;
}

test('the example and another one like it are one control plane', async (t) => {
  const { directory, pki, ca, jane } = await setUp(t);
  const program = await fromSource(directory, 'example.ts', await readFile(join(root, 'examples/library.ts'), 'utf8'));
  const [one, other] = [await freePort(), await freePort()];
  const second = start(t, program, ['b', String(other), 'gadgets', pki, `a=https://127.0.0.1:${one}`]);
  const first = start(t, program, ['a', String(one), 'widgets', pki, `b=https://127.0.0.1:${other}`]);
  assert.equal((await first).line, `a serves widgets on https://127.0.0.1:${one}`);
  await second;

  const anybody = await connect(t, one, ca);
  const user = await connect(t, one, ca, jane);
  const json = async (client: H2Client, path: string, headers: Record<string, string> = {}) => {
    const answer = await client.request({ path, headers });
    assert.equal(answer.status, 200, answer.text);
    return JSON.parse(answer.text);
  };
  // The servers start one after the other: the first may have to find out that the second is there.
  while ((await anybody.request({ path: GADGETS })).status === 503) await new Promise(setImmediate);

  const forged = { 'x-remote-user': 'root', 'x-remote-group': 'system:masters' };
  for (const [path, servedBy] of [
    [WIDGETS, 'a'],
    [GADGETS, 'b'],
  ] as const) {
    assert.deepEqual(await json(anybody, path), { servedBy, user: 'system:anonymous' });
    assert.deepEqual(await json(anybody, path, forged), { servedBy, user: 'system:anonymous' });
    assert.deepEqual(await json(user, path, forged), { servedBy, user: 'jane' });
  }

  const resources = async (accept: string) => {
    const { items } = await json(user, '/apis', { accept });
    return items[0].versions[0].resources.map(({ resource }: { resource: string }) => resource).sort();
  };
  // Documents follow the routing table once they were hashed and compressed.
  await until(
    () => resources(AGGREGATED),
    (merged) => merged.length === 2,
  );
  assert.deepEqual(await resources(AGGREGATED), ['gadgets', 'widgets']);
  assert.deepEqual(await resources(`${AGGREGATED};profile=nopeer`), ['widgets']);

  const { child, exited } = await first;
  anybody.close();
  user.close();
  child.kill('SIGTERM');
  assert.equal(await exited, 0);
});

test('the snippets of docs/library.md, put together, are a server', async (t) => {
  const { directory, pki, ca, jane } = await setUp(t);
  const guide = await readFile(join(root, 'docs/library.md'), 'utf8');
  const snippets = [...guide.matchAll(/^```ts\n(.*?)^```/gms)].map(([, text]) => text ?? '');
  assert.ok(snippets.length > 5);
  const imports = new Set(snippets.flatMap((text) => text.match(/^import .*$/gm) ?? []));
  const rest = snippets.map((text) => text.replaceAll(/^import .*$\n/gm, '')).join('\n');
  const port = await freePort();
  const here = rest
    .replaceAll('/etc/kubernetes/pki', pki)
    // Nobody listens there, and nothing leaves this host.
    .replaceAll(/https:\/\/10\.[0-9.]+:6443/g, 'https://127.0.0.1:1')
    .replaceAll('6443', String(port));
  const program = await fromSource(directory, 'guide.ts', [...imports, here].join('\n'));
  const { line, exited, child } = await start(t, program);
  assert.equal(line, 'cp-1 is ready');
  const client = await connect(t, port, ca, jane);
  const answer = await client.request({ path: '/apis/example.com/v1/widgets' });
  assert.deepEqual([answer.status, answer.text], [200, 'widgets for jane\n']);
  const watch = await client.open({ path: '/apis/example.com/v1/widgets?watch=true' });
  assert.equal(watch.status, 200);
  client.close();
  child.kill('SIGTERM');
  assert.equal(await exited, 0);
});
