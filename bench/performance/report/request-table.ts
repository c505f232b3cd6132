import { table } from '../../../tools/reference/markdown.ts';
import { quantile } from '../load/quantile.ts';
import type { RequestResult, Result } from '../results.ts';
import { TITLES } from '../rivals/rival.ts';
import { type Figure, figure, figureText, type RequestCost, requestCost } from './figures.ts';

const HEADER = ['', 'hop, µs', 'servers, µs', 'etcd, µs', 'all, µs', 'p50, ms', 'p99, ms', 'requests/s', 'failed'];

/** Of one load: a row for each rival; medians of the rounds, and the extremes of what matters most. */
export function requestTable(results: readonly Result[], load: string): string {
  const rows = ofLoad(results, load).map(({ rival, rounds }) => {
    const cost = (name: keyof RequestCost): Figure => figure(rounds.map((round) => requestCost(rival, round)[name]));
    const middle = (values: readonly number[], digits: number): string => figure(values).value.toFixed(digits);
    return [
      TITLES[rival],
      rival === 'direct' ? '–' : figureText(cost('hop'), 0),
      cost('servers').value.toFixed(0),
      cost('etcd').value.toFixed(0),
      figureText(cost('all'), 0),
      middle(
        rounds.map(({ p50Ms }) => p50Ms),
        2,
      ),
      middle(
        rounds.map(({ p99Ms }) => p99Ms),
        2,
      ),
      middle(
        rounds.map(({ requests, seconds }) => requests / seconds),
        0,
      ),
      String(rounds.reduce((sum, { failed }) => sum + failed, 0)),
    ];
  });
  return table(HEADER, rows);
}

export function ofLoad(results: readonly Result[], load: string): readonly RequestResult[] {
  return results.filter((each): each is RequestResult => each.kind === 'requests' && each.load === load);
}

/** The loads of some results, in the order in which they were measured. */
export function loadsOf(results: readonly Result[]): readonly string[] {
  return [...new Set(results.flatMap((each) => (each.kind === 'requests' ? [each.load] : [])))];
}

/** How far the rounds of one rival lie apart: of the hop's processor time, (max − min) / median; the median of all rivals and the worst. */
export function spread(results: readonly Result[]): { readonly typical: number; readonly worst: number } | undefined {
  const spreads = results.flatMap((each) => {
    if (each.kind !== 'requests' || each.rival === 'direct' || each.rounds.length < 2) return [];
    const { value, low, high } = figure(each.rounds.map((round) => requestCost(each.rival, round).hop));
    return value === 0 ? [] : [(high - low) / value];
  });
  if (spreads.length === 0) return undefined;
  return { typical: quantile(spreads, 0.5), worst: quantile(spreads, 1) };
}
