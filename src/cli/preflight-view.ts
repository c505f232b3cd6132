import { CHECK_KINDS, type CheckCode } from '../preflight/check-codes.ts';
import type { CheckStatus, PreflightCheck, PreflightReport } from '../preflight/preflight-report.ts';
import { type Colour, type TerminalStyle, wrapText } from './terminal-style.ts';
import { textTable } from './text-table.ts';

const MARKS: Readonly<
  Record<CheckStatus, { readonly unicode: string; readonly ascii: string; readonly colour: Colour }>
> = {
  pass: { unicode: '✓', ascii: 'ok  ', colour: 'green' },
  warn: { unicode: '!', ascii: 'WARN', colour: 'yellow' },
  fail: { unicode: '✗', ascii: 'FAIL', colour: 'red' },
  unknown: { unicode: '?', ascii: '?   ', colour: 'yellow' },
};
const VERDICT_COLOURS = { pass: 'green', warn: 'yellow', fail: 'red' } as const;
/** Passed checks that say more than that in several texts have their title instead. */
const MOST_TEXTS = 2;

/** The report for people: the verdict, the servers, and each check; what is broken with its fix. */
export function preflightText(report: PreflightReport, style: TerminalStyle): string {
  const { checks, servers, summary, verdict } = report;
  const lines = wrapText(summary, style.columns, 0).map((line) => style.paint(line, VERDICT_COLOURS[verdict]));
  if (servers.length > 0) {
    const titles = ['SERVER', 'VERSION', 'ADDRESS'].map((title) => style.paint(title, 'bold'));
    lines.push(
      '',
      ...textTable([titles, ...servers.map(({ name, version, address }) => [name, version || '?', address])]),
    );
  }
  lines.push('');
  const width = Math.max(...checks.map(({ code }) => code.length));
  const groups = [...Map.groupBy(checks, (check) => check.code)].flatMap(([code, found]) =>
    groupsOf(code, found, servers.length),
  );
  for (const group of groups) if (group.needs === '') lines.push(...groupLines(group, width, style));
  lines.push(...waitingLines(groups, style));
  return `${lines.join('\n')}\n`;
}

/** Nothing can be done about these but what another check says. */
function waitingLines(groups: readonly Group[], style: TerminalStyle): string[] {
  const waiting = groups.filter(({ needs }) => needs !== '');
  const together = Map.groupBy(waiting, ({ needs, servers }) => prefixed(servers, `Not proved before ${needs} passes`));
  const mark = markOf('unknown', style);
  return [...together].flatMap(([text, same]) => {
    const [first = '', ...rest] = wrapText(
      `${text}: ${same.map(({ code }) => code).join(', ')}.`,
      style.columns,
      mark.length + 1,
    );
    return [`${style.paint(mark, MARKS.unknown.colour)} ${first.trimStart()}`, ...rest];
  });
}

interface Group {
  readonly code: CheckCode;
  readonly status: CheckStatus;
  readonly servers: readonly string[];
  readonly text: string;
  readonly fix: string;
  readonly needs: CheckCode | '';
}

/** What is said of several servers is said once. */
function groupsOf(code: CheckCode, found: readonly PreflightCheck[], of: number): Group[] {
  const groups = [...Map.groupBy(found, ({ status, text, fix }) => JSON.stringify([status, text, fix])).values()];
  const isAllPassed = found.every(({ status }) => status === 'pass');
  if (isAllPassed && groups.length > MOST_TEXTS) {
    return [{ code, status: 'pass', servers: serversOf(found, of), text: CHECK_KINDS[code].title, fix: '', needs: '' }];
  }
  return groups.flatMap((group) => {
    const [first] = group;
    return first === undefined ? [] : { ...first, servers: serversOf(group, of) };
  });
}

/** `of`: how many there are. */
function serversOf(found: readonly PreflightCheck[], of: number): string[] {
  const servers = found.map(({ server }) => server).filter((server) => server !== '');
  return servers.length === of && of > 1 ? ['every server'] : servers;
}

function groupLines({ code, status, servers, text, fix }: Group, width: number, style: TerminalStyle): string[] {
  const mark = markOf(status, style);
  const indent = mark.length + 1 + width + 2;
  const [first = '', ...rest] = wrapText(prefixed(servers, text), style.columns, indent);
  const head = `${style.paint(mark, MARKS[status].colour)} ${code.padEnd(width)}  ${first.trimStart()}`;
  const arrow = style.unicode ? '→' : '->';
  const remedy = fix === '' ? [] : wrapText(`${arrow} ${fix}`, style.columns, indent);
  return [head, ...rest, ...remedy.map((line) => style.paint(line, 'bold'))];
}

function prefixed(servers: readonly string[], text: string): string {
  return servers.length === 0 ? text : `${servers.join(', ')}: ${text}`;
}

function markOf(status: CheckStatus, { unicode }: TerminalStyle): string {
  return unicode ? MARKS[status].unicode : MARKS[status].ascii;
}
