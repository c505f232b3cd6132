import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { RehearsalResult } from '../result.ts';
import { htmlReport } from './html-report.ts';

/** Writes `report.html` and `report.json` into `directory`, which is made if it is missing; returns their paths. */
export async function writeReport(directory: string, result: RehearsalResult): Promise<{ html: string; json: string }> {
  await mkdir(directory, { recursive: true });
  const html = join(directory, 'report.html');
  const json = join(directory, 'report.json');
  await writeFile(html, htmlReport(result));
  await writeFile(json, `${JSON.stringify(result, undefined, 2)}\n`);
  return { html, json };
}
