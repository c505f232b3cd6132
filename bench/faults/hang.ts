import { setTimeout as delay } from 'node:timers/promises';
import type { Reporter } from '../../src/lab/control-plane/reporter.ts';
import { failureTable, of, truthTable, windowTable } from './run-tables.ts';
import { atMost, noneOf, remark, type Scenario, type ScenarioTable } from './scenario.ts';
import { FORWARDERS, type Forwarder, type Stage } from './stage.ts';
import { failures, type RunSummary, summarise } from './summary.ts';

const BEFORE_S = 10;
/** After the process runs on. */
const AFTERMATH_S = 15;
/** Until a server that hangs is noticed; and as long again may a request wait for it that was sent before. */
const NOTICED_MS = 3_000;

/** One of two capable servers is stopped under load, and runs on later. */
export async function measureHang(
  stage: Stage,
  { pauseS, perSecond }: { readonly pauseS: number; readonly perSecond: number },
  report: Reporter,
): Promise<Scenario> {
  const victim = stage.server('two');
  const runs: RunSummary[] = [];
  for (const forwarder of FORWARDERS) {
    await stage.calm(forwarder);
    const run = await stage.underLoad(forwarder, {
      perSecond,
      prefix: `hang-${forwarder}-`,
      beforeS: BEFORE_S,
      afterS: pauseS + AFTERMATH_S,
      fault: async () => {
        victim.pause();
        await delay(pauseS * 1000);
        victim.resume();
      },
    });
    runs.push(summarise(forwarder, run));
    report(`hang: ${forwarder} is measured`);
  }
  return {
    title: 'One of two capable servers hangs (SIGSTOP)',
    method: `${perSecond} requests a second for Jobs, each fifth the creation of one. Its process is stopped for ${pauseS} s: connections to it stay open and new ones are accepted, but nothing is answered.`,
    figures: hangFigures(runs),
    tables: [slowTable(runs), windowTable(runs), failureTable(runs), truthTable(runs)],
    runs,
  };
}

/** Figures of a server that is silent from the moment of the fault on. */
export function hangFigures(runs: readonly RunSummary[]): Scenario['figures'] {
  const figure = (forwarder: Forwarder, read: (run: RunSummary) => number | undefined): number | undefined => {
    const values = of(runs, forwarder).flatMap((run) => read(run) ?? []);
    return values.length === 0 ? undefined : Math.max(...values);
  };
  const [ours, native] = [of(runs, 'mvproxy'), of(runs, 'native')];
  return [
    atMost(
      'fault → last request sent that waited longer than 1 s',
      NOTICED_MS,
      figure('mvproxy', ({ slow }) => slow.last),
      figure('native', ({ slow }) => slow.last),
    ),
    atMost(
      'longest wait',
      2 * NOTICED_MS,
      figure('mvproxy', ({ slow }) => slow.longest),
      figure('native', ({ slow }) => slow.longest),
    ),
    noneOf('reads that failed', failures(ours, 'read'), failures(native, 'read')),
    remark('writes that failed', String(failures(ours, 'write')), String(failures(native, 'write'))),
  ];
}

export function slowTable(runs: readonly RunSummary[]): ScenarioTable {
  const limits = Object.keys(runs[0]?.slow.over ?? {});
  return {
    caption: 'Requests that waited.',
    header: ['through', ...limits.map((ms) => `over ${Number(ms) / 1000} s`), 'median of those over 1 s', 'longest'],
    rows: runs.map(({ forwarder, slow }) => [
      forwarder,
      ...limits.map((ms) => String(slow.over[ms])),
      slow.median === 0 ? '–' : `${(slow.median / 1000).toFixed(1)} s`,
      `${(slow.longest / 1000).toFixed(1)} s`,
    ]),
  };
}
