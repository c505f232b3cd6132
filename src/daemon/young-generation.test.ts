import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { test } from 'node:test';

/** Makes objects that live for a while, as ever more open requests do; prints the largest size of the young generation in MiB. */
const PROGRAM = `
  import { getHeapSpaceStatistics } from 'node:v8';
  const { limitYoungGeneration } = await import(process.argv[1]);
  if (process.argv[2] === 'limited') limitYoungGeneration();
  const kept = new Array(200_000);
  let most = 0;
  for (let turn = 0; turn < 200; turn += 1) {
    for (let i = 0; i < 100_000; i += 1) kept[(turn * 100_000 + i) % kept.length] = { turn, i: [i] };
    await new Promise(setImmediate);
    const { space_size: size } = getHeapSpaceStatistics().find(({ space_name: name }) => name === 'new_space');
    most = Math.max(most, size);
  }
  console.log(most / 1024 / 1024);
`;

function sizeWhen(how: string): number {
  const module = new URL('young-generation.ts', import.meta.url).href;
  return Number(execFileSync(process.execPath, ['--input-type=module', '-e', PROGRAM, module, how]).toString());
}

test('the young generation stops to grow', () => {
  assert.ok(sizeWhen('limited') < 48);
  assert.ok(sizeWhen('unlimited') > 48);
});
