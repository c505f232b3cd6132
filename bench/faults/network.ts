import { setTimeout as delay } from 'node:timers/promises';
import type { Reporter } from '../../src/lab/control-plane/reporter.ts';
import { hangFigures, slowTable } from './hang.ts';
import { measureOutage } from './outage.ts';
import { failureTable, of, truthTable, windowTable } from './run-tables.ts';
import { atMost, noneOf, remark, type Scenario } from './scenario.ts';
import { FORWARDERS, Stage } from './stage.ts';
import { failures, type RunSummary, summarise } from './summary.ts';

const BEFORE_S = 5;
/** Longer than native waits for a server that is silent. */
const SILENT_S = 30;
const CUT_S = 20;
const UP_MS = 5_000;
const RESTARTS = 5;

export interface NetworkOptions {
  readonly perSecond: number;
}

/** Faults of the network in front of one of two capable servers, and servers that come and go. */
export async function measureNetwork({ perSecond }: NetworkOptions, report: Reporter): Promise<Scenario[]> {
  return [...(await onTheNetwork(perSecond, report)), ...(await withProcesses(perSecond, report))];
}

async function onTheNetwork(perSecond: number, report: Reporter): Promise<Scenario[]> {
  await using stage = await Stage.start({ wired: true });
  const scenarios: Scenario[] = [];
  for (const fault of networkFaults(stage)) scenarios.push(await measured(stage, fault, perSecond, report));
  return scenarios;
}

async function withProcesses(perSecond: number, report: Reporter): Promise<Scenario[]> {
  await using stage = await Stage.start();
  const restarted = await measured(stage, restarts(stage), perSecond, report);
  const outage = await measureOutage(stage, perSecond);
  report('network: all servers were down');
  return [restarted, outage];
}

async function measured(stage: Stage, fault: Fault, perSecond: number, report: Reporter): Promise<Scenario> {
  const { name, title, make, afterS } = fault;
  const runs: RunSummary[] = [];
  for (const forwarder of FORWARDERS) {
    await stage.calm(forwarder);
    const prefix = `${name}-${forwarder}-`;
    const run = await stage.underLoad(forwarder, { perSecond, prefix, beforeS: BEFORE_S, afterS, fault: make });
    runs.push(summarise(forwarder, run));
    report(`network: ${title}: ${forwarder} is measured`);
  }
  return fault.scenario(runs, perSecond);
}

interface Fault {
  /** Begins the names of what is created meanwhile. */
  readonly name: string;
  readonly title: string;
  /** Seconds until the load ends. */
  readonly afterS: number;
  readonly make: () => Promise<void>;
  readonly scenario: (runs: readonly RunSummary[], perSecond: number) => Scenario;
}

function networkFaults(stage: Stage): Fault[] {
  const wire = stage.wire('two');
  const silent: Fault = {
    name: 'silent',
    title: 'The network to one of two capable servers falls silent (half-open connections)',
    afterS: SILENT_S + 15,
    async make() {
      wire.silence();
      await delay(SILENT_S * 1000);
      wire.heal();
    },
    scenario: (runs, perSecond) => ({
      title: silent.title,
      method: `${perSecond} requests a second. For ${SILENT_S} s no byte passes between the server and those who ask it, and nothing is closed; then all its connections break.`,
      figures: hangFigures(runs),
      tables: [slowTable(runs), windowTable(runs), failureTable(runs), truthTable(runs)],
      runs,
    }),
  };
  const cut: Fault = {
    name: 'cut',
    title: 'The network to one of two capable servers is cut',
    afterS: CUT_S + 10,
    async make() {
      wire.cut();
      await delay(CUT_S * 1000);
      wire.heal();
    },
    scenario: (runs, perSecond) =>
      plain(cut, runs, `${perSecond} requests a second. For ${CUT_S} s all connections to it break, new ones at once.`),
  };
  return [silent, cut];
}

function restarts(stage: Stage): Fault {
  const two = stage.server('two');
  const fault: Fault = {
    name: 'restarts',
    title: 'One of two capable servers restarts every 5 s',
    afterS: 1,
    async make() {
      for (let count = 0; count < RESTARTS; count++) {
        await two.kill();
        await two.start();
        await delay(UP_MS);
      }
    },
    scenario: (runs, perSecond) =>
      plain(
        fault,
        runs,
        `${perSecond} requests a second. Its process is killed and started again at once, ${RESTARTS} times, ${UP_MS / 1000} s after it had been ready.`,
      ),
  };
  return fault;
}

function plain({ title }: Fault, runs: readonly RunSummary[], method: string): Scenario {
  const [ours, native] = [of(runs, 'mvproxy'), of(runs, 'native')];
  const unheard = (of: readonly RunSummary[]): number => of.reduce((sum, { unheardWrites }) => sum + unheardWrites, 0);
  const longest = (of: readonly RunSummary[]): number => Math.max(...of.map(({ slow }) => slow.longest));
  return {
    title,
    method,
    figures: [
      noneOf('reads that failed', failures(ours, 'read'), failures(native, 'read')),
      noneOf('writes that failed although no server had got them', unheard(ours), unheard(native)),
      remark('writes that failed', String(failures(ours, 'write')), String(failures(native, 'write'))),
      atMost('longest wait', 3_000, longest(ours), longest(native)),
    ],
    tables: [windowTable(runs), failureTable(runs), truthTable(runs)],
    runs,
  };
}
