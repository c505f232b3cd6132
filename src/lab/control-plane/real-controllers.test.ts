import assert from 'node:assert/strict';
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { createPki } from '../pki/pki.ts';
import type { LabPlane } from '../plane/lab-plane.ts';
import { realControllers } from './real-controllers.ts';

test('a kube-controller-manager that gives up is started again, until it is closed', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'real-controllers-'));
  try {
    const runs = join(directory, 'runs');
    const program = join(directory, 'kube-controller-manager');
    // Ends twice at once, and then goes on without ever being ready.
    await writeFile(
      program,
      `#!/bin/sh\necho "$$ $@" >> '${runs}'\n[ "$(wc -l < '${runs}')" -lt 3 ] && exit 1\nexec sleep 1000\n`,
    );
    await chmod(program, 0o755);
    const pki = await createPki(join(directory, 'pki'));
    const start = realControllers({ version: '1.36.3', programs: async () => program, report: () => {} });
    const plane: Pick<LabPlane, 'pki' | 'adminToken'> = { pki, adminToken: 'token' };
    const controllers = await start(plane, { url: 'https://127.0.0.1:1' });
    const lines = async (): Promise<string[]> =>
      (await readFile(runs, 'utf8').catch(() => '')).split('\n').filter((line) => line !== '');
    while ((await lines()).length < 3) await delay(20);
    await controllers.close();
    const [, , last = ''] = await lines();
    const pid = Number(last.split(' ')[0]);
    assert.throws(() => process.kill(pid, 0), { code: 'ESRCH' });
    for (const line of await lines()) {
      assert.match(line, / --controllers=garbage-collector-controller,namespace-controller /);
    }
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
});
