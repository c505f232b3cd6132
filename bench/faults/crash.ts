import type { Reporter } from '../../src/lab/control-plane/reporter.ts';
import { failureTable, of, truthTable, windowTable } from './run-tables.ts';
import { atMost, noneOf, remark, type Scenario } from './scenario.ts';
import { FORWARDERS, type Stage } from './stage.ts';
import { failures, type RunSummary, summarise } from './summary.ts';

const BEFORE_S = 10;
const AFTER_S = 30;

/** One of two capable servers is killed under load. */
export async function measureCrash(
  stage: Stage,
  { rounds, perSecond }: { readonly rounds: number; readonly perSecond: number },
  report: Reporter,
): Promise<Scenario> {
  const victim = stage.server('two');
  const runs: RunSummary[] = [];
  for (let round = 0; round < rounds; round++) {
    for (const forwarder of FORWARDERS) {
      await stage.calm(forwarder);
      const run = await stage.underLoad(forwarder, {
        perSecond,
        prefix: `crash-${forwarder}-${round}-`,
        beforeS: BEFORE_S,
        afterS: AFTER_S,
        fault: () => victim.kill(),
      });
      runs.push(summarise(forwarder, run));
      await victim.start();
    }
    report(`crash: ${round + 1} of ${rounds} rounds`);
  }
  const [ours, native] = [of(runs, 'mvproxy'), of(runs, 'native')];
  const last = (of: readonly RunSummary[]): number | undefined => {
    const times = of.flatMap(({ lastFailed }) => lastFailed ?? []);
    return times.length === 0 ? undefined : Math.max(0, ...times);
  };
  const unheard = (of: readonly RunSummary[]): number => of.reduce((sum, { unheardWrites }) => sum + unheardWrites, 0);
  const perRound = (of: readonly RunSummary[]): string => of.map((run) => String(failures([run], 'write'))).join(', ');
  return {
    title: 'One of two capable servers is killed (SIGKILL)',
    method: `${perSecond} requests a second for Jobs, each fifth the creation of one. ${rounds} rounds for each; ${BEFORE_S} s after the load has begun the process is killed, and ${AFTER_S} s later the load ends.`,
    figures: [
      noneOf('reads that failed', failures(ours, 'read'), failures(native, 'read')),
      noneOf('writes that failed although no server had got them', unheard(ours), unheard(native)),
      remark('writes that failed, by round', perRound(ours), perRound(native)),
      atMost('kill → last request sent that failed', 1_000, last(ours), last(native)),
    ],
    tables: [windowTable(runs), failureTable(runs), truthTable(runs)],
    runs,
  };
}
