import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { freePort } from './free-port.ts';

/** Of so many ports each of two processes takes a quarter. */
const RANGE = 64;
const TAKEN = RANGE / 4;

test('two processes never get the same port', async () => {
  const least = randomInt(16_384, 32_768 - RANGE);
  const most = least + RANGE - 1;
  const ours: number[] = [];
  while (ours.length < TAKEN) ours.push(await freePort(least, most));
  const program = `
    const { freePort } = await import(${JSON.stringify(new URL('free-port.ts', import.meta.url).href)});
    for (let i = 0; i < ${TAKEN}; i++) console.log(await freePort(${least}, ${most}));`;
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '--eval', program]);
  const theirs = stdout.trim().split('\n').map(Number);
  assert.equal(theirs.length, TAKEN);
  assert.equal(new Set([...ours, ...theirs]).size, 2 * TAKEN);
  for (const port of [...ours, ...theirs]) assert.ok(port >= least && port <= most);
});
