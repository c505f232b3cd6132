import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { type TestContext, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';
import { LabClient } from '../../src/lab/client/lab-client.ts';

const PROGRAM = fileURLToPath(new URL('../../bin/mvproxy.ts', import.meta.url));
const ROUNDS = 100;
const WRITERS = 6;
/** A round is cut short after at most this many acknowledged writes. */
const MOST_WRITES = 80;
const CONFIG_MAPS = '/api/v1/namespaces/default/configmaps';

interface LabProcess {
  readonly child: ChildProcess;
  readonly client: LabClient;
}

const NAME = `kill -9 during writes, ${ROUNDS} times: every acknowledged write is there after the restart`;

// It starts a lab for each round, which takes a busy machine several seconds.
test(NAME, { timeout: 1_800_000 }, async (t) => {
  const directory = await mkdtemp(join(tmpdir(), 'mvproxy-durability-'));
  t.after(() => rm(directory, { recursive: true, force: true }));
  /** The last acknowledged value of every ConfigMap; `undefined` after an acknowledged deletion. */
  const acknowledged = new Map<string, number | undefined>();
  let writes = 0;
  for (let round = 0; round < ROUNDS; round++) {
    const { child, client } = await startLab(t, directory);
    await verify(client, acknowledged, round);
    writes += await writeUntilKilled(child, client, acknowledged, round);
    await client.close();
  }
  const { child, client } = await startLab(t, directory);
  await verify(client, acknowledged, ROUNDS);
  await client.close();
  const ended = once(child, 'exit');
  child.kill('SIGINT');
  assert.deepEqual(await ended, [0, null]);
  t.diagnostic(`${writes} acknowledged writes`);
  assert.ok(writes > ROUNDS * 10, 'the rounds did write');
});

/** A value may be one ahead of what was acknowledged: the answer to that write was still on its way. */
async function verify(client: LabClient, acknowledged: ReadonlyMap<string, number | undefined>, round: number) {
  const { items } = (await client.json('GET', CONFIG_MAPS)) as {
    items: { metadata: { name: string }; data: { value: string } }[];
  };
  const found = new Map(items.map(({ metadata, data }) => [metadata.name, Number(data.value)]));
  for (const [name, value] of acknowledged) {
    const now = found.get(name);
    if (value === undefined) assert.ok(now === undefined, `round ${round}: ${name} was deleted and is back as ${now}`);
    else if (now !== undefined)
      assert.ok(now === value || now === value + 1, `round ${round}: ${name} is ${now}, not ${value}`);
    else
      assert.ok(value % 10 === 9, `round ${round}: ${name} had ${value} and is gone, although nobody was deleting it`);
  }
}

/** Every writer changes its own ConfigMap over and over, deletes it after ten changes and goes on with another. */
async function writeUntilKilled(
  child: ChildProcess,
  client: LabClient,
  acknowledged: Map<string, number | undefined>,
  round: number,
): Promise<number> {
  const limit = 1 + Math.floor(Math.random() * MOST_WRITES);
  let count = 0;
  const exited = once(child, 'exit');
  const done = (name: string, value: number | undefined): void => {
    acknowledged.set(name, value);
    count += 1;
    if (count === limit) child.kill('SIGKILL');
  };
  const write = async (writer: number): Promise<void> => {
    for (let generation = 0; ; generation++) {
      const name = `r${round}-w${writer}-g${generation}`;
      const body = (value: number) => ({ metadata: { name }, data: { value: String(value) } });
      await client.json('POST', CONFIG_MAPS, { body: body(0) });
      done(name, 0);
      for (let value = 1; value < 10; value++) {
        await client.json('PUT', `${CONFIG_MAPS}/${name}`, { body: body(value) });
        done(name, value);
      }
      await client.json('DELETE', `${CONFIG_MAPS}/${name}`);
      done(name, undefined);
    }
  };
  const writers = Array.from({ length: WRITERS }, (_, writer) => write(writer).catch(() => {}));
  // A writer ends with the first failure. When none is left the limit is not reached any more.
  void Promise.all(writers).then(() => child.kill('SIGKILL'));
  await exited;
  // Requests under way would be tried again for a while.
  await client.close();
  await Promise.all(writers);
  return count;
}

async function startLab(t: TestContext, directory: string): Promise<LabProcess> {
  const kubeconfig = join(directory, 'kubeconfig');
  const args = ['lab', '--versions=1.34,1.37', `--data=${join(directory, 'data')}`, `--kubeconfig=${kubeconfig}`];
  const child = spawn(process.execPath, [PROGRAM, ...args, '--no-controllers'], {
    stdio: ['ignore', 'pipe', 'pipe'],
    // What a killed lab leaves there goes with the test.
    env: { ...process.env, TMPDIR: directory },
  });
  t.after(() => child.kill('SIGKILL'));
  let complaints = '';
  child.stderr.on('data', (text) => (complaints += text));
  const lines = createInterface({ input: child.stdout });
  await new Promise<void>((resolve, reject) => {
    lines.on('line', (line) => line.startsWith('The lab is up') && resolve());
    child.once('exit', (code) => reject(new Error(`the lab ended with ${code}: ${complaints}`)));
  });
  const { clusters, users } = parse(await readFile(kubeconfig, 'utf8'));
  const decode = (text: string) => Buffer.from(text, 'base64').toString();
  const client = new LabClient({
    name: 'writer',
    url: clusters[0].cluster.server,
    ca: decode(clusters[0].cluster['certificate-authority-data']),
    certificate: {
      cert: decode(users[0].user['client-certificate-data']),
      key: decode(users[0].user['client-key-data']),
    },
    userAgent: 'durability',
    // What a killed lab leaves unanswered fails at once; one that lives may be slow.
    timeoutMs: 120_000,
  });
  return { child, client };
}
