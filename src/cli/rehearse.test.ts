import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import type { RehearseOptions } from '../lab/rehearsal/rehearse.ts';
import { column, result } from '../lab/rehearsal/report/testing/results.ts';
import type { RehearsalResult } from '../lab/rehearsal/result.ts';
import { runRehearsal } from './rehearse.ts';
import type { RehearseFlags } from './rehearse-options.ts';
import { capturedIo } from './testing/captured-io.ts';

const HARM = { dependents: { live: 2, wronglyCollected: 1, byRound: [], examples: [] } };
const FOUND = result(column({ ...HARM, name: 'balancer' }), column({ name: 'gateway' }));

const FLAGS: RehearseFlags = { from: '1.34', to: '1.37', output: 'table', failOn: [], kubeApiserver: [], v: 0 };

async function run(flags: Partial<RehearseFlags> = {}, found: RehearsalResult = FOUND, directory = tmpdir()) {
  const io = capturedIo({ directory });
  const asked: RehearseOptions[] = [];
  const code = await runRehearsal({ ...FLAGS, ...flags }, io, async (options) => {
    asked.push(options);
    return found;
  });
  return { code, asked: asked[0], stdout: io.out, stderr: io.err };
}

test('it compares the columns that were asked for in a table, and harm alone is no failure', async () => {
  const { code, asked, stdout } = await run();
  assert.equal(code, 0);
  assert.deepEqual(
    asked?.columns.map(({ name }) => name),
    ['balancer', 'gateway', 'built-in'],
  );
  assert.match(stdout, /^ +balancer +gateway$/m);
  assert.match(stdout, /^dependents wrongly collected +1 of 2 +0 of 12$/m);
  assert.match(stdout, /^verdict +HARM +no harm$/m);
});

test('a column that did not finish says why, and counts as harm', async () => {
  const broken = result(column({ failure: 'the rehearsal was stopped', unmet: ['deleted namespaces are gone'] }));
  const { code, stdout } = await run({ failOn: ['gateway'] }, broken);
  assert.equal(code, 1);
  assert.match(stdout, /^gateway did not finish: the rehearsal was stopped$/m);
  assert.match(stdout, /^gateway waited in vain: deleted namespaces are gone$/m);
});

test('a table with a wrong 404 says that it was on purpose', async () => {
  const wrong404 = { group: '', resource: 'pods', isHeld: false };
  const { stdout } = await run({}, { ...FOUND, environment: { ...FOUND.environment, wrong404 } });
  assert.match(stdout, /^The first upgraded server denied pods on purpose, which counts among the false 404s/m);
  assert.doesNotMatch((await run()).stdout, /on purpose/);
});

test('--fail-on makes harm in that column the exit code 1, and in no other', async () => {
  assert.equal((await run({ failOn: ['gateway'] })).code, 0);
  assert.equal((await run({ failOn: ['gateway', 'balancer'] })).code, 1);
});

test('--output json prints the numbers and nothing else', async () => {
  const { stdout } = await run({ output: 'json' });
  assert.deepEqual(JSON.parse(stdout), FOUND);
});

test('--report writes both files and says where', async (t) => {
  const directory = await mkdtemp(join(tmpdir(), 'mvproxy-rehearse-'));
  t.after(() => rm(directory, { recursive: true }));
  const { stderr } = await run({ report: 'out' }, FOUND, directory);
  assert.deepEqual(JSON.parse(await readFile(join(directory, 'out/report.json'), 'utf8')), FOUND);
  assert.ok(stderr.includes(join(directory, 'out/report.html')));
});

test('--seed and --servers reach the scenario', async () => {
  const { asked } = await run({ seed: 42, servers: 5 });
  assert.deepEqual([asked?.seed, asked?.bounds?.servers], [42, 5]);
});

test('a wrong 404 reaches the scenario, for a while or until it is stopped', async () => {
  const wrong404 = { group: 'resource.k8s.io', resource: 'devicetaintrules' };
  assert.deepEqual((await run({ wrong404 })).asked?.wrong404, { ...wrong404, isHeld: false });
  assert.deepEqual((await run({ wrong404, hold: true })).asked?.wrong404, { ...wrong404, isHeld: true });
  assert.equal((await run()).asked?.wrong404, undefined);
});

test('a minor version means the real program that was named, and built-in is not run with those', async () => {
  const kubeApiserver = [
    { version: '1.34.4', path: '/a' },
    { version: '1.37.2', path: '/b' },
  ];
  const { asked } = await run({ kubeApiserver });
  assert.deepEqual([asked?.from, asked?.to], ['1.34.4', '1.37.2']);
  assert.deepEqual(
    asked?.columns.map(({ name }) => name),
    ['balancer', 'gateway'],
  );
});

for (const [flags, message] of [
  [{ with: ['native'] }, /embedded servers do not have.*--kube-apiserver/],
  [{ with: ['built-in'], kubeApiserver: [{ version: '1.34.4', path: '/a' }] }, /real kube-apiservers are not/],
  [{ kubeControllerManager: { version: '1.36.3', path: '/k' } }, /Name real servers with --kube-apiserver/],
  [{ hold: true }, /--hold stays at the wrong 404\. Say which with --wrong-404 RESOURCE\.GROUP/],
  [
    {
      wrong404: { group: '', resource: 'pods' },
      kubeApiserver: [{ version: '1.34.4', path: '/a' }],
      with: ['gateway'],
    },
    /A real kube-apiserver denies no type on demand/,
  ],
] as const) {
  test(`what cannot be run is refused before anything starts: ${JSON.stringify(flags)}`, async () => {
    const { code, asked, stderr } = await run(flags);
    assert.equal(code, 2);
    assert.equal(asked, undefined);
    assert.match(stderr, message);
  });
}
