import assert from 'node:assert/strict';
import { mkdir, readFile, writeFile } from 'node:fs/promises';

const DIRECTORY = new URL('../golden/', import.meta.url);

/** Compares text with `test/golden/NAME.txt`; with UPDATE_GOLDEN=1 in the environment it is written instead. */
export async function assertGolden(name: string, text: string): Promise<void> {
  const file = new URL(`${name}.txt`, DIRECTORY);
  if (process.env['UPDATE_GOLDEN'] === '1') {
    await mkdir(DIRECTORY, { recursive: true });
    await writeFile(file, text);
    return;
  }
  const expected = await readFile(file, 'utf8').catch(() => '');
  assert.equal(text, expected, `test/golden/${name}.txt has another text; UPDATE_GOLDEN=1 writes it anew`);
}
