import { SHAPES, type ShapeFinding } from '../surfacing/shape.ts';
import type { Remark, SurfacingReport, SurfacingVerdict, VersionReport } from '../surfacing/surfacing-report.ts';
import { keyedCells, serverKey } from './server-key.ts';
import { type Colour, shownWidth, type TerminalStyle, wrapText } from './terminal-style.ts';
import { textTable } from './text-table.ts';

type State = ShapeFinding['state'];

const MARKS: Readonly<
  Record<State, { readonly unicode: string; readonly ascii: string; readonly colour: Colour; readonly legend: string }>
> = {
  listed: { unicode: '✓', ascii: 'yes', colour: 'green', legend: 'listed' },
  stale: { unicode: '~', ascii: 'stale', colour: 'yellow', legend: 'Stale, or not available now' },
  missing: { unicode: '✗', ascii: 'NO', colour: 'red', legend: 'missing' },
  'not-applicable': { unicode: '–', ascii: '-', colour: 'dim', legend: 'there is no such thing here' },
  unknown: { unicode: '?', ascii: '?', colour: 'yellow', legend: 'could not be read' },
};

const VERDICT_COLOURS: Readonly<Record<SurfacingVerdict, Colour>> = {
  surfaced: 'green',
  'surfaced-with-remarks': 'yellow',
  'not-surfaced': 'red',
};

/** The report for people: the verdict, a table for each version, and the remarks with what to do. */
export function verifyText(report: SurfacingReport, style: TerminalStyle): string {
  const lines = wrapText(report.summary, style.columns, 0).map((line) =>
    style.paint(line, VERDICT_COLOURS[report.verdict]),
  );
  const isNarrow = serverColumns(report.servers) > style.columns / 2;
  if (isNarrow) lines.push('', ...serverKey(report.servers, style));
  for (const version of report.versions) {
    lines.push('', ...(isNarrow ? keyedVersion : versionLines)(report, version, style));
  }
  lines.push('', legend(report, style));
  if (report.remarks.length > 0) lines.push('', 'Remarks', ...report.remarks.flatMap((one) => remarkLines(one, style)));
  return `${lines.join('\n')}\n`;
}

function versionLines(report: SurfacingReport, { version, shapes }: VersionReport, style: TerminalStyle): string[] {
  const { group } = report.target;
  const head = [
    [style.paint(titleOf(group, version), 'bold'), '', ...report.servers.map(({ name }) => name), 'PROXY'],
    ['', '', ...report.servers.map((server) => server.version), ''],
  ];
  const rows = shapes.map((row) => [
    SHAPES[row.shape],
    row.path,
    ...report.servers.map(({ name }) => mark(row.servers[name]?.state ?? 'unknown', style)),
    mark(row.merged.state, style),
  ]);
  return textTable([...head, ...rows]);
}

/** The same where a terminal has no room for a column each. */
function keyedVersion(report: SurfacingReport, { version, shapes }: VersionReport, style: TerminalStyle): string[] {
  const rows = shapes.flatMap((row) => {
    const cells = report.servers.map(({ name }) => ({ text: mark(row.servers[name]?.state ?? 'unknown', style) }));
    const proxy = { text: mark(row.merged.state, style), label: 'PROXY' };
    return [`${SHAPES[row.shape]}  ${row.path}`, ...keyedCells([...cells, proxy], '', style.columns, 2)];
  });
  return [style.paint(titleOf(report.target.group, version), 'bold'), ...rows];
}

/** What the columns of servers take. */
function serverColumns(servers: SurfacingReport['servers']): number {
  return servers.reduce((sum, { name, version }) => sum + 2 + Math.max(shownWidth(name), shownWidth(version)), 0);
}

function titleOf(group: string, version: string): string {
  return [group, version].filter((part) => part !== '').join('/') || 'core';
}

function mark(state: State, { unicode, paint }: TerminalStyle): string {
  const shown = MARKS[state];
  return paint(unicode ? shown.unicode : shown.ascii, shown.colour);
}

/** Of the marks that are in the tables. */
function legend({ versions }: SurfacingReport, style: TerminalStyle): string {
  const states = new Set(
    versions.flatMap(({ shapes }) =>
      shapes.flatMap(({ servers, merged }) => [merged.state, ...Object.values(servers).map(({ state }) => state)]),
    ),
  );
  const shown = Object.entries(MARKS).filter(([state]) => [...states].some((each) => each === state));
  return shown.map(([, each]) => `${style.unicode ? each.unicode : each.ascii} ${each.legend}`).join('   ');
}

function remarkLines({ code, message, remedy }: Remark, style: TerminalStyle): string[] {
  const arrow = style.unicode ? '→' : '->';
  return [
    `  ${style.paint(code, 'bold')}`,
    ...wrapText(message, style.columns, 4),
    ...wrapText(`${arrow} ${remedy}`, style.columns, 4),
  ];
}
