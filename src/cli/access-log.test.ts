import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { createReadStream, openSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { test } from 'node:test';
import { temporaryDirectory } from '../../test/support/temporary-directory.ts';
import { openAccessLog } from './access-log.ts';

const environment = {};
const nowhere = { write: () => assert.fail('it goes through the event loop') };

test('nobody who wants none gets one', () => {
  assert.equal(openAccessLog('none', { output: nowhere, environment }), undefined);
});

test('lines are whole when it is closed', async (t) => {
  const file = join(await temporaryDirectory(t), 'log');
  const fd = openSync(file, 'w');
  const log = openAccessLog('all', { output: { ...nowhere, fd }, environment });
  assert.ok(log !== undefined);
  for (let i = 0; i < 1_000; i++) log.lines.info('request', { id: i });
  await log.close();
  const lines = (await readFile(file, 'utf8')).trimEnd().split('\n');
  assert.deepEqual(
    lines.map((line) => JSON.parse(line).id),
    Array.from({ length: 1_000 }, (_, i) => i),
  );
  const { time, ...entry } = JSON.parse(lines[0] ?? '');
  assert.deepEqual(entry, { level: 'info', id: 0, message: 'request' });
  assert.match(time, /Z$/);
});

test('a reader that does not read holds nobody up; it loses lines, and is told how many', async (t) => {
  const fifo = join(await temporaryDirectory(t), 'log');
  execFileSync('mkfifo', [fifo]);
  const fd = openSync(fifo, 'r+');
  const log = openAccessLog('all', { output: { ...nowhere, fd }, environment });
  assert.ok(log !== undefined);
  const path = `/${'p'.repeat(500)}`;
  for (let i = 0; i < 20_000; i++) log.lines.info('request', { id: i, path });
  const reader = createReadStream(fifo);
  t.after(() => reader.destroy());
  let read = 0;
  for await (const line of createInterface({ input: reader })) {
    const { message, count } = JSON.parse(line);
    if (message === 'request') {
      read++;
      if (read === 20_000) break;
    } else {
      assert.match(message, /were left out/);
      assert.equal(read + count, 20_000);
      break;
    }
  }
  assert.ok(read < 10_000, `${read} lines of half a kilobyte were held`);
  await log.close();
});

test('a reader that is gone is no failure', async () => {
  const log = openAccessLog('all', { output: { ...nowhere, fd: 1_000_000 }, environment });
  assert.ok(log !== undefined);
  log.lines.info('request');
  await log.close();
});

test('on a terminal people read plain lines', () => {
  const lines: string[] = [];
  const output = { write: (text: string) => lines.push(text), isTTY: true, fd: 2 };
  openAccessLog('all', { output, environment: { NO_COLOR: '1' } })?.lines.info('request', { status: 200 });
  assert.match(lines.join(''), /^\S+ INFO {2}request status=200\n$/);
});
