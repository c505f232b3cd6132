import type { SkewCell, SkewReport } from '../skew/skew-report.ts';
import { keyedCells, serverKey } from './server-key.ts';
import { isAboutStorage, type SkewFold, skewFolds } from './skew-folds.ts';
import { foldNote, storedText } from './skew-words.ts';
import { type Colour, shownWidth, type TerminalStyle, wrapText } from './terminal-style.ts';
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
/** As wide as the longest single note. */
const NOTE_WIDTH = 24;
const INDENT = '  ';
const GAP = 2;

/**
 * The rows of a report, folded, for people: a column for each server, or where the terminal is too narrow for that the
 * servers by number. Nothing when there are no rows. `all`: every row by itself, and uncut.
 */
export function skewTable(report: SkewReport, style: TerminalStyle, all: boolean): string[] {
  const folds = skewFolds(report, all);
  if (folds.length === 0) return [];
  const { servers } = report;
  const isNamed = servers.some(({ name, version }) => name !== version);
  const heads = [
    ['RESOURCES', ...servers.map(({ name }) => name), 'MEANS'],
    ...(isNamed ? [['', ...servers.map(({ version }) => version || '?'), '']] : []),
  ];
  const cells = folds.map((fold) => fold.cells.map((cell) => cellText(cell, fold, style)));
  const notes = folds.map((fold) => wrapText(foldNote(fold), NOTE_WIDTH, 0));
  // What the other columns take, as the table will have them.
  const others = textTable([
    ...heads.map((head) => head.slice(1)),
    ...notes.flatMap((lines, at) => lines.map((line) => [...(cells[at] ?? []), line])),
  ]);
  const taken = Math.max(...others.map(shownWidth)) + GAP;
  const room = style.columns - taken - INDENT.length;
  const body =
    room < LEAST_NAMES
      ? keyed(folds, cells, report, style, all)
      : columns(folds, cells, notes, heads, { style, width: all ? Number.POSITIVE_INFINITY : room });
  return [...body, '', legend(folds, style)];
}

/** Under each group-version its rows; so long names leave room for many servers. */
function columns(
  folds: readonly SkewFold[],
  cells: readonly (readonly string[])[],
  notes: readonly (readonly string[])[],
  heads: readonly (readonly string[])[],
  { style, width }: { readonly style: TerminalStyle; readonly width: number },
): string[] {
  const rows = folds.map((fold, at) => {
    const names = namesLines(fold, width);
    const note = notes[at] ?? [];
    const empty = (cells[at] ?? []).map(() => '');
    return Array.from({ length: Math.max(names.length, note.length) }, (_, line) => [
      `${INDENT}${names[line] ?? ''}`,
      ...(line === 0 ? (cells[at] ?? []) : empty),
      note[line] ?? '',
    ]);
  });
  const lines = textTable([...heads, ...rows.flat()]);
  const [head = '', ...underHead] = lines.splice(0, heads.length);
  const body = rows.map((own) => lines.splice(0, own.length));
  return [style.paint(head, 'dim'), ...underHead, ...underGroups(folds, body, style)];
}

function keyed(
  folds: readonly SkewFold[],
  cells: readonly (readonly string[])[],
  { servers }: SkewReport,
  style: TerminalStyle,
  all: boolean,
): string[] {
  const width = all ? Number.POSITIVE_INFINITY : style.columns - INDENT.length;
  const body = folds.map((fold, at) => [
    ...namesLines(fold, width).map((line) => `${INDENT}${line}`),
    ...keyedCells(
      (cells[at] ?? []).map((text) => ({ text })),
      foldNote(fold),
      style.columns,
      2 * INDENT.length,
    ),
  ]);
  return [...serverKey(servers, style), '', ...underGroups(folds, body, style)];
}

function underGroups(folds: readonly SkewFold[], body: readonly string[][], { paint }: TerminalStyle): string[] {
  return folds.flatMap(({ groupVersion }, at) => {
    const own = body[at] ?? [];
    return folds[at - 1]?.groupVersion === groupVersion ? own : [paint(groupVersion, 'bold'), ...own];
  });
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
