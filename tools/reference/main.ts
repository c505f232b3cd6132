import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { referencePages } from './pages.ts';

const directory = new URL('../../docs/reference/', import.meta.url);
const check = process.argv.includes('--check');

for (const [name, content] of referencePages()) {
  const file = new URL(name, directory);
  const current = await readFile(file, 'utf8').catch(() => undefined);
  if (current === content) continue;
  if (check) {
    process.stderr.write(`${fileURLToPath(file)} is not up to date; run: node tools/reference/main.ts\n`);
    process.exitCode = 1;
  } else {
    await mkdir(new URL('.', file), { recursive: true });
    await writeFile(file, content);
    process.stdout.write(`wrote ${fileURLToPath(file)}\n`);
  }
}
