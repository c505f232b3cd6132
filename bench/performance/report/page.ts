import { code, page, table } from '../../../tools/reference/markdown.ts';
import type { Circumstances } from '../../convergence/report.ts';
import { type MeasuredParts, runsOf } from '../../parts.ts';
import { PARTS, type Part } from '../parts.ts';
import type { DecisionsResult, GrowthResult, ProfileResult, Result } from '../results.ts';
import type { Absent } from '../rivals/available.ts';
import { TITLES } from '../rivals/rival.ts';
import { SERVER_VERSION } from '../stages/real-stage.ts';
import { figure, figureText } from './figures.ts';
import { type Goal, goals } from './goals.ts';
import {
  FAST_LOADS,
  FORWARDED_LOADS,
  growthPlot,
  hopPlot,
  latencyPlot,
  memoryPlot,
  type Plot,
  PREFERRED_LOADS,
  systemPlot,
} from './plots.ts';
import { METHOD, PROFILES, WATCHES } from './prose.ts';
import { loadsOf, requestTable, spread } from './request-table.ts';
import { growthTable, ofProtocol, upgradeTable, watchTable } from './watch-tables.ts';

export interface PageCircumstances {
  readonly before: Circumstances;
  /** Program → version. */
  readonly versions: Readonly<Record<string, string>>;
  readonly absent: readonly Absent[];
}

/** The report as a Markdown page that shows plots from `directory` beside it. */
export function reportPage(
  measured: MeasuredParts<Part, Result>,
  { before, versions, absent }: PageCircumstances,
  directory: string,
): { readonly page: string; readonly plots: readonly Plot[] } {
  const of = (...parts: Part[]): readonly Result[] => parts.flatMap((part) => measured.results[part] ?? []);
  const all = of(...PARTS);
  const plots: Plot[] = [];
  const plot = (made: Plot | undefined): string[] => {
    if (made === undefined) return [];
    plots.push(made);
    return [`![${made.description}](${directory}/${made.name}.svg)`];
  };
  const requests = (results: readonly Result[]): string[] =>
    loadsOf(results).flatMap((load) => [`**${load}**`, requestTable(results, load)]);
  const section = (title: string, results: readonly Result[], ...blocks: (string | string[])[]): string[] =>
    results.length === 0 ? [] : [`## ${title}`, ...blocks.flat()];
  const { machine, node, load } = before;
  const programs = Object.entries(versions).map(([program, version]) => `${program} ${version}`);
  const apart = spread(all);
  const blocks = [
    '# Performance',
    `What this proxy costs beside the mixed version proxy inside kube-apiserver (native), nginx, haproxy, and proxies made of Node’s own
HTTP/2, measured side by side on the same work by ${code('npm run bench:performance')}, which writes this page.`,
    table(
      ['measured', ''],
      [
        ['on', runsOf(measured, PARTS)],
        ['machine', `${machine}; servers, etcd, proxies and clients share it (load ${load.toFixed(1)} before)`],
        ['servers', `two kube-apiservers ${SERVER_VERSION}, native mixed version proxy on, etcd 3.6.5 without fsync`],
        [
          'proxy',
          `${code('mvproxy serve')} in default configuration: all limits, metrics and the journal on; Node ${node}`,
        ],
        ['others', `${programs.join(', ')}, undici 8.12.4`],
        ...(apart === undefined
          ? []
          : [
              [
                'noise',
                `rounds of the same lie ${percent(apart.typical)} apart (median of all rows), ${percent(apart.worst)} at worst`,
              ],
            ]),
        ...absent.map(({ rival, why }) => [`without ${rival}`, why]),
      ],
    ),
    '## Goals',
    `Medians of ratios, each of two rivals in the same round; in brackets the extremes of all rounds. What was not measured has a dash.`,
    goalTable(goals(all)),
    '## Method',
    METHOD,
    ...restBlocks(of('forwarded', 'preferred', 'fast')),
    ...section(
      'What only another server serves',
      of('forwarded'),
      `A Job of 3 KB, which the preferred server does not serve. Native forwards inside it; proxies forward from outside.`,
      plot(systemPlot(all, 'forwarded', 'A forwarded GET: the whole system', FORWARDED_LOADS)),
      plot(latencyPlot(all)),
      requests(of('forwarded')),
    ),
    ...section(
      'Writes',
      of('writes'),
      `A Job that is checked and stored nowhere (${code('dryRun=All')}).`,
      requests(of('writes')),
    ),
    ...section(
      'What the preferred server serves',
      of('preferred', 'lists'),
      'ConfigMaps from its watch cache. A client without a proxy has what _direct_ has.',
      plot(hopPlot(all, 'preferred', 'GET and LIST: the proxy alone', PREFERRED_LOADS)),
      requests(of('preferred', 'lists')),
    ),
    ...section('Clients that speak HTTP/1.1', of('http1'), requests(of('http1'))),
    ...section(
      'The proxy by itself',
      of('fast', 'bodies'),
      `In front of a server that costs next to nothing (nginx with fixed answers), so that the proxy is never waiting: a bound from below,
where batches are large. With real servers answers come singly, and a request costs more.`,
      plot(hopPlot(all, 'fast', 'A fast server: the proxy alone', FAST_LOADS)),
      requests(of('fast', 'bodies')),
    ),
    ...section(
      'Merged discovery',
      of('discovery'),
      `The aggregated document of all servers. kube-apiserver merges it too, and compresses only what is larger than 128 KiB. We answer from
memory, to callers of whom a server has said a few seconds ago that they may read it.`,
      requests(of('discovery')),
    ),
    ...section(
      'Watches',
      of('watches', 'watches-h1', 'growth'),
      WATCHES,
      plot(memoryPlot(all)),
      (['h2', 'http/1.1'] as const).flatMap((protocol) => {
        const [first] = ofProtocol(all, protocol);
        if (first === undefined) return [];
        return [`**${first.watches.toLocaleString('en')} watches, ${protocol}**`, watchTable(all, protocol)];
      }),
      of('growth').flatMap((each) => (each.kind === 'growth' ? growth(each, plot) : [])),
    ),
    ...section(
      'Streams after a protocol switch',
      of('upgrade'),
      '256 MiB through a connection switched to SPDY, TLS on both sides, and the processor time of the proxy for each MiB.',
      upgradeTable(all),
    ),
    ...section('Routing', of('routing'), ...decisionBlocks(of('routing'))),
    '## Profiles',
    PROFILES,
    ...of('profile').flatMap((each) => (each.kind === 'profile' ? profileBlocks(each) : [])),
  ];
  return { page: page(...blocks), plots };
}

