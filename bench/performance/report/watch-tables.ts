import { table } from '../../../tools/reference/markdown.ts';
import { median } from '../load/quantile.ts';
import type { GrowthResult, Result, UpgradeResult, WatchResult, WatchRound } from '../results.ts';
import { TITLES } from '../rivals/rival.ts';
import { figure, figureText } from './figures.ts';

const HEADER = [
  '',
  'idle, KiB',
  'after events, KiB',
  'whole process, MiB',
  'opening, µs',
  'last delivery, ms',
  'of the first event, ms',
  'a delivery, µs',
  'failed',
];

/** Medians of the rounds, and the extremes of what matters most. */
export function watchTable(results: readonly Result[], protocol: WatchResult['protocol']): string {
  const rows = ofProtocol(results, protocol).map(({ rival, watches, rounds }) => {
    const of = (pick: (round: WatchRound) => number) => figure(rounds.map(pick));
    const deliveries = (round: WatchRound): number => round.lastMs.length * watches;
    return [
      TITLES[rival],
      rival === 'direct' ? '–' : of(({ idleBytes }) => idleBytes / watches / 1_024).value.toFixed(1),
      rival === 'direct'
        ? '–'
        : figureText(
            of(({ bytes }) => bytes / watches / 1_024),
            1,
          ),
      rival === 'direct' ? '–' : of((round) => round.residentBytes / 2 ** 20).value.toFixed(0),
      of(({ openCpuMs }) => (openCpuMs / watches) * 1_000).value.toFixed(0),
      figureText(
        of(({ lastMs }) => median(lastMs.slice(1))),
        0,
      ),
      of(({ lastMs }) => lastMs[0] ?? Number.NaN).value.toFixed(0),
      of((round) => (round.eventsCpuMs / deliveries(round)) * 1_000).value.toFixed(0),
      String(rounds.reduce((sum, { failed }) => sum + failed, 0)),
    ];
  });
  return table(HEADER, rows);
}

export function ofProtocol(results: readonly Result[], protocol: WatchResult['protocol']): readonly WatchResult[] {
  return results.filter((each): each is WatchResult => each.kind === 'watches' && each.protocol === protocol);
}

export function growthTable({ steps }: GrowthResult): string {
  return table(
    ['watches', 'memory, MiB', 'memory of one, KiB', 'last delivery, ms', 'a delivery, µs'],
    steps.map(({ watches, bytes, lastMs, cpuMsPerEvent }) => [
      watches.toLocaleString('en'),
      (bytes / 2 ** 20).toFixed(1),
      watches < 1_000 ? '–' : (bytes / watches / 1_024).toFixed(1),
      lastMs.toFixed(0),
      watches < 1_000 ? '–' : ((cpuMsPerEvent / watches) * 1_000).toFixed(0),
    ]),
  );
}

export function upgradeTable(results: readonly Result[]): string {
  const rows = results
    .filter((each): each is UpgradeResult => each.kind === 'upgrade')
    .map(({ direction, rival, rounds }) => [
      direction,
      TITLES[rival],
      rival === 'direct' ? '–' : figureText(figure(rounds.map(({ cpuMs, mebibytes }) => cpuMs / mebibytes)), 2),
      figure(rounds.map(({ mebibytes, seconds }) => mebibytes / seconds)).value.toFixed(0),
    ]);
  return table(['', '', 'ms per MiB', 'MiB/s'], rows);
}
