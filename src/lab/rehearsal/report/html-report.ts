import { groupVersion } from '../../api-object.ts';
import type { ColumnResult, RehearsalEnvironment, RehearsalResult, TimelineSecond } from '../result.ts';
import { FINDINGS, type Finding, isHarmful } from './findings.ts';
import { escapeHtml } from './html-text.ts';
import { type Curve, type PlotSize, plotSvg } from './plot.ts';
import { STYLE } from './style.ts';
import { wrong404Sentence } from './summary.ts';

/** The report as one HTML page that needs nothing else: no script, no font, no request to anywhere. */
export function htmlReport(result: RehearsalResult): string {
  const { environment, columns } = result;
  const title = `Upgrade rehearsal ${environment.from} → ${environment.to}`;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>${escapeHtml(title)}</title>
<style>${STYLE}</style>
</head>
<body>
<h1>${escapeHtml(title)}</h1>
<p class="soft">${escapeHtml(circumstances(environment))}</p>
<p>${verdictSentence(columns)}</p>${purpose(environment)}
<div class="scroll">${comparison(columns)}</div>
${columns.map((column) => section(column, sizes(columns))).join('\n')}
<h2>How to read this</h2>
<p>All columns ran the same scenario with the same seed. A false 404 says that a type does not exist although a ready server serves it; controllers believe it. Bands in the plots are phases, dashed lines are events; both say what they are when pointed at. <code>report.json</code> beside this page has every number.</p>
</body>
</html>
`;
}

function circumstances({
  skew,
  startedAt,
  durationMs,
  seed,
  bounds,
  node,
  platform,
  processors,
}: RehearsalEnvironment): string {
  const types = skew.map((type) => `${groupVersion(type)} ${type.resource}`).join(', ');
  return [
    `${bounds.servers} servers, ${new Date(startedAt).toISOString()}, ${Math.round(durationMs / 1000)} s, seed ${seed};`,
    `Node ${node} on ${platform}, ${processors} processors.`,
    `Types that only the newer version serves: ${types === '' ? 'none' : types}.`,
  ].join(' ');
}

function purpose(environment: RehearsalEnvironment): string {
  const sentence = wrong404Sentence(environment);
  return sentence === '' ? '' : `\n<p>${escapeHtml(sentence)}</p>`;
}

function verdictSentence(columns: readonly ColumnResult[]): string {
  return columns
    .map((column) => {
      const verdict = column.failure !== undefined ? 'did not finish' : isHarmful(column) ? 'did harm' : 'did no harm';
      return `<span class="${isHarmful(column) ? 'bad' : 'good'}">${escapeHtml(column.name)} ${verdict}</span>`;
    })
    .join(', ');
}

function comparison(columns: readonly ColumnResult[]): string {
  const head = columns.map(
    ({ name, plane }) => `<th scope="col">${escapeHtml(name)}<br><small class="soft">${plane} servers</small></th>`,
  );
  const rows = FINDINGS.map(
    (finding) =>
      `<tr><td>${escapeHtml(finding.name)}<small>${escapeHtml(finding.explanation)}</small></td>${columns.map((column) => cell(finding, column)).join('')}</tr>`,
  );
  return `<table><thead><tr><th></th>${head.join('')}</tr></thead><tbody>${rows.join('')}</tbody></table>`;
}

function cell({ value, harm }: Finding, column: ColumnResult): string {
  const style = harm === undefined ? '' : harm(column) > 0 ? ' class="bad"' : ' class="good"';
  return `<td${style}>${escapeHtml(value(column))}</td>`;
}

interface Sizes {
  readonly requests: PlotSize;
  readonly harm: PlotSize;
  readonly latency: PlotSize;
}

/** Columns are compared by eye, so their plots share their axes. */
function sizes(columns: readonly ColumnResult[]): Sizes {
  const seconds = Math.max(1, ...columns.map(({ timeline }) => timeline.seconds.length));
  const top = (...values: ((second: TimelineSecond) => number)[]): PlotSize => ({
    seconds,
    scale: 'linear',
    top: Math.max(
      1,
      ...columns.flatMap(({ timeline }) => timeline.seconds.flatMap((second) => values.map((value) => value(second)))),
    ),
  });
  return {
    requests: top(({ requests }) => requests),
    harm: top(
      ({ false404s }) => false404s,
      ({ failed }) => failed,
      ({ incompleteDiscovery }) => incompleteDiscovery,
      ({ collected }) => collected,
    ),
    latency: { ...top(({ p99 = 0 }) => p99), scale: 'logarithmic' },
  };
}

function section(column: ColumnResult, { requests, harm, latency }: Sizes): string {
  const { timeline } = column;
  const curve = (name: string, style: string, value: (second: TimelineSecond) => number | undefined): Curve => ({
    name,
    style,
    values: timeline.seconds.map(value),
  });
  const plot = (title: string, size: PlotSize, curves: readonly Curve[]): string =>
    `<h3>${title}</h3>${legend(curves)}${plotSvg(`${column.name}: ${title}`, timeline, curves, size)}`;
  return [
    `<h2>${escapeHtml(column.name)}</h2>`,
    column.failure === undefined ? '' : `<p class="bad">Ended early: ${escapeHtml(column.failure)}</p>`,
    plot('Requests per second', requests, [curve('requests', 'blue', (second) => second.requests)]),
    plot('Damage and failures per second', harm, [
      curve('false 404s', 'red', (second) => second.false404s),
      curve('failed', 'amber', (second) => second.failed),
      curve('incomplete discovery', 'violet', (second) => second.incompleteDiscovery),
      curve('dependents collected', 'green', (second) => second.collected),
    ]),
    plot('Milliseconds to an answer', latency, [
      curve('p50', 'blue', (second) => second.p50),
      curve('p99', 'amber', (second) => second.p99),
    ]),
    examples(column),
  ].join('');
}

function legend(curves: readonly Curve[]): string {
  const items = curves.map(
    ({ name, style }) =>
      `<li><svg viewBox="0 0 26 8" aria-hidden="true"><path class="curve ${style}" d="M0 4H26"/></svg>${escapeHtml(name)}</li>`,
  );
  return `<ul class="legend">${items.join('')}</ul>`;
}

function examples({
  false404s,
  discovery,
  dependents,
  namespaces,
  watches,
  writes,
  unmet,
  failedRequests,
}: ColumnResult): string {
  const lists: readonly (readonly [title: string, lines: readonly string[]])[] = [
    ['False 404s', false404s.examples],
    ['Discovery', discovery.examples],
    ['Dependents of living owners that were collected', dependents.examples],
    [
      'Objects left in namespaces that are gone',
      namespaces.leaked.flatMap(({ namespace, objects }) => objects.map((object) => `${namespace}: ${object}`)),
    ],
    ['Namespaces stuck', namespaces.stuck.map(({ namespace, why }) => `${namespace}: ${why}`)],
    ['Watches', watches.examples],
    ['Lost writes', writes.examples],
    ['Failed requests', failedRequests.byCause.map(({ cause, count }) => `${count} × ${cause}`)],
    ['Steps that did not come true in time', unmet],
  ];
  return lists
    .filter(([, lines]) => lines.length > 0)
    .map(([title, lines]) => {
      const items = lines.slice(0, MOST_EXAMPLES).map((line) => `<li><code>${escapeHtml(line)}</code></li>`);
      return `<h3>${title}</h3><ul class="examples">${items.join('')}</ul>`;
    })
    .join('');
}

const MOST_EXAMPLES = 8;
