import type { ServerStatus } from '../admin/status.ts';
import type { DecisionCounts, StatusReport } from '../admin/status-report.ts';
import { spanText } from './span-text.ts';
import { type StatusFinding, statusFindings } from './status-findings.ts';
import { type Colour, type TerminalStyle, wrapText } from './terminal-style.ts';
import { textTable } from './text-table.ts';

const STATE_COLOURS: Readonly<Record<ServerStatus['state'], Colour>> = {
  ready: 'green',
  discovered: 'yellow',
  probing: 'yellow',
  confirming: 'yellow',
  draining: 'yellow',
  unready: 'red',
  gone: 'red',
};

/** The status for people: the servers, what became of requests, and what to look at. */
export function statusText(report: StatusReport, style: TerminalStyle): string {
  const { servers, decisions } = report;
  const findings = statusFindings(report);
  const lines = [
    headline(report, style),
    '',
    ...serverTable(servers, report, style),
    '',
    ...decisionTable(decisions, style),
    ...workersNote(report, style),
  ];
  for (const finding of findings) lines.push('', ...findingLines(finding, style));
  return `${lines.join('\n')}\n`;
}

/** The status in one line, for a log. */
export function statusLine(report: StatusReport): string {
  const { generatedAt, ready, view, servers, decisions } = report;
  const { requests, false404sPrevented, unexpected404s, retries, errors } = decisions;
  return [
    generatedAt,
    ready ? 'ready' : 'not-ready',
    view,
    ...servers.map(({ name, version = '?', state }) => `${name}=${version}/${state}`),
    `requests=${requests}`,
    `false-404s-prevented=${sum(false404sPrevented)}`,
    `unexpected-404s=${sum(unexpected404s)}`,
    `retries=${sum(retries)}`,
    `errors=${sum(errors)}`,
    `open=${servers.reduce((open, { openExchanges }) => open + openExchanges, 0)}`,
  ].join(' ');
}

function headline(
  { version, uptimeSeconds, ready, view, http2Engine }: StatusReport,
  { paint }: TerminalStyle,
): string {
  return [
    paint(`mvproxy ${version}`, 'bold'),
    ready ? paint('ready', 'green') : paint('not ready', 'red'),
    `up ${spanText(uptimeSeconds)}`,
    view === 'merged' ? 'merged view' : paint('server-local view', 'yellow'),
    `HTTP/2 engine ${http2Engine}`,
  ].join('  ');
}

function serverTable(servers: readonly ServerStatus[], report: StatusReport, { paint }: TerminalStyle): string[] {
  const now = Date.parse(report.generatedAt);
  const titles = ['SERVER', 'VERSION', 'STATE', 'FOR', 'READ', 'OPEN', 'NATIVE', 'ADDRESS'];
  const rows = servers.map((server) => {
    const { name, local, version, state, since, openExchanges, nativeMixedVersionProxy, address } = server;
    return [
      local ? `${name} (local)` : name,
      version ?? '?',
      paint(state, STATE_COLOURS[state]),
      spanText((now - Date.parse(since)) / 1000),
      readText(server, report, paint),
      String(openExchanges),
      nativeMixedVersionProxy,
      address,
    ];
  });
  return textTable([titles.map((title) => paint(title, 'bold')), ...rows]);
}

function readText(
  { discoveryAgeSeconds: age, discovery }: ServerStatus,
  { view, staleAfterSeconds }: StatusReport,
  paint: TerminalStyle['paint'],
): string {
  if (age === undefined) return view === 'merged' ? paint('never', 'red') : '-';
  const text = `${spanText(age)} ago`;
  if (age > staleAfterSeconds) return paint(text, 'red');
  return discovery.failure === '' ? text : paint(text, 'yellow');
}

/** Numbers in one column, each with what it is made of. */
function decisionTable(decisions: DecisionCounts, { paint }: TerminalStyle): string[] {
  const { requests, byDecision, false404sPrevented, unexpected404s, retries, errors } = decisions;
  const unexpected = sum(unexpected404s);
  const rows: (readonly [string, number, string])[] = [
    [paint('Requests', 'bold'), requests, ''],
    ...[...Map.groupBy(byDecision, ({ decision }) => decision)].map(([decision, codes]) => {
      const total = codes.reduce((all, { count }) => all + count, 0);
      return [`  ${decision}`, total, codes.map(({ code, count }) => `${code} ${grouped(count)}`).join(', ')] as const;
    }),
    [paint('False 404s prevented', 'bold'), sum(false404sPrevented), madeOf(false404sPrevented)],
    [paint('Unexpected 404s', 'bold'), unexpected, madeOf(unexpected404s)],
    [paint('Retries', 'bold'), sum(retries), madeOf(retries)],
    [paint('Errors of the proxy', 'bold'), sum(errors), madeOf(errors)],
  ];
  const width = Math.max(...rows.map(([, count]) => grouped(count).length));
  return textTable(rows.map(([name, count, parts]) => [name, grouped(count).padStart(width), parts]));
}

/** Nobody is to take one worker's counts for those of the proxy. */
function workersNote({ otherWorkers }: StatusReport, style: TerminalStyle): string[] {
  if (otherWorkers.length === 0) return [];
  const note = `This is one worker of ${otherWorkers.length + 1}; each counts the requests of its own connections. Ask the others, too:`;
  return [
    '',
    ...wrapText(note, style.columns, 0),
    ...otherWorkers.map((url) => `  mvproxy status --admin-server=${url}`),
  ];
}

function findingLines({ code, text, fix }: StatusFinding, style: TerminalStyle): string[] {
  const colour = code === 'unready' || code === 'unexpected-404' ? 'red' : 'yellow';
  const [first = '', ...rest] = wrapText(text, style.columns, 0);
  const arrow = style.unicode ? '→' : '->';
  return [style.paint(first, colour), ...rest, ...wrapText(`${arrow} ${fix}`, style.columns, 2)];
}

function madeOf(counts: Readonly<Record<string, number>>): string {
  return Object.entries(counts)
    .filter(([, count]) => count > 0)
    .map(([name, count]) => `${name} ${grouped(count)}`)
    .join(', ');
}

function sum(counts: Readonly<Record<string, number>>): number {
  return Object.values(counts).reduce((all, count) => all + count, 0);
}

/** 12345 as `12,345`. */
function grouped(count: number): string {
  return count.toLocaleString('en-US');
}
