import { stripVTControlCharacters } from 'node:util';
import { SKEW_CODES, type SkewCode } from '../skew/skew-codes.ts';
import type { SkewCell, SkewFinding, SkewReport } from '../skew/skew-report.ts';
import { isAboutStorage, type SkewFold, skewFolds } from './skew-folds.ts';
import { counted, findingsByCode, foldNote, skewAdvice, skewTitle, storedText } from './skew-words.ts';
import { type Colour, type TerminalStyle, wrapText } from './terminal-style.ts';
import { textTable } from './text-table.ts';

const MARKS: Readonly<
  Record<
    SkewCell['serves'],
    { readonly unicode: string; readonly ascii: string; readonly colour: Colour; readonly legend: string }
  >
> = {
  yes: { unicode: '✓', ascii: 'yes', colour: 'green', legend: 'serves it' },
  no: { unicode: '✗', ascii: 'NO', colour: 'red', legend: 'does not' },
  stale: { unicode: '~', ascii: 'stale', colour: 'yellow', legend: 'lists it as Stale' },
  unknown: { unicode: '?', ascii: '?', colour: 'dim', legend: 'not known' },
};

/** Names are wrapped at what is left of the line, but not narrower, and cut after so many lines. */
const LEAST_NAMES = 36;
const NAME_LINES = 3;
const INDENT = '  ';
const GAP = 2;
/** Findings of one code that are told one by one. */
const SHOWN = 4;
/** What the table says of them is all there is. */
const IN_TABLE: ReadonlySet<SkewCode> = new Set(['OnlyNewerReleases', 'OnlyOlderReleases', 'StorageVersionDiffers']);

/** The report for people: the table of differences, what they mean, and what to do. `all`: every row by itself. */
export function skewText(report: SkewReport, style: TerminalStyle, all = false): string {
  const { findings, servers, storage } = report;
  const lines = wrapText(skewTitle(report), style.columns, 0).map((line) => style.paint(line, 'bold'));
  const folds = skewFolds(report, all);
  if (folds.length > 0) lines.push('', ...table(folds, report, style, all), '', legend(folds, style));
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

/** Under each group-version its rows; so long names leave room for many servers. */
function table(folds: readonly SkewFold[], report: SkewReport, style: TerminalStyle, all: boolean): string[] {
  const { servers } = report;
  const isNamed = servers.some(({ name, version }) => name !== version);
  const heads = [
    ['RESOURCES', ...servers.map(({ name }) => name), 'MEANS'],
    ...(isNamed ? [['', ...servers.map(({ version }) => version || '?'), '']] : []),
  ];
  const cells = folds.map((fold) => [...fold.cells.map((cell) => cellText(cell, fold, style)), foldNote(fold)]);
  // What the other columns take, as the table will have them.
  const others = textTable([...heads.map((head) => head.slice(1)), ...cells]);
  const taken = Math.max(...others.map((line) => stripVTControlCharacters(line).length)) + GAP;
  const width = all ? Number.POSITIVE_INFINITY : Math.max(LEAST_NAMES, style.columns - taken - INDENT.length);
  const rows = folds.map((fold, at) => {
    const [first = '', ...more] = namesLines(fold, width);
    return [[`${INDENT}${first}`, ...(cells[at] ?? [])], ...more.map((names) => [`${INDENT}${names}`])];
  });
  const lines = textTable([...heads, ...rows.flat()]);
  const [head = '', ...underHead] = lines.splice(0, heads.length);
  const body = folds.flatMap(({ groupVersion }, at) => {
    const own = lines.splice(0, rows[at]?.length ?? 0);
    return folds[at - 1]?.groupVersion === groupVersion ? own : [style.paint(groupVersion, 'bold'), ...own];
  });
  return [style.paint(head, 'dim'), ...underHead, ...body];
}

function cellText(cell: SkewCell, { codes }: SkewFold, { unicode, paint }: TerminalStyle): string {
  const mark = MARKS[cell.serves];
  const painted = paint(unicode ? mark.unicode : mark.ascii, mark.colour);
  const stored = codes.some(isAboutStorage) ? storedText(cell) : '';
  return stored === '' ? painted : `${painted} ${stored}`;
}

/** As many names as fit into some lines, and how many more there are. */
function namesLines({ names, isWhole }: SkewFold, width: number): string[] {
  const start = isWhole ? 'all of it: ' : '';
  for (let count = names.length; ; count--) {
    const more = count === names.length ? '' : ` and ${names.length - count} more`;
    const lines = wrapText(`${start}${names.slice(0, count).join(', ')}${more}`, width, 0);
    if (lines.length <= NAME_LINES || count <= 1) return lines;
  }
}

function legend(folds: readonly SkewFold[], { unicode }: TerminalStyle): string {
  const found = new Set(folds.flatMap(({ cells }) => cells.map(({ serves }) => serves)));
  const shown = (['yes', 'no', 'stale', 'unknown'] as const).filter((serves) => found.has(serves));
  return shown
    .map((serves) => `${unicode ? MARKS[serves].unicode : MARKS[serves].ascii} ${MARKS[serves].legend}`)
    .join('   ');
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
