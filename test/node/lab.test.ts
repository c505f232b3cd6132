import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { type TestContext, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';
import { requestOnce } from '../../src/lab/control-plane/request-once.ts';

const PROGRAM = fileURLToPath(new URL('../../bin/mvproxy.ts', import.meta.url));
const NEW_TYPE = '/apis/certificates.k8s.io/v1/clustertrustbundles';

interface Started {
  /** What it printed until it was up. */
  readonly printed: string;
  readonly kubeconfig: string;
  /** Asks through a context of the kubeconfig, and again as long as the answer says so. */
  get(context: string, path: string): Promise<{ status: number; body: string }>;
  /** Ctrl-C; resolves with the exit code and what is left in its temporary directory. */
  interrupt(): Promise<{ code: number | null; left: string[]; complaints: string }>;
}

async function start(t: TestContext, ...args: string[]): Promise<Started> {
  const directory = await mkdtemp(join(tmpdir(), 'mvproxy-lab-command-'));
  t.after(() => rm(directory, { recursive: true, force: true }));
  const env = { ...process.env, TMPDIR: directory };
  const child = spawn(process.execPath, [PROGRAM, 'lab', ...args], {
    env,
    cwd: directory,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  t.after(() => child.kill('SIGKILL'));
  const complaints = text(child.stderr);
  let printed = '';
  for await (const chunk of child.stdout.iterator({ destroyOnReturn: false })) {
    printed += String(chunk);
    if (printed.includes('Ctrl-C ends it.')) break;
  }
  const kubeconfig = /export KUBECONFIG=(\S+)/.exec(printed)?.[1] ?? assert.fail(printed + (await complaints));
  const config = parse(await readFile(kubeconfig, 'utf8'));
  const decode = (base64: string) => Buffer.from(base64, 'base64').toString();
  return {
    printed,
    kubeconfig,
    async get(name, path) {
      const { context } = config.contexts.find((one: { name: string }) => one.name === name);
      const { cluster } = config.clusters.find((one: { name: string }) => one.name === context.cluster);
      const { user } = config.users.find((one: { name: string }) => one.name === context.user);
      const credentials =
        user.token === undefined
          ? {
              certificate: {
                cert: decode(user['client-certificate-data']),
                key: decode(user['client-key-data']),
              },
            }
          : { token: user.token };
      const ca = decode(cluster['certificate-authority-data']);
      for (;;) {
        const answer = await requestOnce(`${cluster.server}${path}`, { ca, ...credentials });
        if (answer.status !== 503) return answer;
      }
    },
    async interrupt() {
      const exited = once(child, 'exit');
      child.kill('SIGINT');
      const [code] = await exited;
      return { code, left: await readdir(directory), complaints: withoutDelays(await complaints) };
    },
  };
}

/** A busy machine makes servers of the lab wait for each other, which they rightly say. */
function withoutDelays(complaints: string): string {
  return complaints.replaceAll(/^.*was not answered completely within.*\n/gm, '');
}

test('lab serves what it says, prints five commands to try, and Ctrl-C leaves nothing behind', async (t) => {
  const lab = await start(t);
  assert.match(lab.printed, /^The lab is up after \d+\.\d s: 3 embedded API servers/);
  assert.equal(lab.printed.match(/^ {2}kubectl /gm)?.length, 5);
  assert.equal((await lab.get('proxy', NEW_TYPE)).status, 200);
  assert.deepEqual(
    await Promise.all(['server-1', 'server-2', 'server-3'].map(async (name) => (await lab.get(name, NEW_TYPE)).status)),
    [404, 404, 200],
  );
  const shown = [...lab.printed.matchAll(/kubectl (?:--context (\S+) )?get (\S+)\.(v\d\w*)\.(\S+)/g)];
  for (const [, context = 'proxy', resource, version, group] of shown) {
    const { status } = await lab.get(context, `/apis/${group}/${version}/${resource}`);
    assert.equal(status, context === 'proxy' ? 200 : 404, 'the printed command shows what it says');
  }
  assert.equal(shown.length, 2);
  assert.deepEqual(await lab.interrupt(), { code: 0, left: [], complaints: '' });
});

test('lab --front built-in: every server answers for all', async (t) => {
  const lab = await start(t, '--front=built-in');
  for (const context of ['proxy', 'server-1', 'server-2', 'server-3']) {
    assert.equal((await lab.get(context, NEW_TYPE)).status, 200, context);
  }
  assert.deepEqual(await lab.interrupt(), { code: 0, left: [], complaints: '' });
});

test('lab --front none --spread request: the answer depends on chance', async (t) => {
  const lab = await start(t, '--front=none', '--spread=request');
  const statuses = new Set<number>();
  for (let i = 0; i < 200 && statuses.size < 2; i++) statuses.add((await lab.get('proxy', NEW_TYPE)).status);
  assert.deepEqual([...statuses].sort(), [200, 404]);
  assert.deepEqual(await lab.interrupt(), { code: 0, left: [], complaints: '' });
});

test('lab --versions: servers of one version have no skew to show; a named kubeconfig stays', async (t) => {
  const lab = await start(t, '--versions=1.37,1.37', '--kubeconfig=lab.conf', '--no-controllers');
  assert.match(lab.printed, /2 embedded API servers of one version/);
  assert.match(lab.printed, /the servers serve the same types/);
  assert.deepEqual(await lab.interrupt(), { code: 0, left: ['lab.conf'], complaints: '' });
});