function restBlocks(results: readonly Result[]): string[] {
  const found = results.flatMap((each) => (each.kind === 'rest' ? [each.cpu] : []));
  const names = [...new Set(found.flatMap(Object.keys))];
  if (names.length === 0) return [];
  const titles = new Map<string, string>(Object.entries(TITLES));
  const rows = names.map((name) => {
    const values = found.flatMap((cpu) => cpu[name] ?? []);
    return [titles.get(name) ?? name, figureText(figure(values), 0)];
  });
  return ['**At rest**', table(['process', 'ms of processor time per second'], rows)];
}

function percent(share: number): string {
  return `${(share * 100).toFixed(share < 0.1 ? 1 : 0)} %`;
}

function goalTable(all: readonly Goal[]): string {
  return table(
    ['what', 'goal', 'reached', ''],
    all.map(({ what, unit, atMost, digits, reached }) => [
      what,
      Number.isNaN(atMost) ? '–' : `≤ ${Number(atMost.toFixed(3))}${unit}`,
      reached === undefined ? '–' : `${figureText(reached, digits)}${unit}`,
      reached === undefined || Number.isNaN(atMost) ? '' : reached.value <= atMost ? 'met' : '**missed**',
    ]),
  );
}

function growth(result: GrowthResult, plot: (made: Plot | undefined) => string[]): string[] {
  const end = result.stopped === '' ? '' : ` It ended because of this: ${result.stopped}.`;
  return [
    `**More and more watches, h2, one proxy**`,
    `Each step adds to the one before. By default there are at most 256 connections to a server, for about 25,000 watches
(\`limits.upstreamConnectionsPerServer\`); here it was 1,100.${end}`,
    growthTable(result),
    ...plot(growthPlot(result)),
  ];
}

function decisionBlocks(results: readonly Result[]): string[] {
  const found = results.find((each): each is DecisionsResult => each.kind === 'decisions');
  if (found === undefined) return [];
  return [
    `Nanoseconds for the decision where a request goes, which is a function of the request and of tables in memory; more of how cost
grows with servers and types is in [scale](scale.md).`,
    table(
      ['servers', 'types', 'preferred is capable', 'a peer is needed', 'nobody is capable', 'new connection'],
      found.decisions.map(({ servers, types, preferredNs, peerNs, nobodyNs, connectionNs }) =>
        [servers, types, preferredNs, peerNs, nobodyNs, connectionNs].map((value) => String(Math.round(value))),
      ),
    ),
  ];
}

function profileBlocks({ load, summary }: ProfileResult): string[] {
  return [
    `**${load}** (${(summary.busyMs / 1_000).toFixed(0)} s busy)`,
    table(
      ['time in', 'share'],
      summary.groups.map(({ group, share }) => [group, percent(share)]),
    ),
    table(
      ['function', 'where', 'of', 'share'],
      summary.top.map((each) => [code(each.function), code(each.where), each.group, percent(each.share)]),
    ),
  ];
}
