import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { test } from 'node:test';
import { openStore } from './file-store.ts';
import { MemoryStore } from './memory-store.ts';
import type { Store } from './store.ts';
import { writeNext } from './testing/durability-plan.ts';

const ROUNDS = 20;
const WRITER = new URL('./testing/durability-writer.ts', import.meta.url);

test('every acknowledged write survives SIGKILL, and none is there by half', async (t) => {
  const directory = await mkdtemp(join(tmpdir(), 'durability-'));
  t.after(() => rm(directory, { recursive: true }));
  const file = join(directory, 'lab.db');
  const model = new MemoryStore();
  for (let round = 0; round < ROUNDS; round++) {
    const acknowledged = await writeUntilKilled(file, 1 + Math.floor(Math.random() * 60));
    const store = openStore({ file });
    assert.ok(acknowledged > model.revision, `round ${round} acknowledged nothing new`);
    assert.ok(store.revision >= acknowledged, `round ${round} lost ${acknowledged}, it ends at ${store.revision}`);
    assert.ok(store.revision <= acknowledged + 1, `round ${round} has more than the one write that was under way`);
    while (model.revision < store.revision) writeNext(model);
    assert.deepEqual(contents(store), contents(model));
    store.close();
  }
});

/** Runs a writer, kills it at some moment after its `lines`th acknowledgement, and returns the last revision it acknowledged. */
async function writeUntilKilled(file: string, lines: number): Promise<number> {
  const writer = spawn(process.execPath, [WRITER.pathname, file], { stdio: ['ignore', 'pipe', 'inherit'] });
  const closed = once(writer, 'close');
  let seen = 0;
  let last = 0;
  for await (const line of createInterface({ input: writer.stdout })) {
    last = Number(line);
    if (++seen === lines) writer.kill('SIGKILL');
  }
  const [, signal] = await closed;
  assert.equal(signal, 'SIGKILL');
  return last;
}

function contents(store: Store) {
  return store.range('').entries;
}
