import { mkdir, rm, writeFile } from 'node:fs/promises';
import { packageVersion } from '../../src/package-version.ts';
import { manPages } from './man-pages.ts';

const directory = new URL('../../man/', import.meta.url);

await rm(directory, { recursive: true, force: true });
await mkdir(directory);
for (const [name, page] of manPages(packageVersion())) await writeFile(new URL(name, directory), page);
