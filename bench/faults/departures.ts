import { setTimeout as delay } from 'node:timers/promises';
import type { Reporter } from '../../src/lab/control-plane/reporter.ts';
import { ContradictionWatch, countValues, FALSE_404, type Sample } from '../../test/real/support/contradictions.ts';
import { IdentityLeaseChurn } from '../../test/real/support/identity-leases.ts';
import { JOB_WORK, JOBS, WITHOUT_JOBS } from '../../test/real/support/object-work.ts';
import { ServerList } from '../../test/real/support/server-list.ts';
import { noneOf, remark, type Scenario } from './scenario.ts';
import { FORWARDERS, type Forwarder, Stage } from './stage.ts';

const BEFORE_S = 3;
const LEASE_PAUSE_MS = 3_000;

interface Departure {
  readonly title: string;
  readonly method: string;
  leave(stage: Stage, list: ServerList): Promise<void>;
  comeBack(stage: Stage, list: ServerList): Promise<void>;
}

const DEPARTURES: readonly Departure[] = [
  {
    title: 'The last capable server leaves gracefully',
    method: 'It is asked to end (SIGTERM), and taken off the proxy’s list of servers.',
    async leave(stage, list) {
      await Promise.all([list.write(['lacking']), stage.server('one').stop()]);
    },
    async comeBack(stage, list) {
      await stage.server('one').start();
      await list.write(['lacking', 'one']);
    },
  },
  {
    title: 'The last capable server crashes',
    method: 'It is killed (SIGKILL) and stays on the list.',
    leave: (stage) => stage.server('one').kill(),
    comeBack: (stage) => stage.server('one').start(),
  },
  {
    title: 'The last capable server restarts without the resource',
    method: 'It is killed and started with `--runtime-config=batch/v1=false`.',
    leave: (stage) => stage.server('one').replace({ runtimeConfig: WITHOUT_JOBS }, 'SIGKILL'),
    comeBack: (stage) => stage.server('one').replace({ runtimeConfig: 'batch/v1=true' }, 'SIGKILL'),
  },
];

/** The last server that serves a type goes, in three ways, while identity Leases of others change. */
export async function measureDepartures(afterS: number, report: Reporter): Promise<Scenario[]> {
  const scenarios: Scenario[] = [];
  let list: ServerList | undefined;
  await using stage = await Stage.start({
    capable: ['one'],
    proxy: async (controlPlane) => {
      list = await ServerList.create(controlPlane);
      return list.proxyOptions;
    },
  });
  if (list === undefined) throw new TypeError('the proxy has a list of servers');
  const owner = stage.client(stage.server('lacking').url);
  for (const departure of DEPARTURES) {
    for (const forwarder of FORWARDERS) await stage.calm(forwarder);
    const watches = new Map(
      FORWARDERS.map((forwarder): [Forwarder, ContradictionWatch] => [
        forwarder,
        new ContradictionWatch(stage.client(stage.url(forwarder)), JOBS, JOB_WORK.read),
      ]),
    );
    const churn = new IdentityLeaseChurn(owner, `other-${scenarios.length}`, LEASE_PAUSE_MS);
    await delay(BEFORE_S * 1000);
    const leftAt = performance.now();
    await departure.leave(stage, list);
    await delay(afterS * 1000);
    for (const watch of watches.values()) await watch.stop();
    await churn.stop();
    scenarios.push(scenarioOf(departure, watches, leftAt, churn.changes, afterS));
    report(`departures: ${departure.title}`);
    await departure.comeBack(stage, list);
  }
  return scenarios;
}

function scenarioOf(
  { title, method }: Departure,
  watches: ReadonlyMap<Forwarder, ContradictionWatch>,
  leftAt: number,
  changes: number,
  afterS: number,
): Scenario {
  const read = (forwarder: Forwarder, count: (watch: ContradictionWatch) => number): number => {
    const watch = watches.get(forwarder);
    return watch === undefined ? Number.NaN : count(watch);
  };
  const compare = (what: string, count: (watch: ContradictionWatch) => number) =>
    noneOf(what, read('mvproxy', count), read('native', count));
  const first = ({ answers }: ContradictionWatch, value: string): string => {
    const found = answers.find((answer) => answer.value === value && answer.to >= leftAt);
    return found === undefined ? 'never' : `after ${Math.round(found.to - leftAt)} ms`;
  };
  const firstOf = (forwarder: Forwarder, value: string): string => {
    const watch = watches.get(forwarder);
    return watch === undefined ? '' : first(watch, value);
  };
  const rows = [...watches].flatMap(([forwarder, { answers, documents }]) => [
    [forwarder, 'requests for objects', listed(answers)],
    [forwarder, 'the merged document says', listed(documents)],
  ]);
  return {
    title,
    method: `${method} Objects of the type and the merged document are asked for all the time, until ${afterS} s later; meanwhile identity Leases of other servers were made or deleted ${changes} times.`,
    figures: [
      compare('answers 404', ({ answers }) => answers.filter(({ value }) => value === FALSE_404).length),
      compare('answers 404 while the merged document lists the type', ({ listedButDenied }) => listedButDenied.length),
      compare(
        'other answers while the merged document does not list it',
        ({ absentButKnown }) => absentButKnown.length,
      ),
      remark('first 404', firstOf('mvproxy', FALSE_404), firstOf('native', FALSE_404)),
    ],
    tables: [{ caption: 'What was said, and how often.', header: ['through', '', 'in the order of time'], rows }],
    runs: [],
  };
}

/** Values in the order of time, each with how often it came in a row. */
function listed(samples: readonly Sample[]): string {
  const series: { value: string; times: number }[] = [];
  for (const { value } of samples) {
    const latest = series.at(-1);
    if (latest?.value === value) latest.times += 1;
    else series.push({ value, times: 1 });
  }
  const most = 8;
  if (series.length <= most) return series.map(({ value, times }) => `${times} × ${value}`).join(', then ');
  return `${[...countValues(samples)].map(([value, times]) => `${times} × ${value}`).join(', ')}, in turn`;
}
