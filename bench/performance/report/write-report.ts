import { mkdir, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type { MeasuredParts } from '../../parts.ts';
import type { Part } from '../parts.ts';
import type { Result } from '../results.ts';
import { type PageCircumstances, reportPage } from './page.ts';

/** Writes the page, and its plots into a directory of the same name beside it. */
export async function writeReport(
  output: string,
  measured: MeasuredParts<Part, Result>,
  circumstances: PageCircumstances,
): Promise<void> {
  const directory = output.replace(/\.md$/, '');
  const { page, plots } = reportPage(measured, circumstances, basename(directory));
  await mkdir(directory, { recursive: true });
  for (const { name, svg } of plots) await writeFile(join(directory, `${name}.svg`), svg);
  await writeFile(output, page);
}
