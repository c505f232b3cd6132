import { ALONE, BUSY, LISTING, SINGLES, TITLE } from '../load/titles.ts';
import type { GrowthResult, Result } from '../results.ts';
import type { RivalName } from '../rivals/rival.ts';
import { barChart } from './bar-chart.ts';
import { figure, requestCost } from './figures.ts';
import { lineChart } from './line-chart.ts';
import { ofLoad } from './request-table.ts';
import { ofProtocol } from './watch-tables.ts';

const LABELS: Readonly<Record<RivalName, string>> = {
  direct: 'direct',
  native: 'native',
  own: 'mvproxy',
  node: 'mvproxy, engine node',
  nginx: 'nginx',
  haproxy: 'haproxy',
  undici: 'undici',
};
const PROCESSOR_TIME = 'µs of processor time per request';

/** A picture and what is said of it to those who do not see it. */
export interface Plot {
  readonly name: string;
  readonly description: string;
  readonly svg: string;
}

interface Group {
  readonly name: string;
  readonly bars: readonly { readonly label: string; readonly values: readonly number[]; readonly ours: boolean }[];
}

export function systemPlot(
  results: readonly Result[],
  name: string,
  title: string,
  loads: readonly string[],
): Plot | undefined {
  const groups = loads.map(
    (load): Group => ({
      name: load,
      bars: ofLoad(results, load).map(({ rival, rounds }) => {
        const of = (part: 'hop' | 'servers' | 'etcd') =>
          figure(rounds.map((round) => requestCost(rival, round)[part])).value;
        return bar(rival, [of('hop'), of('servers'), of('etcd')]);
      }),
    }),
  );
  return bars({ name, title, unit: PROCESSOR_TIME, segments: ['what forwards', 'servers', 'etcd'], digits: 0, groups });
}

export function hopPlot(
  results: readonly Result[],
  name: string,
  title: string,
  loads: readonly string[],
): Plot | undefined {
  const groups = loads.map(
    (load): Group => ({
      name: load,
      bars: ofLoad(results, load)
        .filter(({ rival }) => rival !== 'direct')
        .map(({ rival, rounds }) => bar(rival, [figure(rounds.map((round) => requestCost(rival, round).hop)).value])),
    }),
  );
  return bars({ name, title, unit: PROCESSOR_TIME, segments: [], digits: 0, groups });
}

export function latencyPlot(results: readonly Result[]): Plot | undefined {
  const loads = [BUSY, SINGLES, ALONE].map((shape) => TITLE.forwarded(shape));
  const groups = loads.flatMap((load) =>
    (['p50Ms', 'p99Ms'] as const).map(
      (which): Group => ({
        name: `${load}, ${which.slice(0, 3)}`,
        bars: ofLoad(results, load).map(({ rival, rounds }) =>
          bar(rival, [figure(rounds.map((round) => round[which])).value]),
        ),
      }),
    ),
  );
  return bars({
    name: 'latency',
    title: 'How long a forwarded GET takes',
    unit: 'milliseconds',
    segments: [],
    digits: 2,
    groups,
  });
}

export function memoryPlot(results: readonly Result[]): Plot | undefined {
  const groups = (['h2', 'http/1.1'] as const).flatMap((protocol): Group[] => {
    const found = ofProtocol(results, protocol).filter(({ rival }) => rival !== 'direct');
    const [first] = found;
    if (first === undefined) return [];
    const of = found.map(({ rival, watches, rounds }) =>
      bar(rival, [Math.max(0, figure(rounds.map(({ bytes }) => bytes / watches / 1_024)).value)]),
    );
    return [{ name: `${first.watches.toLocaleString('en')} watches, ${protocol}`, bars: of }];
  });
  return bars({
    name: 'memory',
    title: 'Memory of an open watch after events',
    unit: 'KiB in the proxy',
    segments: [],
    digits: 1,
    groups,
  });
}

export function growthPlot({ steps }: GrowthResult): Plot | undefined {
  const points = steps
    .filter(({ watches }) => watches >= 1_000)
    .map(({ watches, bytes }) => ({ x: watches, y: bytes / watches / 1_024 }));
  if (points.length < 2) return undefined;
  const title = 'Memory of one watch, by the number of watches';
  return { name: 'growth', description: title, svg: lineChart({ title, unit: 'KiB', points, digits: 1 }) };
}

/** The loads of which the whole system's cost is shown. */
export const FORWARDED_LOADS = [BUSY, SINGLES, ALONE].map((shape) => TITLE.forwarded(shape));
export const PREFERRED_LOADS = [
  ...[BUSY, SINGLES, ALONE].map((shape) => TITLE.preferred(shape)),
  TITLE.list(100, LISTING),
];
export const FAST_LOADS = [...[BUSY, SINGLES, ALONE].map((shape) => TITLE.small(shape)), TITLE.large(BUSY)];

function bar(rival: RivalName, values: readonly number[]): Group['bars'][number] {
  return { label: LABELS[rival], values, ours: rival === 'own' };
}

function bars(chart: {
  readonly name: string;
  readonly title: string;
  readonly unit: string;
  readonly segments: readonly string[];
  readonly digits: number;
  readonly groups: readonly Group[];
}): Plot | undefined {
  const groups = chart.groups.filter((group) => group.bars.length > 0);
  if (groups.length === 0) return undefined;
  return { name: chart.name, description: `${chart.title}, ${chart.unit}`, svg: barChart({ ...chart, groups }) };
}
