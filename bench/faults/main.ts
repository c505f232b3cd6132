import { writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { reportToStandardError as report } from '../../src/lab/control-plane/reporter.ts';
import { circumstances } from '../convergence/report.ts';
import { measureParts, runsOf, wantedParts } from '../parts.ts';
import { measureCrash } from './crash.ts';
import { measureDepartures } from './departures.ts';
import { measureHang } from './hang.ts';
import { measureNetwork } from './network.ts';
import { reportPage } from './report.ts';
import { measureRolling } from './rolling.ts';
import type { Scenario } from './scenario.ts';
import { Stage } from './stage.ts';

const HELP = `Measures what clients see of faults, through the proxy and through native, and writes docs/faults.md.

Usage: npm run bench:faults -- [flags]

  --rounds N      rounds of the crash (default 3)
  --rate N        requests a second during the crash (default 500); other faults get a fifth
  --pause N       seconds for which a server hangs (default 60)
  --only LIST     of crash, hang, network, rolling, departures (default all); the rest comes from --results
  --results FILE  keeps what was measured, for later runs with --only
  --output FILE   where the report goes (default docs/faults.md)
  --help          this text

Takes about twenty minutes; leave the machine alone meanwhile.
`;

type Part = 'crash' | 'hang' | 'network' | 'rolling' | 'departures';

const PARTS: readonly Part[] = ['crash', 'hang', 'network', 'rolling', 'departures'];
const DEPARTED_S = 30;
/** A server that hangs holds what it was sent; at the full rate native would run out of streams. */
const SHARE_OF_RATE = 5;

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '3' },
    rate: { type: 'string', default: '500' },
    pause: { type: 'string', default: '60' },
    only: { type: 'string', default: PARTS.join() },
    results: { type: 'string' },
    output: { type: 'string', default: fileURLToPath(new URL('../../docs/faults.md', import.meta.url)) },
    help: { type: 'boolean', short: 'h', default: false },
  },
});

if (values.help) process.stdout.write(HELP);
else await run();

async function run(): Promise<void> {
  const wanted = wantedParts(values.only, PARTS);
  const before = circumstances();
  const rate = Number(values.rate);
  const slow = { perSecond: rate / SHARE_OF_RATE };
  const measure: Record<Part, () => Promise<readonly Scenario[]>> = {
    crash: () => onStage((stage) => measureCrash(stage, { rounds: Number(values.rounds), perSecond: rate }, report)),
    hang: () => onStage((stage) => measureHang(stage, { ...slow, pauseS: Number(values.pause) }, report)),
    network: () => measureNetwork(slow, report),
    rolling: () => measureRolling(slow.perSecond, report),
    departures: () => measureDepartures(DEPARTED_S, report),
  };
  const measured = await measureParts(wanted, measure, before.date, values.results);
  const all = PARTS.flatMap((part) => measured.results[part] ?? []);
  await writeFile(values.output, reportPage(before, runsOf(measured, PARTS), all));
  process.stdout.write(`wrote ${values.output}\n`);
}

async function onStage(measure: (stage: Stage) => Promise<Scenario>): Promise<readonly Scenario[]> {
  await using stage = await Stage.start();
  return [await measure(stage)];
}
