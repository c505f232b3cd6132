import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';

/** The text of a guide in docs/, from a heading of the second level to the next. */
export async function guideSection(name: string, heading: string): Promise<string> {
  const text = await readFile(new URL(`../../docs/${name}.md`, import.meta.url), 'utf8');
  const section = text.split(/^## /m).find((each) => each.startsWith(`${heading}\n`));
  assert.ok(section !== undefined, `docs/${name}.md has no section "${heading}"`);
  return section;
}

/** The headings of the second level. */
export async function guideHeadings(name: string): Promise<readonly string[]> {
  const text = await readFile(new URL(`../../docs/${name}.md`, import.meta.url), 'utf8');
  return [...text.matchAll(/^## (.*)$/gm)].map(([, heading = '']) => heading);
}

/** The commands that a section shows, one a line, in order. */
export function commandsIn(section: string): readonly string[] {
  return [...section.matchAll(/^```sh\n(.*?)^```/gms)].flatMap(([, block = '']) => block.trim().split('\n'));
}
