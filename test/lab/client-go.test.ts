import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { after, before, describe, it, type TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { Inbox } from '../support/loopback.ts';
import { type RunningLab, runLab } from './support/running-lab.ts';

const SOURCE = fileURLToPath(new URL('client-go', import.meta.url));

interface Line {
  readonly event: 'added' | 'updated' | 'deleted' | 'vanished' | 'synced' | 'ready';
  readonly informer: string;
  readonly object?: string;
  readonly resourceVersion?: string;
  readonly value?: string;
}

let directory: string;
let program: string;

before(async () => {
  directory = await mkdtemp(join(tmpdir(), 'mvproxy-client-go-'));
  program = join(directory, 'informers');
  const env = { ...process.env, CGO_ENABLED: '0', GOWORK: 'off' };
  await promisify(execFile)('go', ['build', '-trimpath', '-o', program, '.'], { cwd: SOURCE, env });
});

after(() => rm(directory, { recursive: true, force: true }));

for (const front of ['gateway', 'built-in'] as const) {
  describe(`client-go informers on the embedded lab, ${front}`, () => {
    let lab: RunningLab;

    before(async () => {
      lab = await runLab(front);
    });

    after(() => lab?.close());

    it('synchronise and see every change of common and skewed types', async (t) => {
      const admin = lab.client();
      const configMaps = '/api/v1/namespaces/default/configmaps';
      const bundles = '/apis/certificates.k8s.io/v1/clustertrustbundles';
      const configMap = (name: string, value: string) => ({ metadata: { name }, data: { value } });
      const bundle = { metadata: { name: 'seen' }, spec: { trustBundle: lab.plane.pki.servingCa.cert } };
      await admin.json('POST', configMaps, { body: configMap('before', '0') });
      const lines = runInformers(t, lab.kubeconfig, 'clustertrustbundles.v1.certificates.k8s.io');
      const synced: Line[] = [];
      const early: Line[] = [];
      for (let line = await lines.next(); line.event !== 'ready'; line = await lines.next()) {
        (line.event === 'synced' ? synced : early).push(line);
      }
      assert.deepEqual(
        synced.map(({ value }) => value),
        ['true', 'true', 'true'],
      );

      const expected: string[] = ['configmaps added default/before 0'];
      for (let round = 0; round < 50; round++) {
        const name = `c-${round}`;
        await admin.json('POST', configMaps, { body: configMap(name, 'one') });
        await admin.json('PUT', `${configMaps}/${name}`, { body: configMap(name, 'two') });
        await admin.json('DELETE', `${configMaps}/${name}`);
        expected.push(`configmaps added default/${name} one`, `configmaps updated default/${name} two`);
        expected.push(`configmaps deleted default/${name} two`);
      }
      await admin.json('POST', bundles, { body: bundle });
      await admin.json('DELETE', `${bundles}/seen`);
      expected.push('clustertrustbundles added seen', 'clustertrustbundles deleted seen');

      const seen = [...early];
      const wanted = new Set(expected);
      for (const line of early) wanted.delete(describeLine(line));
      while (wanted.size > 0) {
        const line = await lines.next();
        seen.push(line);
        wanted.delete(describeLine(line));
      }
      const order = seen.filter(({ informer }) => informer === 'configmaps').map(describeLine);
      assert.deepEqual(
        order,
        expected.filter((line) => line.startsWith('configmaps')),
        'in order, and none twice',
      );
    });
  });
}

function describeLine({ informer, event, object, value }: Line): string {
  return [informer, event, object, value].filter((part) => part !== undefined).join(' ');
}

function runInformers(t: TestContext, kubeconfig: string, resource: string): Inbox<Line> {
  const lines = new Inbox<Line>();
  const child = spawn(program, ['--kubeconfig', kubeconfig, '--resource', resource], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  createInterface({ input: child.stdout }).on('line', (line) => lines.put(JSON.parse(line)));
  t.after(() => child.kill('SIGKILL'));
  return lines;
}
