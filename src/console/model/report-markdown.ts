import type { Report, ReportTable } from './report.ts';

/** For a wiki or an incident's record: GitHub's Markdown. */
export function markdownReport({ title, facts, tables }: Report): string {
  const list = facts.map((fact) => `- ${escaped(fact)}`).join('\n');
  return `# ${escaped(title)}\n\n${list}\n\n${tables.map(markdownTable).join('\n\n')}\n`;
}

function markdownTable({ title, head, rows, empty }: ReportTable): string {
  const heading = `## ${escaped(title)}`;
  if (rows.length === 0) return `${heading}\n\n${escaped(empty)}`;
  const line = (cells: readonly string[]) => `| ${cells.map(escaped).join(' | ')} |`;
  return [heading, '', line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}

/** Text that nothing in it makes a link, markup or another cell. */
function escaped(text: string): string {
  return text
    .replace(/\s+/g, ' ')
    .replace(/[\\`*_[\]|~#]|:(?=\/\/)|(?<=www)\./gi, '\\$&')
    .replace(/&/g, '&amp;')
    .replace(/</g, '&lt;')
    .replace(/>/g, '&gt;');
}
