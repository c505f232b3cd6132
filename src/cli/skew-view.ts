import { SKEW_CODES, type SkewCode } from '../skew/skew-codes.ts';
import type { SkewFinding, SkewReport } from '../skew/skew-report.ts';
import { skewTable } from './skew-table.ts';
import { counted, findingsByCode, skewAdvice, skewTitle } from './skew-words.ts';
import { type TerminalStyle, wrapText } from './terminal-style.ts';

/** Findings of one code that are told one by one. */
const SHOWN = 4;
/** What the table says of them is all there is. */
const IN_TABLE: ReadonlySet<SkewCode> = new Set(['OnlyNewerReleases', 'OnlyOlderReleases', 'StorageVersionDiffers']);

/** The report for people: the table of differences, what they mean, and what to do. `all`: every row by itself. */
export function skewText(report: SkewReport, style: TerminalStyle, all = false): string {
  const { findings, servers, storage } = report;
  const lines = wrapText(skewTitle(report), style.columns, 0).map((line) => style.paint(line, 'bold'));
  const table = skewTable(report, style, all);
  if (table.length > 0) lines.push('', ...table);
  for (const { name, ready, condition } of servers) {
    if (!ready) lines.push('', ...wrapText(`${name} gets no requests: ${condition}`, style.columns, 0));
  }
  for (const [code, same] of findingsByCode(findings)) lines.push('', ...codeLines(code, same, style));
  if (storage !== null) {
    const colour = storage.verdict === 'safe' ? 'green' : 'yellow';
    lines.push('', ...wrapText(storage.text, style.columns, 0).map((line) => style.paint(line, colour)));
  }
  const arrow = style.unicode ? '→' : '->';
  lines.push(
    '',
    ...wrapText(`${arrow} ${skewAdvice(report)}`, style.columns, 0).map((line) => style.paint(line, 'bold')),
  );
  return `${lines.join('\n')}\n`;
}

function codeLines(code: SkewCode, findings: readonly SkewFinding[], style: TerminalStyle): string[] {
  const { documentation, remedy, severity } = SKEW_CODES[code];
  const colour = ({ error: 'red', warning: 'yellow', info: 'bold' } as const)[severity];
  const arrow = style.unicode ? '→' : '->';
  const told = IN_TABLE.has(code) ? [] : findings.slice(0, SHOWN).map(({ text }) => text);
  const more = IN_TABLE.has(code) ? 0 : findings.length - told.length;
  return [
    `${style.paint(code, colour)} (${severity}, ${counted(findings.length, 'finding')})`,
    ...wrapText(documentation, style.columns, 2),
    ...told.flatMap((text) => wrapText(`${style.unicode ? '·' : '-'} ${text}`, style.columns, 2)),
    ...(more > 0 ? [`  … ${more} more; --output markdown has all`] : []),
    ...wrapText(`${arrow} ${remedy}`, style.columns, 2),
  ];
}
